internal import Layers
internal import Syscalls
internal import Weave

/// Where the changes of a repo lie that joined a workweave while its overlay was mounted: `added/PART` in the state directory.
struct PartDirectory {
    let path: String
    private let repo: WorkweaveRecord.Repo

    init(state: String, _ repo: WorkweaveRecord.Repo) {
        path = "\(state)/added/\(repo.part)"
        self.repo = repo
    }

    var upper: String { path + "/upper" }
    /// The repo's directory in it.
    var top: String { "\(upper)/\(repo.path)" }
    private var gitFile: String { top + "/.git" }

    /// Makes it, with nothing in it but the repo's `.git` file, which no layer has.
    func make(gitFile text: [UInt8], umask: UInt32) throws(Errno) {
        try remove()
        try Files.makeDirectories(path, mode: 0o700)
        for directory in Self.prefixes(of: "upper/" + repo.path) {
            try Files.makeDirectory("\(path)/\(directory)")
            try Files.setMode("\(path)/\(directory)", 0o777 & ~umask)
        }
        try Files.create(gitFile, text, mode: 0o666)
        try Files.setMode(gitFile, 0o666 & ~umask)
    }

    /// Removes the `.git` file if it is as it was made: from here on the base has it.
    func dropGitFile(_ text: [UInt8]) throws(Errno) {
        if try Files.readIfExists(gitFile) == text { try Files.unlink(gitFile) }
    }

    func remove() throws(Errno) {
        try Files.removeTree(path)
        try? Files.removeDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]))
    }

    /// "a/b/c": "a", "a/b", "a/b/c".
    static func prefixes(of path: String) -> [String] {
        let names = path.split(separator: "/")
        return names.indices.map { names[...$0].joined(separator: "/") }
    }
}

/// Makes one piece of a workweave whose repos joined and left while its overlay was mounted. While nothing is mounted; being killed at any
/// step loses nothing, the next attempt goes on.
struct OverlayJoin {
    let weave: Weave
    let record: WorkweaveRecord
    private var state: String { weave.states + "/" + record.name }

    init(_ weave: Weave, _ record: WorkweaveRecord) { (self.weave, self.record) = (weave, record) }

    /// - Returns: the record as it is now on disk. - Throws: `.exists` when something of the user's is in a repo's way.
    func run() throws(WeaveError) -> WorkweaveRecord {
        guard record.isInPieces else { return record }
        guard let format = record.upper?.format else { throw WeaveError(.invalid, "'\(record.name)' has an upper directory of unknown form", hint: "use the rwv that made it") }
        let names = self.names(record.beneath)
        try system("open the state of '\(record.name)'") { () throws(Errno) in
            let upper = OwnedDescriptor(try Files.open(state + "/upper", OpenFlags.directory)), work = OwnedDescriptor(try Files.open(state + "/work", OpenFlags.directory))
            let join = try UpperJoin(upper: upper.descriptor, work: work.descriptor, format: format)
            for left in record.left ?? [] { try forget(left, join) }
            for repo in record.repos where repo.isApart == true { try take(repo, join, names) }
        }
        var whole = record
        whole.left = nil
        for i in whole.repos.indices { whole.repos[i].isApart = nil }
        try whole.write(state)
        try? Files.removeTree(state + "/added")
        return whole
    }

    /// Removes the marks of a repo that the lower has no more.
    private func forget(_ left: WorkweaveRecord.Left, _ join: UpperJoin) throws(Errno) {
        try Files.removeTree("\(state)/upper/\(KernelMount.leavingPrefix)\(left.repo.part)")
        if !left.isGone, try !join.isOpaque(left.repo.path) { try Files.removeTree("\(state)/upper/\(left.repo.path)") }
        for path in PartDirectory.prefixes(of: left.repo.path).reversed() where !record.repos.contains(where: { $0.path.hasPrefix(path + "/") }) {
            try join.removeWhiteout(path)
        }
    }

    /// Moves the changes of a repo that joined to the others.
    private func take(_ repo: WorkweaveRecord.Repo, _ join: UpperJoin, _ names: [String: Set<String>]) throws(Errno) {
        let own = PartDirectory(state: state, repo)
        guard Files.isDirectory(own.top) else { return }
        try own.dropGitFile(weave.gitFile(of: repo.path, record.name))
        for path in PartDirectory.prefixes(of: repo.path).dropLast() {
            try join.open(path, mode: 0o777 & ~record.umask, hidden: (names[path] ?? []).sorted())
        }
        try join.clear(repo.path)
        // What nobody has changed needs no directory in the upper.
        if (try? Files.removeDirectory(own.top)) != nil { return }
        let other = OwnedDescriptor(try Files.open(own.upper, OpenFlags.directory))
        try join.take(repo.path, from: other.descriptor)
    }

    /// The names in each directory that leads to a repo or link of a lower.
    private func names(_ record: WorkweaveRecord) -> [String: Set<String>] {
        var names: [String: Set<String>] = [:]
        for path in record.repos.map(\.path) + record.links.keys + ["projects/\(record.project)"] {
            let all = path.split(separator: "/").map(String.init)
            for i in all.indices.dropFirst() { names[all[..<i].joined(separator: "/"), default: []].insert(all[i]) }
        }
        return names
    }
}
