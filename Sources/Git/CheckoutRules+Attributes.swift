internal import Syscalls

extension CheckoutRules {
    /// The entries that git may convert on checkout (regular files only), in index order. Empty, without asking git, when neither
    /// configuration nor any attribute file says anything that could convert.
    ///
    /// Attributes come from the tree, through the index, never from files in the clone.
    func candidates(_ listing: TreeListing, _ repository: Repository, index: String, directory: String, timeout: Int) throws(GitError) -> [Int] {
        let files = listing.fileOrder.map(Int.init).filter { listing.entries[$0].isFile }
        let decisive = try mayDecide(listing, files, repository)
        if !decisive { return convertsUnspecified ? files : [] }
        var input: [UInt8] = []
        listing.forEachFile { _, i, path in
            if listing.entries[i].isFile { input += copy path; input.append(0) }
        }
        let outcome = try GitProgram.run(Self.quiet + ["check-attr", "--cached", "--stdin", "-z", "-a"], directory: directory,
                                         environment: Self.environment(gitDirectory, index: index, workTree: directory),
                                         input: input, timeout: timeout)
        try outcome.check("cannot read the attributes of the tree \(listing.tree.short) in \(gitDirectory)")
        return try parse(outcome.output, listing, files)
    }

    /// Whether a file of the tree may come out of a checkout otherwise than its blob says. Cheap: reads the attribute files only.
    package func mayConvert(_ listing: TreeListing, _ repository: Repository) throws(GitError) -> Bool {
        if convertsUnspecified { return true }
        return try mayDecide(listing, listing.fileOrder.map(Int.init).filter { listing.entries[$0].isFile }, repository)
    }

    /// Whether any attribute file, outside or in the tree, holds a word that can make a checkout differ from the blob, or,
    /// with core.autocrlf, keep it from differing.
    private func mayDecide(_ listing: TreeListing, _ files: [Int], _ repository: Repository) throws(GitError) -> Bool {
        var words = ["eol=crlf", "ident", "filter=", "working-tree-encoding="].map { Array($0.utf8) }
        if textLineEnd == .windows { words += ["text", "crlf", "binary", "eol="].map { Array($0.utf8) } }
        func decides(_ text: [UInt8]) -> Bool { words.contains { text.contains(bytes: $0) } }
        if outsideAttributes.contains(where: decides) { return true }
        let name = Array(".gitattributes".utf8)
        let inTree = files.filter { listing.entries[$0].nameLength == 14 && listing.name($0).elementsEqual(name) }.map { listing.entries[$0].oid }
        if repository.isPartialClone {
            let objects = try repository.objects
            try repository.fetchPromised(Set(inTree).filter { !objects.has($0) })
        }
        for id in inTree where decides(try repository.objects.readBlob(id)) { return true }
        return false
    }

    /// check-attr -z -a: path, attribute, value, each ended by a zero, for what is specified only; paths in the order of the input.
    private func parse(_ output: [UInt8], _ listing: TreeListing, _ files: [Int]) throws(GitError) -> [Int] {
        var found: [Int] = []
        let fields = output.split(separator: 0, omittingEmptySubsequences: false)
        var at = 0
        for i in files {
            let path = listing.path(i)
            var attributes = Attributes()
            while at + 2 < fields.count, fields[at].elementsEqual(path) {
                attributes.set(String(decoding: fields[at + 1], as: UTF8.self), String(decoding: fields[at + 2], as: UTF8.self))
                at += 3
            }
            if converts(attributes) { found.append(i) }
        }
        guard at + 1 >= fields.count else { throw GitError(.other, "git check-attr answered something unexpected") }
        return found
    }

    /// What an attribute line can say of one file: "set", "unset", or a value.
    struct Attributes {
        var text: String?, crlf: String?, eol: String?, ident: String?, filter: String?, encoding: String?
        mutating func set(_ name: String, _ value: String) {
            switch name {
            case "text": text = value
            case "crlf": crlf = value
            case "eol": eol = value
            case "ident": ident = value
            case "filter": filter = value
            case "working-tree-encoding": encoding = value
            default: break
            }
        }
    }

    /// Whether checkout may change the content (convert_attrs in git's convert.c).
    func converts(_ a: Attributes) -> Bool {
        if a.ident == "set" { return true }
        if let name = a.filter, filters.contains(name) { return true }
        if let encoding = a.encoding, encoding != "set", encoding != "unset" { return true }
        let known: Set<String> = ["set", "unset", "input", "auto"]
        let action = a.text.flatMap { known.contains($0) ? $0 : nil } ?? a.crlf.flatMap { known.contains($0) ? $0 : nil }
        if action == "unset" { return false }
        if a.eol == "crlf" { return true }
        if a.eol == "lf" || action == "input" { return false }
        return action == nil ? convertsUnspecified : textLineEnd == .windows
    }

    /// Options that keep a helper run of git to itself: no hooks, no monitor, no sparse index.
    static let quiet = ["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "index.sparse=false", "-c", "core.splitIndex=false"]

    static func environment(_ gitDirectory: String, index: String, workTree: String) -> [String: String?] {
        ["GIT_DIR": gitDirectory, "GIT_INDEX_FILE": index, "GIT_WORK_TREE": workTree, "GIT_OPTIONAL_LOCKS": "0"]
    }
}

extension Array where Element == UInt8 {
    /// Whether `part` occurs anywhere.
    func contains(bytes part: [UInt8]) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return (0 ... (count - part.count)).contains { self[$0] == first && self[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
