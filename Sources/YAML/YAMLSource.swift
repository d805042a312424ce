/// The text being parsed, and the way from libyaml's positions to ours: libyaml counts code points
/// from behind the byte order mark, and breaks lines where editors do not (NEL, LS, PS).
struct YAMLSource {
    let bytes: [UInt8]
    /// Bytes of the byte order mark in front, 0 or 3.
    let bom: Int
    /// Offsets of the code points; nil while the text is ASCII and both counts agree.
    private let offsets: [Int32]?
    /// Offsets at which lines begin.
    private let lineStarts: [Int]

    /// Throws for text that is too long or is not UTF-8.
    init(_ bytes: [UInt8], limit: Int) throws(YAMLError) {
        guard bytes.count <= limit else {
            throw YAMLError(message: "the file is larger than \(limit) bytes", line: 1, column: 1)
        }
        self.bytes = bytes
        bom = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        lineStarts = Self.lineStarts(of: bytes, from: bom)
        if bytes.allSatisfy({ $0 < 0x80 }) {
            offsets = nil
            return
        }
        var table: [Int32] = []
        for at in bom..<bytes.count where bytes[at] & 0xC0 != 0x80 { table.append(Int32(truncatingIfNeeded: at)) }
        offsets = table
        var invalid: Int?
        do throws(UTF8.ValidationError) { _ = try UTF8Span(validating: bytes.span) } catch { invalid = error.byteOffsets.lowerBound }
        if let invalid { throw YAMLError("the text is not valid UTF-8", at: mark(offset: invalid)) }
    }

    /// The mark of the code point with this number, counted from behind the byte order mark.
    func mark(index: Int) -> YAMLMark {
        guard let offsets else { return mark(offset: min(index, bytes.count)) }
        return mark(offset: index < offsets.count ? Int(offsets[index]) : bytes.count)
    }

    /// The mark of a byte of the text.
    func mark(offset: Int) -> YAMLMark {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let start = min(lineStarts[low], offset)
        let column = bytes[start..<offset].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return YAMLMark(line: low + 1, column: column, offset: offset)
    }

    private static func lineStarts(of bytes: [UInt8], from bom: Int) -> [Int] {
        var starts = [bom]
        for at in bom..<bytes.count {
            let isLoneReturn = bytes[at] == 0x0D && (at + 1 == bytes.count || bytes[at + 1] != 0x0A)
            if bytes[at] == 0x0A || isLoneReturn { starts.append(at + 1) }
        }
        return starts
    }
}
