internal import YAML

/// Edits of repositories that are written in brackets, such as a manifest in JSON.
extension ManifestEditor {
    func addingInFlow(_ entry: YAMLMember) throws(ManifestError) -> [UInt8] {
        let value = repositories.value
        let text = Array(Self.rendered(entry).utf8)
        if root.isFlow, value.isNull, value.alias == nil, value.start.offset < value.end.offset {
            return replacing(value.start.offset..<value.end.offset, with: Array("{".utf8) + text + Array("}".utf8))
        }
        guard value.alias == nil, lines.bytes[value.start.offset] == UInt8(ascii: "{") else { throw cannotEdit(value) }
        guard let pairs = value.pairs, let first = pairs.first else {
            return inserting(text, at: value.start.offset + 1)
        }
        let index = place(of: entry, among: pairs)
        let separator = [UInt8(ascii: ",")] + gap(before: first)
        if index == 0 { return inserting(text + separator, at: first.key.start.offset) }
        return inserting(separator + text, at: pairs[index - 1].value.contentEnd.offset)
    }

    func removingInFlow(_ index: Int, of pairs: [YAMLPair]) throws(ManifestError) -> [UInt8] {
        if repositories.value.alias != nil { throw cannotEdit(repositories.value) }
        let (from, to) = (pairs[index].key.start.offset, pairs[index].value.contentEnd.offset)
        if index > 0 {
            let gap = pairs[index - 1].value.contentEnd.offset..<from
            guard lines.bytes[gap].contains(UInt8(ascii: "#")) else { return replacing(gap.lowerBound..<to, with: []) }
            // A comment stands between: only the comma goes with the entry.
            let comma = gap.lowerBound..<(gap.lowerBound + 1)
            guard lines.bytes[comma].first == UInt8(ascii: ",") else { throw cannotEdit(pairs[index].key) }
            return replacing(comma.lowerBound..<to, with: Array(lines.bytes[comma.upperBound..<from]))
        }
        if pairs.count > 1 { return replacing(from..<pairs[1].key.start.offset, with: []) }
        let next = lines.bytes[to...].firstIndex { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 } ?? to
        let end = lines.bytes[next] == UInt8(ascii: ",") ? next + 1 : to
        let inside = (repositories.value.start.offset + 1)..<(repositories.value.end.offset - 1)
        let rest = lines.bytes[inside.lowerBound..<from] + lines.bytes[end..<inside.upperBound]
        let isOpen = rest.contains(0x0A) && rest.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        return replacing(isOpen ? inside : from..<end, with: [])
    }

    private func inserting(_ new: [UInt8], at offset: Int) -> [UInt8] { replacing(offset..<offset, with: new) }

    /// The white space that stands in front of each entry: a line end and the first one's indentation, or a space.
    private func gap(before first: YAMLPair) -> [UInt8] {
        let line = lines.line(at: first.key.start.offset)
        let column = first.key.start.offset - lines.start(line)
        guard line > 0, lines.indentation(line) == column else { return [0x20] }
        return lines.lineEnd + lines.bytes[lines.start(line)..<first.key.start.offset]
    }

    /// `"path": {"type": "git", …}`, which is JSON as well as YAML.
    private static func rendered(_ entry: YAMLMember) -> String {
        let fields = (entry.value.members ?? []).map { YAMLEmitter.quoted($0.key) + ": " + YAMLEmitter.quoted($0.value.string ?? "") }
        return YAMLEmitter.quoted(entry.key) + ": {" + fields.joined(separator: ", ") + "}"
    }
}
