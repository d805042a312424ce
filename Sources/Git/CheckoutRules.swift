internal import Syscalls

/// What shapes a checkout besides the tree: configuration, attributes from outside the tree, sparse patterns.
/// A snapshot; cheap to make (a few small files).
package struct CheckoutRules: Sendable {
    /// 20 bytes that differ whenever two checkouts of one tree could differ: part of a cache's key.
    package let fingerprint: [UInt8]
    /// Sparse checkout is on (core.sparseCheckout).
    package let isSparse: Bool
    /// Links are checked out as links (core.symlinks).
    package let supportsSymlinks: Bool

    enum LineEnds: Sendable { case unix, windows }
    /// core.autocrlf is true: text without an attribute is converted as well.
    let convertsUnspecified: Bool
    /// The line end that plain `text` gets on checkout (core.autocrlf, core.eol).
    let textLineEnd: LineEnds
    /// Filter drivers with a command for checkout.
    let filters: Set<String>
    /// The attribute files outside the tree, with content.
    let outsideAttributes: [[UInt8]]
    let gitDirectory: String

    /// Reads the rules that a new worktree of this clone would follow.
    package init(_ repository: Repository) throws(GitError) {
        let configuration = try repository.configuration.get()
        let common = repository.commonDirectory
        gitDirectory = common
        isSparse = configuration.bool("core.sparsecheckout")
        supportsSymlinks = configuration.bool("core.symlinks", true)
        let autocrlf = configuration["core.autocrlf"]?.lowercased() ?? "false"
        convertsUnspecified = autocrlf != "input" && Configuration.bool(autocrlf)
        textLineEnd = convertsUnspecified || (autocrlf != "input" && configuration["core.eol"]?.lowercased() == "crlf") ? .windows : .unix

        var key = Fingerprint()
        for name in ["core.autocrlf", "core.eol", "core.symlinks", "core.filemode", "core.sparsecheckout", "core.sparsecheckoutcone"] {
            key.add(name, Array((configuration[name] ?? "").utf8))
        }
        var drivers: Set<String> = []
        for item in configuration.items where item.name.hasPrefix("filter.") {
            let setting = item.name.split(separator: ".").last ?? ""
            guard ["smudge", "process", "required"].contains(setting) else { continue }
            key.add(item.name, Array(item.value.utf8))
            if setting != "required" { drivers.insert(String(item.name.dropFirst(7).dropLast(setting.count + 1))) }
        }
        filters = drivers
        var outside: [[UInt8]] = []
        for path in Self.attributeFiles(configuration, common) {
            let bytes = try onDisk("cannot read \(path)") { () throws(Errno) in try Files.readIfExists(path) ?? [] }
            key.add("attributes", bytes)
            if !bytes.isEmpty { outside.append(bytes) }
        }
        outsideAttributes = outside
        if isSparse {
            let path = common + "/info/sparse-checkout"
            key.add("sparse", try onDisk("cannot read \(path)") { () throws(Errno) in try Files.readIfExists(path) ?? [] })
        }
        fingerprint = key.value
    }

    /// System, user and clone (gitattributes(5)); in that order of precedence, lowest first.
    private static func attributeFiles(_ configuration: Configuration, _ common: String) -> [String] {
        var files: [String] = []
        if !Configuration.bool(CurrentProcess.environment("GIT_ATTR_NOSYSTEM") ?? "false") { files.append("/etc/gitattributes") }
        let home = CurrentProcess.environment("HOME") ?? ""
        if let named = configuration["core.attributesfile"] {
            files.append(named.hasPrefix("~/") ? home + named.dropFirst() : named)
        } else if let base = CurrentProcess.environment("XDG_CONFIG_HOME"), !base.isEmpty {
            files.append(base + "/git/attributes")
        } else { files.append(home + "/.config/git/attributes") }
        return files + [common + "/info/attributes"]
    }
}

/// Collects named values and hashes them.
private struct Fingerprint {
    private var bytes: [UInt8] = []
    mutating func add(_ name: String, _ value: [UInt8]) {
        bytes += Array("\(name) \(value.count)\n".utf8) + value
    }
    var value: [UInt8] { unsafe bytes.withUnsafeBytes { p in unsafe SHA1.hash(p) } }
}
