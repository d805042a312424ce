/// The tables and plain strings of a TOML text (toml.io, v1.0), line by line: enough for what a package says of itself. Text inside strings of
/// several lines is taken for lines of its own.
struct TOMLOutline {
    /// Headers as written without blanks, such as `[tool.uv.workspace]`.
    let headers: Set<String>
    private let strings: [String: String]

    init(_ bytes: [UInt8]) {
        var headers: Set<String> = [], strings: [String: String] = [:], table = ""
        for line in Self.lines(bytes) {
            if let header = Self.header(line) {
                table = String(header.dropFirst().dropLast())
                headers.insert(header)
            } else if let key = Self.key(line), let value = Self.string(line) {
                strings[table.isEmpty ? key : "\(table).\(key)"] = value
            }
        }
        self.headers = headers
        self.strings = strings
    }

    /// The string under a dotted key such as `project.name`; nil for other kinds of values.
    subscript(key: String) -> String? { strings[key] }

    /// Whether the text has the table, or keys of it.
    func has(_ table: String) -> Bool {
        headers.contains { $0 == "[\(table)]" || $0.hasPrefix("[\(table).") } || strings.keys.contains { $0.hasPrefix(table + ".") }
    }

    static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    static func withoutComment(_ line: String) -> String {
        var quote: Character?
        for (i, c) in zip(line.indices, line) {
            if let open = quote { if c == open { quote = nil } } else if c == "\"" || c == "'" { quote = c } else if c == "#" { return String(line[..<i]) }
        }
        return line
    }

    /// What is left of a line without comment and strings.
    static func outsideStrings(_ line: String) -> String {
        var quote: Character?, text = ""
        for c in withoutComment(line) {
            if let open = quote { if c == open { quote = nil } } else if c == "\"" || c == "'" { quote = c } else { text.append(c) }
        }
        return text
    }

    /// A table's header without blanks; nil for another line. An array of tables keeps both its brackets.
    static func header(_ line: String) -> String? {
        let text = withoutComment(line).filter { !$0.isWhitespace }
        return text.hasPrefix("[") && text.hasSuffix("]") && !text.contains("=") && !text.contains(",") && !text.contains("\"\"") ? text : nil
    }

    /// What stands before `=`, without blanks.
    static func key(_ line: String) -> String? {
        guard let equals = withoutComment(line).firstIndex(of: "="), header(line) == nil else { return nil }
        let key = line[..<equals].filter { !$0.isWhitespace }
        return key.isEmpty ? nil : String(key)
    }

    private static func string(_ line: String) -> String? {
        let text = withoutComment(line)
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let value = text[text.index(after: equals)...].drop { $0.isWhitespace }
        guard let quote = value.first, quote == "\"" || quote == "'" else { return nil }
        let inside = value.dropFirst()
        return inside.firstIndex(of: quote).map { String(inside[..<$0]) }
    }
}
