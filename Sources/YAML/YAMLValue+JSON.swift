extension YAMLValue {
    /// The value as JSON text (RFC 8259) in the layout of most tools: members and items indented by two spaces, empty collections
    /// on one line, everything above ASCII as it is. No line feed at the end.
    package var jsonText: String {
        var text = ""
        writeJSON(to: &text, indent: "")
        return text
    }

    private func writeJSON(to text: inout String, indent: String) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .number(let spelling): text += spelling
        case .string(let string): Self.quote(string, to: &text)
        case .sequence(let items):
            Self.list(items, "[", "]", to: &text, indent) { item, inner, text in item.writeJSON(to: &text, indent: inner) }
        case .mapping(let members):
            Self.list(members, "{", "}", to: &text, indent) { member, inner, text in
                Self.quote(member.key, to: &text)
                text += ": "
                member.value.writeJSON(to: &text, indent: inner)
            }
        }
    }

    private static func list<T>(_ items: [T], _ open: String, _ close: String, to text: inout String, _ indent: String,
                                _ each: (T, String, inout String) -> Void) {
        if items.isEmpty { return text += open + close }
        text += open
        for (i, item) in items.enumerated() {
            text += (i == 0 ? "\n" : ",\n") + indent + "  "
            each(item, indent + "  ", &text)
        }
        text += "\n" + indent + close
    }

    private static func quote(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    /// The value with the members of every mapping in order of their keys' bytes.
    package var sorted: YAMLValue {
        switch self {
        case .sequence(let items): .sequence(items.map(\.sorted))
        case .mapping(let members):
            .mapping(members.map { YAMLMember($0.key, $0.value.sorted) }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
        default: self
        }
    }

    /// The mapping with a member set, at its place if it was there, else at the end. Anything but a mapping becomes one.
    package func setting(_ key: String, _ value: YAMLValue) -> YAMLValue {
        var members = self.members ?? []
        if let at = members.firstIndex(where: { $0.key.utf8.elementsEqual(key.utf8) }) { members[at] = YAMLMember(key, value) } else {
            members.append(YAMLMember(key, value))
        }
        return .mapping(members)
    }
}
