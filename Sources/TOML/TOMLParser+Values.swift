internal import YAML

extension TOMLParser {
    /// The value that begins here.
    mutating func value(depth: Int) throws(YAMLError) -> YAMLNode {
        guard depth <= maximumDepth else { throw cursor.error("nested deeper than \(maximumDepth) levels") }
        let start = cursor.mark()
        let content: YAMLNode.Content
        switch cursor.peek {
        case nil, 0x0A, 0x0D, UInt8(ascii: "#"): throw cursor.error("expected a value")
        case UInt8(ascii: "\""): content = .scalar(cursor.sees("\"\"\"") ? try longString(isLiteral: false) : try basicString(), .doubleQuoted)
        case UInt8(ascii: "'"): content = .scalar(cursor.sees("'''") ? try longString(isLiteral: true) : try literalString(), .singleQuoted)
        case UInt8(ascii: "["): content = .sequence(try items(depth: depth), .flow)
        case UInt8(ascii: "{"): content = try inlineTable(depth: depth)
        default: content = try bareValue()
        }
        return YAMLNode(content: content, tag: nil, anchor: nil, alias: nil, start: start, end: cursor.mark())
    }

    private mutating func items(depth: Int) throws(YAMLError) -> [YAMLNode] {
        cursor.advance()
        var items: [YAMLNode] = []
        while true {
            try cursor.skipToNextLine()
            if cursor.take(UInt8(ascii: "]")) { return items }
            items.append(try value(depth: depth + 1))
            try cursor.skipToNextLine()
            if cursor.take(UInt8(ascii: ",")) { continue }
            guard cursor.take(UInt8(ascii: "]")) else { throw cursor.error("expected ',' or ']' in the array") }
            return items
        }
    }

    /// `{a = 1, b.c = 2}` on one line; nothing can be added to it later.
    private mutating func inlineTable(depth: Int) throws(YAMLError) -> YAMLNode.Content {
        let table = TOMLTable(.root, start: cursor.mark())
        cursor.advance()
        cursor.skipBlanks()
        var isFirst = true
        while !(isFirst && cursor.take(UInt8(ascii: "}"))) {
            isFirst = false
            try pair(into: table, depth: depth + 1)
            cursor.skipBlanks()
            if cursor.take(UInt8(ascii: "}")) { break }
            guard cursor.take(UInt8(ascii: ",")) else { throw cursor.error("expected ',' or '}' in the inline table") }
        }
        return .mapping(table.node.pairs ?? [], .flow)
    }

    /// A boolean, a number or a date: what has no quotes.
    private mutating func bareValue() throws(YAMLError) -> YAMLNode.Content {
        let start = cursor.offset
        _ = cursor.takeWhile { TOMLCursor.isBare($0) || [UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: ":")].contains($0) }
        // A date and its time may be apart.
        let day = cursor.text(from: start)
        if TOMLDate.isDay(day), cursor.peek == 0x20 {
            let back = cursor
            cursor.advance()
            let time = cursor.takeWhile { TOMLCursor.isBare($0) || [UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: ":")].contains($0) }
            if !TOMLDate.isTime(time, withOffset: true) { cursor = back }
        }
        let word = cursor.text(from: start), text = String(decoding: word, as: UTF8.self)
        if text == "true" || text == "false" { return .scalar(text, .plain) }
        if let number = TOMLNumber.normal(word) { return .scalar(number, .plain) }
        if TOMLDate.isDate(word) { return .scalar(text, .singleQuoted) }
        throw cursor.error(text.isEmpty ? "expected a value" : "'\(text)' is no value; strings stand in quotes", at: start)
    }
}
