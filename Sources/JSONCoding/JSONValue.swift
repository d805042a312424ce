/// JSON as a tree (RFC 8259). Numbers stay as they are written, so that none loses a digit.
indirect enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([(key: String, value: JSONValue)])

    /// The value as text, members sorted by their names' bytes.
    /// - Parameter isPretty: one member a line, indented by two spaces.
    func text(isPretty: Bool) -> [UInt8] {
        var text: [UInt8] = []
        write(to: &text, isPretty ? 0 : nil)
        return text
    }

    private func write(to text: inout [UInt8], _ depth: Int?) {
        switch self {
        case .null: text += "null".utf8
        case .bool(let flag): text += (flag ? "true" : "false").utf8
        case .number(let digits): text += digits.utf8
        case .string(let string): Self.quote(string, to: &text)
        case .array(let items):
            Self.list(items, "[]", to: &text, depth) { item, inner, text in item.write(to: &text, inner) }
        case .object(let members):
            let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            Self.list(sorted, "{}", to: &text, depth) { member, inner, text in
                Self.quote(member.key, to: &text)
                text += (inner == nil ? ":" : ": ").utf8
                member.value.write(to: &text, inner)
            }
        }
    }

    private static func list<T>(_ items: [T], _ brackets: StaticString, to text: inout [UInt8], _ depth: Int?, _ each: (T, Int?, inout [UInt8]) -> Void) {
        let (open, close) = brackets.withUTF8Buffer { pair in unsafe (pair[0], pair[1]) }
        func newLine(_ depth: Int) {
            text.append(UInt8(ascii: "\n"))
            text += [UInt8](repeating: UInt8(ascii: " "), count: 2 * depth)
        }
        text.append(open)
        for (i, item) in items.enumerated() {
            if i > 0 { text.append(UInt8(ascii: ",")) }
            if let depth { newLine(depth + 1) }
            each(item, depth.map { $0 + 1 }, &text)
        }
        if let depth, !items.isEmpty { newLine(depth) }
        text.append(close)
    }

    private static func quote(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let hex = Array("0123456789abcdef".utf8)
                text += "\\u00".utf8
                text += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
