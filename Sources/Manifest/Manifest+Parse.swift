internal import YAML

extension Manifest {
    /// Reads a manifest. `file` is its name in messages, whose end says whether it is YAML or TOML. Throws for bad syntax, missing keys, values of a wrong kind, unknown
    /// roles and types, and every path, URL and version that is refused. Unknown keys are passed over.
    package static func parse(_ bytes: [UInt8], file: String) throws(ManifestError) -> Manifest {
        let start = MappingReader.isTOML(file) ? "[repositories]" : "repositories: {}"
        guard let root = try MappingReader.root(bytes, file: file, example: "start the file with `\(start)`") else {
            throw ManifestError(code: .empty, file: file, message: "the file is empty", hint: "start it with `\(start)`")
        }
        guard root.node["repositories"] != nil else {
            throw ManifestError(code: .missingKey, message: "missing key 'repositories'", hint: "add `\(start)`").located(file, root.node.start, nil)
        }
        let entries = try repositories(root)
        try root.refuseNesting(entries.map(\.path)) { entries[$0].position }
        return Manifest(
            repositories: entries, integrations: try integrations(root), workweave: try WorkweaveSettings(root), unsupported: unsupported(root))
    }

    /// Later versions of repoweave check submodules out, unless an entry says `submodules = "skip"`.
    private static func unsupported(_ root: MappingReader) -> [ManifestError] {
        (root.value("repositories")?.pairs ?? []).compactMap { pair in
            guard let setting = pair.value["submodules"] else { return nil }
            return ManifestError(code: .unsupported, message: "rwv leaves the submodules of every repository alone",
                                 hint: "'git submodule update --init' fetches them").located(root.file, setting.key.start, "repositories.\(pair.name).submodules")
        }
    }

    private static func repositories(_ root: MappingReader) throws(ManifestError) -> [RepositoryEntry] {
        guard let node = root.value("repositories") else { return [] }
        let map = try MappingReader(node, file: root.file, way: "repositories", example: "name each repository by its path, such as github/owner/repo")
        var entries: [RepositoryEntry] = []
        for pair in map.pairs { entries.append(try RepositoryEntry(pair, in: map)) }
        return entries
    }

    private static func integrations(_ root: MappingReader) throws(ManifestError) -> [Integration] {
        guard let node = root.value("integrations") else { return [] }
        let example = root.isTOML ? "write `[integrations.NAME]`, and `enabled = false` below it" : "write `NAME: {enabled: false}`"
        let map = try MappingReader(node, file: root.file, way: "integrations", example: example)
        var found: [Integration] = []
        for pair in map.pairs {
            let settings = pair.value.value
            let (position, key) = (pair.key.start, map.way(to: pair.name))
            guard settings == .null || settings.members != nil else {
                throw ManifestError(
                    code: .wrongKind, message: "expected a mapping, found \(settings.kindName)",
                    hint: example
                ).located(root.file, pair.value.start, key)
            }
            if let enabled = pair.value["enabled"]?.value, enabled.value.bool == nil {
                throw ManifestError(
                    code: .wrongKind, message: "expected a boolean, found \(enabled.value.kindName)", hint: "write true or false"
                ).located(root.file, enabled.start, key + ".enabled")
            }
            found.append(Integration(name: pair.name, settings: settings == .null ? .mapping([]) : settings, position: position))
        }
        return found
    }
}

extension RepositoryEntry {
    /// Reads one pair of `repositories`.
    init(_ pair: YAMLPair, in map: MappingReader) throws(ManifestError) {
        let way = map.way(to: pair.name)
        let path: RepoPath
        do { path = try RepoPath(pair.name) } catch { throw error.located(map.file, pair.key.start, way) }
        if pair.value.isNull {
            throw ManifestError(code: .missingKey, message: "the entry is empty", hint: "write type, url, version and role below it")
                .located(map.file, pair.key.start, way)
        }
        let entry = try MappingReader(pair.value, file: map.file, way: way, example: "write type, url, version and role below it")
        let source = try RepositorySource(entry)
        self.init(
            path: path, type: source.type, url: source.url, version: try source.version(entry), role: try Self.role(entry),
            position: pair.key.start)
    }

    private static func role(_ entry: MappingReader) throws(ManifestError) -> Role? {
        guard let word = try entry.string("role") else { return nil }
        guard let role = Role(word: word) else {
            throw entry.error(
                .unknownRole, at: entry.value("role"), "role", "unknown role \(Segments.shown(word))",
                "use one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
    }
}

extension MappingReader {
    /// Throws `nestedPath` if a repository lies inside another. `position` says where the path with a number stands.
    func refuseNesting(_ paths: [RepoPath], position: (Int) -> YAMLMark) throws(ManifestError) {
        guard let pair = RepoPath.nestings(in: paths).first else { return }
        let mark = paths.firstIndex(of: pair.second).map(position)
        throw ManifestError(
            code: .nestedPath, message: "path '\(pair.second)' lies inside repository '\(pair.first)'", hint: "give one of the two another path"
        ).located(file, mark, "repositories.\(pair.second)")
    }
}

/// The keys that manifest and lock entries share.
struct RepositorySource {
    let type: RepositoryType
    let url: RemoteURL

    init(_ entry: MappingReader) throws(ManifestError) {
        let word = try entry.required("type", example: "git")
        guard let type = RepositoryType(rawValue: word) else {
            throw entry.error(.unknownType, at: entry.value("type"), "type", "unknown type \(Segments.shown(word))", "only git is supported")
        }
        let text = try entry.required("url", example: "https://github.com/owner/repo.git")
        self.type = type
        do { url = try RemoteURL(text) } catch { throw error.located(entry.file, entry.value("url")?.start, entry.way(to: "url")) }
    }

    /// The `version` of the entry, nil if there is none. It becomes an argument of git, so that no option may hide in it.
    func version(_ entry: MappingReader) throws(ManifestError) -> String? {
        guard let text = try entry.string("version"), !text.isEmpty else { return nil }
        do { return try Self.checked(version: text) } catch { throw error.located(entry.file, entry.value("version")?.start, entry.way(to: "version")) }
    }

    /// Throws `invalidVersion` for a leading `-` and control characters.
    static func checked(version text: String) throws(ManifestError) -> String {
        guard text.utf8.first != UInt8(ascii: "-"), !Segments.hasControls(text) else {
            throw ManifestError(
                code: .invalidVersion, message: "version \(Segments.shown(text)) starts with '-' or has a control character",
                hint: "write a branch, a tag or a revision")
        }
        return text
    }
}
