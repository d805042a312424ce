/// Text that is no JSON, or JSON of another form than was asked for.
package struct JSONError: Error, Sendable {
    package let message: String
}

/// Reads one JSON text (RFC 8259).
struct JSONParser {
    /// How deep arrays and objects may be nested.
    static let limit = 128
    private let bytes: [UInt8]
    private var at = 0

    static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONNode {
        var parser = JSONParser(bytes: bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { parser.at = 3 }
        let value = try parser.value(0)
        parser.skipSpace()
        guard parser.at == bytes.count else { throw parser.broken("more than one value") }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func broken(_ what: String) -> JSONError { JSONError(message: "\(what) at byte \(at)") }

    private mutating func skipSpace() {
        while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
    }

    /// The next byte that is no white space.
    private mutating func next() throws(JSONError) -> UInt8 {
        skipSpace()
        guard at < bytes.count else { throw broken("the text ends too early") }
        at += 1
        return bytes[at - 1]
    }

    private mutating func value(_ depth: Int) throws(JSONError) -> JSONNode {
        guard depth <= Self.limit else { throw broken("nested deeper than \(Self.limit) levels") }
        let first = try next(), start = at - 1
        switch first {
        case UInt8(ascii: "{"):
            let members = try object(depth)
            return JSONNode(value: .object(members.map { ($0.key.string ?? "", $0.value.value) }), range: start..<at, content: .object(members))
        case UInt8(ascii: "["):
            let items = try array(depth)
            return JSONNode(value: .array(items.map(\.value)), range: start..<at, content: .array(items))
        default: return JSONNode(value: try scalar(first), range: start..<at, content: .scalar)
        }
    }

    private mutating func scalar(_ first: UInt8) throws(JSONError) -> JSON {
        switch first {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default: throw broken("no value")
        }
    }

    private mutating func word(_ word: String, _ value: JSON) throws(JSONError) -> JSON {
        let end = at - 1 + word.utf8.count
        guard end <= bytes.count, bytes[(at - 1)..<end].elementsEqual(word.utf8) else { throw broken("no value") }
        at = end
        return value
    }

    /// Digits as they stand; whoever wants them as a number of some type finds out whether they are one.
    private mutating func number() -> JSON {
        let start = at - 1
        while at < bytes.count, "0123456789+-.eE".utf8.contains(bytes[at]) { at += 1 }
        return .number(String(decoding: bytes[start..<at], as: UTF8.self))
    }

    private mutating func array(_ depth: Int) throws(JSONError) -> [JSONNode] {
        var items: [JSONNode] = []
        if try next() == UInt8(ascii: "]") { return items }
        at -= 1
        while true {
            items.append(try value(depth + 1))
            switch try next() {
            case UInt8(ascii: ","): continue
            case UInt8(ascii: "]"): return items
            default: throw broken("neither , nor ]")
            }
        }
    }

    private mutating func object(_ depth: Int) throws(JSONError) -> [(key: JSONNode, value: JSONNode)] {
        var members: [(key: JSONNode, value: JSONNode)] = []
        var separator = try next()
        if separator == UInt8(ascii: "}") { return members }
        while true {
            guard separator == UInt8(ascii: "\"") else { throw broken("no name of a member") }
            let start = at - 1, name = try string()
            let key = JSONNode(value: .string(name), range: start..<at, content: .scalar)
            guard try next() == UInt8(ascii: ":") else { throw broken("no :") }
            members.append((key, try value(depth + 1)))
            separator = try next()
            if separator == UInt8(ascii: "}") { return members }
            guard separator == UInt8(ascii: ",") else { throw broken("neither , nor }") }
            separator = try next()
        }
    }

    /// The rest of a string, behind its opening quote.
    private mutating func string() throws(JSONError) -> String {
        var text: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw broken("bytes that are no UTF-8") }
                return string
            case UInt8(ascii: "\\"): try escape(&text)
            case 0..<0x20: throw broken("a control character in a string")
            default: text.append(byte)
            }
        }
        throw broken("a string without an end")
    }

    private mutating func escape(_ text: inout [UInt8]) throws(JSONError) {
        guard at < bytes.count else { throw broken("a string without an end") }
        let letter = bytes[at]
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(letter)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hex()
            if (0xD800..<0xDC00).contains(code) {
                guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else { throw broken("half a character") }
                at += 2
                let low = try hex()
                guard (0xDC00..<0xE000).contains(low) else { throw broken("half a character") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw broken("half a character") }
            text += String(Character(scalar)).utf8
        default: throw broken("an unknown escape")
        }
    }

    private mutating func hex() throws(JSONError) -> UInt32 {
        guard at + 4 <= bytes.count, let code = UInt32(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16),
              bytes[at] != UInt8(ascii: "+") else { throw broken("four hexadecimal digits are missing") }
        at += 4
        return code
    }
}
