import JSONCoding
import Testing

@Suite struct JSONCodingTests {
    private struct Everything: Codable, Equatable {
        var text: String
        var flag: Bool
        var big: UInt64
        var small: Int32
        var ratio: Double
        var absent: String?
        var list: [Nested]
        var empty: [String]
        var table: [String: UInt32]
        var choice: [Choice]
    }
    private struct Nested: Codable, Equatable { var names: [[String?]] }
    private enum Choice: Codable, Equatable {
        case none
        case named(name: String, force: Bool?)
        case plain(Nested)
    }

    private let value = Everything(
        text: "\"\\/\n\u{1} ü 🧵", flag: true, big: .max, small: .min, ratio: -1.5e-7, absent: nil, list: [Nested(names: [["a", nil], []])],
        empty: [], table: ["b": 1, "a": 2], choice: [.none, .named(name: "x", force: nil), .plain(Nested(names: []))])

    @Test(arguments: [true, false]) func thereAndBack(_ isPretty: Bool) throws {
        #expect(try JSONDecoder().decode(Everything.self, from: JSONEncoder(isPretty: isPretty).encode(value)) == value)
    }

    @Test func form() throws {
        let text = String(decoding: try JSONEncoder(isPretty: true).encode(["b": [1, 2], "a": []]), as: UTF8.self)
        #expect(text == "{\n  \"a\": [],\n  \"b\": [\n    1,\n    2\n  ]\n}")
        #expect(String(decoding: try JSONEncoder().encode(["b": "\u{1F}\"", "a": "/"]), as: UTF8.self) == #"{"a":"/","b":"\u001f\""}"#)
        #expect(throws: JSONError.self) { try JSONEncoder().encode([Double.nan]) }
    }

    @Test(arguments: [
        (#" [ "\u00fc\ud83e\uddf5\/\b\f\n\r\t" ] "#, ["ü🧵/\u{8}\u{C}\n\r\t"]), ("[]", []), ("[\n\"a\" ,\"b\"]", ["a", "b"]),
    ]) func reads(_ text: String, _ strings: [String]) throws {
        #expect(try JSONDecoder().decode([String].self, from: Array(text.utf8)) == strings)
    }

    @Test(arguments: [
        "", "[", "[1,]", "[\"a\"", "[\"a\" \"b\"]", "{\"a\" 1}", "{a: 1}", "nul", "[\"\\x\"]", "[\"\\ud800\"]", "[\"\\u12\"]", "[\"\n\"]", "[] []", "\"a",
        String(repeating: "[", count: 10_000),
    ]) func refuses(_ text: String) { #expect(throws: JSONError.self) { try JSONDecoder().decode([String].self, from: Array(text.utf8)) } }

    @Test func refusesOtherForms() {
        for text in ["[300]", "[-1]", "[1.5]", "[\"1\"]", "[null]", "{}", "[+1]"] {
            #expect(throws: (any Error).self) { try JSONDecoder().decode([UInt8].self, from: Array(text.utf8)) }
        }
        #expect(throws: (any Error).self) { try JSONDecoder().decode(String.self, from: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.self) { try JSONDecoder().decode(Nested.self, from: Array("{\"other\": 1}".utf8)) }
    }
}
