internal import YAML

extension TOMLParser {
    /// `'as it stands'`
    mutating func literalString() throws(YAMLError) -> String {
        cursor.advance()
        let text = cursor.takeWhile { $0 != UInt8(ascii: "'") && !TOMLCursor.isControl($0) }
        guard cursor.take(UInt8(ascii: "'")) else { throw unfinished() }
        return String(decoding: text, as: UTF8.self)
    }

    /// `"with \n escapes"`
    mutating func basicString() throws(YAMLError) -> String {
        cursor.advance()
        var bytes: [UInt8] = []
        while true {
            bytes += cursor.takeWhile { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") && !TOMLCursor.isControl($0) }
            if cursor.take(UInt8(ascii: "\"")) { return String(decoding: bytes, as: UTF8.self) }
            guard cursor.peek == UInt8(ascii: "\\") else { throw unfinished() }
            bytes += try escaped()
        }
    }

    /// `"""over lines"""` or `'''over lines'''`; a line end right behind the opening quotes does not count.
    mutating func longString(isLiteral: Bool) throws(YAMLError) -> String {
        let quote = UInt8(ascii: isLiteral ? "'" : "\"")
        cursor.advance(3)
        _ = cursor.takeLineEnd()
        var bytes: [UInt8] = []
        while true {
            bytes += cursor.takeWhile { $0 != quote && ($0 != UInt8(ascii: "\\") || isLiteral) && !TOMLCursor.isControl($0) }
            let start = cursor.offset
            if cursor.takeLineEnd() {
                bytes += cursor.text(from: start)
            } else if cursor.peek == quote {
                let quotes = cursor.takeWhile { $0 == quote }
                guard quotes.count <= 5 else { throw cursor.error("too many quotes", at: start) }
                if quotes.count >= 3 { return String(decoding: bytes + quotes.dropLast(3), as: UTF8.self) }
                bytes += quotes
            } else if !isLiteral, cursor.peek == UInt8(ascii: "\\") {
                if try !skipFoldedLines() { bytes += try escaped() }
            } else {
                throw unfinished()
            }
        }
    }

    /// A backslash at the end of a line takes away all white space up to the next visible character.
    private mutating func skipFoldedLines() throws(YAMLError) -> Bool {
        var ahead = cursor
        ahead.advance()
        ahead.skipBlanks()
        guard ahead.takeLineEnd() else { return false }
        repeat { ahead.skipBlanks() } while ahead.takeLineEnd()
        cursor = ahead
        return true
    }

    /// The character that a backslash and what follows it stand for.
    private mutating func escaped() throws(YAMLError) -> [UInt8] {
        let start = cursor.offset
        cursor.advance()
        let letter = cursor.peek ?? 0
        cursor.advance(letter == 0 ? 0 : 1)
        let simple: [Character: UInt8] = ["b": 0x08, "t": 0x09, "n": 0x0A, "f": 0x0C, "r": 0x0D, "\"": 0x22, "\\": 0x5C]
        let name = Character(Unicode.Scalar(letter))
        if let byte = simple[name] { return [byte] }
        guard name == "u" || name == "U" else { throw cursor.error("there is no escape '\\\(letter < 0x80 && letter >= 0x20 ? String(name) : "")'", at: start) }
        let length = name == "u" ? 4 : 8
        var left = length
        let digits = cursor.takeWhile { byte in
            defer { left -= 1 }
            return left > 0 && Character(Unicode.Scalar(byte)).isHexDigit
        }
        guard digits.count == length, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16), let scalar = Unicode.Scalar(value) else {
            throw cursor.error("'\\\(name)' wants \(length) hexadecimal digits of a character", at: start)
        }
        return Array(String(Character(scalar)).utf8)
    }

    private func unfinished() -> YAMLError {
        cursor.peek == nil || cursor.peek == 0x0A || cursor.sees("\r\n")
            ? cursor.error("the string does not end") : cursor.error("a control character cannot stand in a string")
    }
}
