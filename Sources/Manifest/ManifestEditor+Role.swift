internal import YAML

/// Edits of one word of an entry.
extension ManifestEditor {
    /// The text with another role of a repository. One without a role gets it as its first field.
    /// Throws `notFound`, and `cannotEdit` if the way the text is written allows no edit without loss.
    package func setting(role: Role, of path: RepoPath) throws(ManifestError) -> String {
        guard let pair = repositories.value.pairs?.first(where: { isEntry($0.name, path) }) else { throw notFound(path) }
        let entry = pair.value
        guard repositories.value.alias == nil, entry.alias == nil, let pairs = entry.pairs, let first = pairs.first else { throw cannotEdit(entry) }
        let bytes: [UInt8]
        if let old = pairs.first(where: { $0.name == "role" })?.value {
            guard old.alias == nil else { throw cannotEdit(old) }
            bytes = replacing(old, with: role)
        } else {
            bytes = try inserting(role, before: first, isFlow: entry.isFlow)
        }
        let field = YAMLMember("role", .string(role.rawValue))
        try verify(bytes) { members in
            let isSet = members.contains { isEntry($0.key, path) && $0.value.members?.contains(field) == true }
            return isSet ? withoutRole(members, of: path) : nil
        } isSameAs: { withoutRole($0, of: path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func isEntry(_ key: String, _ path: RepoPath) -> Bool { key.utf8.elementsEqual(path.text.utf8) }

    private func withoutRole(_ members: [YAMLMember], of path: RepoPath) -> [YAMLMember] {
        members.map { member in
            guard isEntry(member.key, path), let fields = member.value.members else { return member }
            return YAMLMember(member.key, .mapping(fields.filter { $0.key != "role" }))
        }
    }

    /// Keeps the quotes of a word, and puts a space in front of one where there was none.
    private func replacing(_ old: YAMLNode, with role: Role) -> [UInt8] {
        let range = old.start.offset..<old.end.offset, word = Array(role.rawValue.utf8)
        guard let mark = lines.bytes[range].first else { return replacing(range, with: [0x20] + word) }
        let isQuoted = mark == UInt8(ascii: "\"") || mark == UInt8(ascii: "'")
        return replacing(range, with: isQuoted ? [mark] + word + [mark] : word)
    }

    private func inserting(_ role: Role, before first: YAMLPair, isFlow: Bool) throws(ManifestError) -> [UInt8] {
        let at = first.key.start.offset
        guard !isFlow else {
            let isJSON = lines.bytes[at] == UInt8(ascii: "\"")
            return replacing(at..<at, with: Array((isJSON ? "\"role\": \"\(role.rawValue)\", " : "role: \(role.rawValue), ").utf8))
        }
        let indentation = lines.bytes[lines.start(lines.line(at: at))..<at]
        guard indentation.allSatisfy({ $0 == 0x20 }) else { throw cannotEdit(first.key) }
        return replacing(at..<at, with: Array("role: \(role.rawValue)".utf8) + lines.lineEnd + indentation)
    }
}
