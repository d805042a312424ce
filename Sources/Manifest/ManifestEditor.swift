internal import YAML

/// Adds, changes and removes entries of an `rwv.yaml` in its text: comments, order, unknown keys, quoting, line ends and the
/// missing line end of a last line stay as they are. Every edit is parsed again and must differ in that entry alone.
package struct ManifestEditor: Sendable {
    package let text: String
    /// What the text says.
    package let manifest: Manifest
    let file: String
    let lines: TextLines
    let root: YAMLNode
    /// The pair whose key is `repositories`.
    let repositories: YAMLPair

    /// Throws what `Manifest.parse` throws: a manifest that cannot be read is not edited.
    package init(_ bytes: [UInt8], file: String) throws(ManifestError) {
        manifest = try Manifest.parse(bytes, file: file)
        self.file = file
        text = String(decoding: bytes, as: UTF8.self)
        lines = TextLines(bytes)
        guard let root = try MappingReader.root(bytes, file: file, example: "")?.node, let pair = root["repositories"] else {
            throw ManifestError(code: .empty, file: file, message: "the file is empty", hint: "start it with `repositories: {}`")
        }
        self.root = root
        repositories = pair
    }

    /// The text with one more repository, at the end or, where the paths are sorted, in its place.
    /// Throws `alreadyPresent`, `nestedPath`, `invalidVersion`, and `cannotEdit` if the way the text is written allows no
    /// edit without loss.
    package func adding(path: RepoPath, url: RemoteURL, version: String?, role: Role?) throws(ManifestError) -> String {
        if let entry = manifest[path] {
            throw ManifestError(code: .alreadyPresent, message: "'\(path)' is in the manifest already", hint: "remove it first, or edit its entry")
                .located(file, entry.position, "repositories.\(path)")
        }
        if let pair = RepoPath.nestings(in: manifest.repositories.map(\.path) + [path]).first {
            throw ManifestError(
                code: .nestedPath, file: file, message: "path '\(pair.second)' lies inside repository '\(pair.first)'",
                hint: "choose another path")
        }
        var members = [YAMLMember("type", .string(RepositoryType.git.rawValue)), YAMLMember("url", .string(url.text))]
        if let version { members.append(YAMLMember("version", .string(try RepositorySource.checked(version: version)))) }
        if let role { members.append(YAMLMember("role", .string(role.rawValue))) }
        let entry = YAMLMember(path.text, .mapping(members))
        let bytes = try (root.isFlow || repositories.value.isFlow) && !isPlainlyEmpty ? addingInFlow(entry) : addingInBlock(entry)
        try verify(bytes) { $0.contains(entry) ? $0.filter { $0 != entry } : nil } isSameAs: { $0 }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The text without a repository: without its lines and the comments that belong to it, which are those inside it and
    /// those right above it at its indentation. The last one leaves `repositories: {}`.
    /// Throws `notFound`, and `cannotEdit` as `adding` does.
    package func removing(_ path: RepoPath) throws(ManifestError) -> String {
        let pairs = repositories.value.pairs ?? []
        guard let index = pairs.firstIndex(where: { $0.name.utf8.elementsEqual(path.text.utf8) }) else {
            throw notFound(path)
        }
        let bytes = try repositories.value.isFlow ? removingInFlow(index, of: pairs) : removingInBlock(index, of: pairs)
        try verify(bytes) { $0 } isSameAs: { members in
            members.filter { !$0.key.utf8.elementsEqual(path.text.utf8) }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes with a range replaced.
    func replacing(_ range: Range<Int>, with new: [UInt8]) -> [UInt8] {
        lines.bytes[..<range.lowerBound] + new + lines.bytes[range.upperBound...]
    }

    func notFound(_ path: RepoPath) -> ManifestError {
        ManifestError(
            code: .notFound, file: file, key: "repositories", message: "'\(path)' is not in the manifest",
            hint: "the paths are the keys below `repositories:`")
    }

    /// The refusal to edit, at the place that stands in the way.
    func cannotEdit(_ node: YAMLNode?) -> ManifestError {
        ManifestError(
            code: .cannotEdit, message: "the repositories are written in a way that rwv cannot edit without loss",
            hint: "edit \(file) by hand"
        ).located(file, (node ?? repositories.key).start, "repositories")
    }

    /// Throws `cannotEdit` unless the new text differs from the old in the members of `repositories` alone, and those,
    /// after `new` and `old` took the one entry out, not at all.
    func verify(_ bytes: [UInt8], new: ([YAMLMember]) -> [YAMLMember]?, isSameAs old: ([YAMLMember]) -> [YAMLMember]) throws(ManifestError) {
        func parts(_ root: YAMLNode) -> (rest: [YAMLMember], entries: [YAMLMember]) {
            let members = root.value.members ?? []
            let entries = members.first { $0.key == "repositories" }?.value.members ?? []
            return (members.map { $0.key == "repositories" ? YAMLMember($0.key, .null) : $0 }, entries)
        }
        guard let document = try? YAMLDocument.parse(bytes), let root = document.root, (try? Manifest.parse(bytes, file: file)) != nil else {
            throw cannotEdit(nil)
        }
        let (before, after) = (parts(self.root), parts(root))
        guard before.rest == after.rest, let kept = new(after.entries), kept == old(before.entries) else { throw cannotEdit(nil) }
    }
}
