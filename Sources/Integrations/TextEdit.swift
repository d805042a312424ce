internal import YAML

/// Changes of one value inside a text that somebody else may have added to: what is not ours stays byte for byte.
enum TextEdit {
    /// The text with the bytes between two offsets replaced.
    static func replacing(_ bytes: [UInt8], _ range: Range<Int>, by text: String) -> [UInt8] {
        Array(bytes[..<range.lowerBound]) + Array(text.utf8) + Array(bytes[range.upperBound...])
    }

    /// The root of a YAML text if it is a mapping.
    static func root(_ bytes: [UInt8]) -> YAMLNode? {
        guard let document = try? YAMLDocument.parse(bytes), let root = document.root, root.pairs != nil else { return nil }
        return root
    }

    /// The root of a JSON text (RFC 8259, which YAML 1.2 includes) if it is an object. Comments make it none.
    static func object(_ bytes: [UInt8]) -> YAMLNode? {
        guard let root = root(bytes), isJSON(root) else { return nil }
        return root
    }

    private static func isJSON(_ node: YAMLNode) -> Bool {
        if node.tag != nil || node.anchor != nil || node.alias != nil { return false }
        switch node.content {
        case .scalar(_, .doubleQuoted): return true
        case .scalar(_, .plain):
            switch node.value {
            case .bool, .number: return true
            case .null: return node.text == "null"
            default: return false
            }
        case .sequence(let items, .flow): return items.allSatisfy(isJSON)
        case .mapping(let pairs, .flow): return pairs.allSatisfy { isQuoted($0.key) && isJSON($0.value) }
        default: return false
        }
    }

    private static func isQuoted(_ key: YAMLNode) -> Bool {
        if case .scalar(_, .doubleQuoted) = key.content { true } else { false }
    }

    /// The lines of a TOML text (toml.io, v1.0) with the array `key = [ … ]` of a table replaced; nil if the table has none.
    /// - Parameters:
    ///   - table: its header as written, such as `[workspace]`.
    ///   - array: the whole assignment, `key = [` first.
    static func replacingArray(_ bytes: [UInt8], table: String, key: String, by array: String) -> [UInt8]? {
        let lines = TOMLOutline.lines(bytes)
        guard let header = lines.firstIndex(where: { TOMLOutline.header($0) == table }) else { return nil }
        for first in lines.indices.dropFirst(header + 1) {
            if TOMLOutline.header(lines[first]) != nil { return nil }
            guard TOMLOutline.key(lines[first]) == key else { continue }
            guard let last = lines[first...].firstIndex(where: { TOMLOutline.outsideStrings($0).contains("]") }) else { return nil }
            var changed = lines
            changed.replaceSubrange(first...last, with: [array])
            return Array(changed.joined(separator: "\n").utf8)
        }
        return nil
    }
}
