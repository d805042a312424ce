/// JSON as a tree (RFC 8259). Members stay in the order given, and numbers as they are written, so that none loses a digit.
package indirect enum JSON: Sendable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    package static func number(_ number: Int) -> JSON { .number(String(number)) }
    package static func string(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    package static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }

    /// The value with the members of every object in order of their names' bytes.
    package var sorted: JSON {
        switch self {
        case .array(let items): .array(items.map(\.sorted))
        case .object(let members): .object(members.map { ($0.key, $0.value.sorted) }.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
        default: self
        }
    }

    /// The value in the layout of most tools, as ``bytes(isPretty:)`` has it, with a line feed at the end.
    package var text: String { String(decoding: bytes(isPretty: true) + [UInt8(ascii: "\n")], as: UTF8.self) }

    /// The value as text, everything above ASCII as it is. No line feed at the end.
    /// - Parameter isPretty: one member or item a line, indented by two spaces, empty collections on one line; else all on one line.
    package func bytes(isPretty: Bool) -> [UInt8] {
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
            Self.list(members, "{}", to: &text, depth) { member, inner, text in
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
            case UInt8(ascii: "\n"): text += "\\n".utf8
            case UInt8(ascii: "\r"): text += "\\r".utf8
            case UInt8(ascii: "\t"): text += "\\t".utf8
            case 0..<0x20, 0x7F:
                let hex = Array("0123456789abcdef".utf8)
                text += "\\u00".utf8
                text += [hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
