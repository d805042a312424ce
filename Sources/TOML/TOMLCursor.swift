internal import YAML

/// A place in the text that moves forward.
struct TOMLCursor {
    private let source: YAMLSource
    private(set) var offset: Int
    /// The place that was asked for last.
    private var known: YAMLMark

    init(_ source: YAMLSource) {
        self.source = source
        offset = source.bom
        known = YAMLMark(line: 1, column: 1, offset: source.bom)
    }

    /// The byte here; nil at the end.
    var peek: UInt8? { offset < source.bytes.count ? source.bytes[offset] : nil }

    /// The place here. Counted on from the last one, so that many values on one long line stay cheap.
    mutating func mark() -> YAMLMark {
        var (line, column) = (known.line, known.column)
        for byte in source.bytes[known.offset..<offset] {
            if byte == 0x0A { (line, column) = (line + 1, 1) } else if byte & 0xC0 != 0x80 { column += 1 }
        }
        known = YAMLMark(line: line, column: column, offset: offset)
        return known
    }

    mutating func advance(_ count: Int = 1) { offset += count }

    /// Whether the text goes on so from here.
    func sees(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { word in unsafe source.bytes[offset...].starts(with: word) }
    }

    /// Passes over one byte if it is this one.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte else { return false }
        offset += 1
        return true
    }

    mutating func takeWhile(_ holds: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = source.bytes[offset...].prefix(while: holds)
        offset = taken.endIndex
        return taken
    }

    /// The bytes from an earlier place to here.
    func text(from start: Int) -> ArraySlice<UInt8> { source.bytes[start..<offset] }

    mutating func skipBlanks() { _ = takeWhile { $0 == 0x20 || $0 == 0x09 } }

    /// Passes over a line end, LF or CR LF.
    mutating func takeLineEnd() -> Bool {
        if take(0x0A) { return true }
        guard sees("\r\n") else { return false }
        advance(2)
        return true
    }

    /// Passes over blanks, comments and line ends.
    mutating func skipToNextLine() throws(YAMLError) {
        repeat {
            skipBlanks()
            try skipComment()
        } while takeLineEnd()
    }

    /// Passes over blanks and a comment; behind them the line, or the text, must end.
    mutating func endLine() throws(YAMLError) {
        skipBlanks()
        try skipComment()
        guard peek == nil || takeLineEnd() else { throw error("expected the end of the line") }
    }

    private mutating func skipComment() throws(YAMLError) {
        guard take(UInt8(ascii: "#")) else { return }
        _ = takeWhile { !Self.isControl($0) }
        guard peek == nil || peek == 0x0A || sees("\r\n") else { throw error("a control character cannot stand in a comment") }
    }

    /// An error at this place.
    func error(_ message: String) -> YAMLError { YAMLError(message, at: source.mark(offset: offset)) }

    /// An error at an earlier place.
    func error(_ message: String, at start: Int) -> YAMLError { YAMLError(message, at: source.mark(offset: start)) }

    /// What may stand in a key without quotes.
    static func isBare(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Control characters other than the tab.
    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }
}
