/// A JSON value to print (RFC 8259). Members stay in the order given.
indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    case number(Int)
    case string(String)
    case array([JSON])
    case object([(String, JSON)])

    static func string(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

    /// The value as text, indented by two spaces, with a line feed at the end.
    var text: String {
        var text = ""
        write(to: &text, indent: "")
        return text + "\n"
    }

    private func write(to text: inout String, indent: String) {
        switch self {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .number(let number): text += String(number)
        case .string(let string): Self.quote(string, to: &text)
        case .array(let items):
            Self.list(items, "[", "]", to: &text, indent) { item, inner, text in item.write(to: &text, indent: inner) }
        case .object(let members):
            Self.list(members, "{", "}", to: &text, indent) { member, inner, text in
                Self.quote(member.0, to: &text)
                text += ": "
                member.1.write(to: &text, indent: inner)
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
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
