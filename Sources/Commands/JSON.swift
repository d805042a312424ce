internal import YAML

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
    var text: String { value.jsonText + "\n" }

    private var value: YAMLValue {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .number(let number): .number(String(number))
        case .string(let string): .string(string)
        case .array(let items): .sequence(items.map(\.value))
        case .object(let members): .mapping(members.map { YAMLMember($0.0, $0.1.value) })
        }
    }
}
