package import YAML

/// TOML 1.0 text (toml.io/en/v1.0.0) as the tree of nodes that YAML text becomes, so that one reader serves both: tables are
/// mappings, arrays sequences, dates strings, and every node has its place.
package enum TOMLDocument {
    /// Parses a text.
    /// Throws for bad syntax, bytes that are not UTF-8, keys and tables that are defined twice, and what exceeds the limits.
    package static func parse(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) throws(YAMLError) -> YAMLNode {
        let source = try YAMLSource(bytes, limit: limits.bytes)
        var parser = TOMLParser(TOMLCursor(source), depth: limits.depth)
        return try parser.document().node
    }
}

/// Reads line by line: `[table]`, `[[table of an array]]`, `key = value`.
struct TOMLParser {
    var cursor: TOMLCursor
    /// Tables and arrays inside each other.
    let maximumDepth: Int

    init(_ cursor: TOMLCursor, depth: Int) {
        self.cursor = cursor
        maximumDepth = depth
    }

    mutating func document() throws(YAMLError) -> TOMLTable {
        let root = TOMLTable(.root, start: cursor.mark())
        var current = root
        while true {
            try cursor.skipToNextLine()
            guard let byte = cursor.peek else { break }
            if byte == UInt8(ascii: "[") {
                current = try header(root)
            } else {
                try pair(into: current, depth: 1)
            }
            try cursor.endLine()
        }
        root.end = cursor.mark()
        return root
    }

    /// `[a.b]` or `[[a.b]]`: the table that the lines below it fill.
    private mutating func header(_ root: TOMLTable) throws(YAMLError) -> TOMLTable {
        cursor.advance()
        let isArray = cursor.take(UInt8(ascii: "["))
        let keys = try path()
        guard cursor.take(UInt8(ascii: "]")), !isArray || cursor.take(UInt8(ascii: "]")) else {
            throw cursor.error("expected '\(isArray ? "]]" : "]")' at the end of the table's name")
        }
        var table = root
        for key in keys.dropLast() { table = try table.opened(at: key) }
        return isArray ? try table.appended(at: keys[keys.count - 1]) : try table.defined(at: keys[keys.count - 1])
    }

    /// `a.b = value`
    mutating func pair(into table: TOMLTable, depth: Int) throws(YAMLError) {
        let keys = try path()
        guard cursor.take(UInt8(ascii: "=")) else { throw cursor.error("expected '=' behind the key") }
        cursor.skipBlanks()
        let value = try self.value(depth: depth + keys.count - 1)
        var owner = table
        for key in keys.dropLast() { owner = try owner.dotted(at: key) }
        try owner.add(keys[keys.count - 1], value)
    }

    /// Keys with dots between them; blanks around each are passed over.
    private mutating func path() throws(YAMLError) -> [TOMLKey] {
        var keys: [TOMLKey] = []
        repeat {
            cursor.skipBlanks()
            keys.append(try key())
            cursor.skipBlanks()
            guard keys.count <= maximumDepth else { throw cursor.error("nested deeper than \(maximumDepth) levels") }
        } while cursor.take(UInt8(ascii: "."))
        return keys
    }

    private mutating func key() throws(YAMLError) -> TOMLKey {
        let start = cursor.mark()
        let text: String
        switch cursor.peek {
        case UInt8(ascii: "\""): text = try basicString()
        case UInt8(ascii: "'"): text = try literalString()
        default:
            let bare = cursor.takeWhile(TOMLCursor.isBare)
            guard !bare.isEmpty else { throw cursor.error("expected a key") }
            text = String(decoding: bare, as: UTF8.self)
        }
        return TOMLKey(text: text, node: YAMLNode(content: .scalar(text, .plain), tag: nil, anchor: nil, alias: nil, start: start, end: cursor.mark()))
    }
}

/// One key, dots taken apart.
struct TOMLKey {
    let text: String
    let node: YAMLNode
}
