internal import TOML
internal import YAML

/// A mapping of a file being read, with what its errors need: the file's name and the way to the mapping.
struct MappingReader {
    let file: String
    /// The way here, such as `repositories.github/a/b`; empty at the root.
    let way: String
    let node: YAMLNode
    let pairs: [YAMLPair]

    /// Parses a file whose root must be a mapping; nil if it holds nothing. `example` is the hint for any other root.
    static func root(_ bytes: [UInt8], file: String, example: String) throws(ManifestError) -> MappingReader? {
        let document: YAMLNode?
        do { document = isTOML(file) ? try TOMLDocument.parse(bytes) : try YAMLDocument.parse(bytes).root } catch {
            throw ManifestError(
                code: .syntax, file: file, line: error.line, column: error.column, message: error.message,
                hint: Self.hint(for: error, language: isTOML(file) ? "TOML" : "YAML"))
        }
        guard let root = document, !root.isNull, !isTOML(file) || root.pairs?.isEmpty == false else { return nil }
        return try MappingReader(root, file: file, way: "", example: example)
    }

    /// Whether a file is TOML, by its name.
    static func isTOML(_ file: String) -> Bool { file.hasSuffix(".toml") }

    /// Whether the mapping stands in TOML.
    var isTOML: Bool { Self.isTOML(file) }

    /// How a key with this value is written here.
    func line(_ key: String, _ value: String) -> String { isTOML ? "`\(key) = \(YAMLEmitter.quoted(value))`" : "`\(key): \(value)`" }

    /// How a key with a list of these values is written here.
    func line(_ key: String, _ values: [String]) -> String {
        isTOML ? "`\(key) = [\(values.map(YAMLEmitter.quoted).joined(separator: ", "))]`" : "`\(key): [\(values.joined(separator: ", "))]`"
    }

    /// Throws `wrongKind` unless the node is a mapping.
    init(_ node: YAMLNode, file: String, way: String, example: String) throws(ManifestError) {
        guard let pairs = node.pairs else {
            let found = node.value.kindName
            throw ManifestError(
                code: .wrongKind, message: "expected a mapping, found \(found)", hint: example
            ).located(file, node.start, way.isEmpty ? nil : way)
        }
        (self.file, self.way, self.node, self.pairs) = (file, way, node, pairs)
    }

    /// The way to a key of this mapping.
    func way(to key: String) -> String { way.isEmpty ? key : way + "." + key }

    /// The node of a key; nil if the key is missing or its value is null.
    func value(_ key: String) -> YAMLNode? {
        guard let pair = node[key], !pair.value.isNull else { return nil }
        return pair.value
    }

    /// A string, numbers and booleans in their spelling; nil if missing or null.
    func string(_ key: String) throws(ManifestError) -> String? {
        guard let value = value(key) else { return nil }
        guard let text = value.text else {
            throw error(.wrongKind, at: value, key, "expected a string, found \(value.value.kindName)", "write \(line(key, "text")) on one line")
        }
        return text
    }

    /// Like `string`, but throws `missingKey` where there is nothing. `example` is a value.
    func required(_ key: String, example: String) throws(ManifestError) -> String {
        guard let text = try string(key) else {
            let merge = node["<<"] == nil ? "" : "; merge keys (<<) are not read"
            throw ManifestError(code: .missingKey, message: "missing key '\(key)'\(merge)", hint: "add \(line(key, example))")
                .located(file, node.start, way.isEmpty ? nil : way)
        }
        return text
    }

    /// An error about the value of a key, at the value's place.
    func error(_ code: ManifestError.Code, at node: YAMLNode?, _ key: String, _ message: String, _ hint: String) -> ManifestError {
        ManifestError(code: code, message: message, hint: hint).located(file, (node ?? self.node).start, way(to: key))
    }

    private static func hint(for error: YAMLError, language: String) -> String {
        if error.message.hasPrefix("duplicate key") { return "remove one of the two, or give it another name" }
        if error.message.hasPrefix("a tab") { return "replace the tab by spaces" }
        if error.message.contains("alias") { return "write the values out instead of using aliases" }
        if error.message.contains("UTF-8") { return "save the file as UTF-8" }
        return "correct the \(language) there"
    }
}
