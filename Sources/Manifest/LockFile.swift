internal import YAML

/// A project's `rwv.lock`: exact revisions.
package struct LockFile: Equatable, Sendable {
    /// How the file is written.
    package enum Format: Sendable {
        /// As rwv 0.2.8 writes it; a tag may stand for a commit.
        case yaml
        /// As repoweave writes it since 0.19, which takes no other key than `repositories`, and names commits alone.
        case json
    }

    package let format: Format
    /// The workweave it was made in; nil for the weave.
    package let workweave: String?
    /// Sorted by path, by bytes.
    package let repositories: [LockEntry]

    package init(format: Format = .yaml, workweave: String?, repositories: [LockEntry]) {
        self.format = format
        self.workweave = workweave
        self.repositories = repositories.sorted { $0.path < $1.path }
    }

    /// The file's name in a project directory.
    package static let fileName = "rwv.lock"

    /// The entry of a path; nil if there is none.
    package subscript(path: RepoPath) -> LockEntry? { repositories.first { $0.path == path } }

    /// The file's bytes as the repoweave of its format writes them.
    package var text: String { format == .json ? json : yaml }

    private var json: String {
        let entries = repositories.map { entry in
            let members = [("type", entry.type.rawValue), ("url", entry.url.text), ("version", entry.version)]
            let lines = members.map { "      \(YAMLEmitter.quoted($0.0)): \(YAMLEmitter.quoted($0.1))" }
            return "    \(YAMLEmitter.quoted(entry.path.text)): {\n\(lines.joined(separator: ",\n"))\n    }"
        }
        return "{\n  \"repositories\": {" + (entries.isEmpty ? "" : "\n" + entries.joined(separator: ",\n") + "\n  ") + "}\n}\n"
    }

    private var yaml: String {
        let entries = repositories.map { entry in
            YAMLMember(
                entry.path.text,
                .mapping([
                    YAMLMember("type", .string(entry.type.rawValue)), YAMLMember("url", .string(entry.url.text)),
                    YAMLMember("version", .string(entry.version)),
                ]))
        }
        let head = workweave.map { [YAMLMember("workweave", .string($0))] } ?? []
        return YAMLEmitter.text(of: .mapping(head + [YAMLMember("repositories", .mapping(entries))]))
    }

    /// Reads a lock file, YAML or JSON (which is YAML too); `weave` is read as `workweave`. Throws as `Manifest.parse` does.
    package static func parse(_ bytes: [UInt8], file: String) throws(ManifestError) -> LockFile {
        let example = "write it anew with `rwv lock`"
        guard let root = try MappingReader.root(bytes, file: file, example: example) else {
            throw ManifestError(code: .empty, file: file, message: "the file is empty", hint: example)
        }
        guard root.node["repositories"] != nil else {
            throw ManifestError(code: .missingKey, message: "missing key 'repositories'", hint: example).located(file, root.node.start, nil)
        }
        var workweave = try root.string("workweave")
        if workweave == nil { workweave = try root.string("weave") }
        let format: Format = root.node.isFlow ? .json : .yaml
        guard let node = root.value("repositories") else { return LockFile(format: format, workweave: workweave, repositories: []) }
        let map = try MappingReader(node, file: file, way: "repositories", example: example)
        var entries: [LockEntry] = []
        for pair in map.pairs { entries.append(try LockEntry(pair, in: map)) }
        try root.refuseNesting(entries.map(\.path)) { map.pairs[$0].key.start }
        return LockFile(format: format, workweave: workweave, repositories: entries)
    }
}

/// One repository of a lock file.
package struct LockEntry: Equatable, Sendable {
    /// The entry's key.
    package let path: RepoPath
    package let type: RepositoryType
    /// Where to clone from.
    package let url: RemoteURL
    /// A tag, or a full object id.
    package let version: String

    package init(path: RepoPath, type: RepositoryType = .git, url: RemoteURL, version: String) {
        self.path = path
        self.type = type
        self.url = url
        self.version = version
    }

    fileprivate init(_ pair: YAMLPair, in map: MappingReader) throws(ManifestError) {
        let way = map.way(to: pair.name)
        let path: RepoPath
        do { path = try RepoPath(pair.name) } catch { throw error.located(map.file, pair.key.start, way) }
        let entry = try MappingReader(pair.value, file: map.file, way: way, example: "write the file anew with `rwv lock`")
        let source = try RepositorySource(entry)
        guard let version = try source.version(entry) else {
            throw ManifestError(code: .missingKey, message: "missing key 'version'", hint: "write the file anew with `rwv lock`")
                .located(map.file, entry.node.start, way)
        }
        self.init(path: path, type: source.type, url: source.url, version: version)
    }
}
