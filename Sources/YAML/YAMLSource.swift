/// The text being parsed, and the way from libyaml's positions to ours: libyaml counts code points
/// from behind the byte order mark, and breaks lines where editors do not (NEL, LS, PS).
package final class YAMLSource: Sendable {
    package let bytes: [UInt8]
    /// Bytes of the byte order mark in front, 0 or 3.
    package let bom: Int
    /// Offsets of the code points; nil while the text is ASCII and both counts agree.
    private let offsets: [Int32]?
    /// Offsets at which lines begin.
    private let lineStarts: [Int]
    /// The same places as numbers of code points, from behind the byte order mark.
    private let lineIndices: [Int]

    /// Throws for text that is too long or is not UTF-8.
    package init(_ bytes: [UInt8], limit: Int) throws(YAMLError) {
        guard bytes.count <= limit else {
            throw YAMLError(message: "the file is larger than \(limit) bytes", line: 1, column: 1)
        }
        self.bytes = bytes
        bom = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        lineStarts = Self.lineStarts(of: bytes, from: bom)
        if bytes[bom...].allSatisfy({ $0 < 0x80 }) {
            offsets = nil
            lineIndices = lineStarts.map { [bom] in $0 - bom }
            return
        }
        var table: [Int32] = []
        var indices: [Int] = []
        for at in bom..<bytes.count where bytes[at] & 0xC0 != 0x80 {
            if indices.count < lineStarts.count, lineStarts[indices.count] <= at { indices.append(table.count) }
            table.append(Int32(truncatingIfNeeded: at))
        }
        if indices.count < lineStarts.count { indices.append(table.count) }
        (offsets, lineIndices) = (table, indices)
        var invalid: Int?
        do throws(UTF8.ValidationError) { _ = try UTF8Span(validating: bytes.span) } catch { invalid = error.byteOffsets.lowerBound }
        if let invalid { throw YAMLError("the text is not valid UTF-8", at: mark(offset: invalid)) }
    }

    /// The mark of the code point with this number, counted from behind the byte order mark. Does not look at the
    /// text, so that many nodes on one long line stay cheap.
    func mark(index: Int) -> YAMLMark {
        let offset = offset(index)
        let line = line(offset)
        return YAMLMark(line: line + 1, column: index - lineIndices[line] + 1, offset: offset)
    }

    /// The mark of a byte of the text; for errors, as it counts the line's code points.
    package func mark(offset: Int) -> YAMLMark {
        let line = line(offset)
        let start = min(lineStarts[line], offset)
        let column = bytes[start..<offset].reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 }
        return YAMLMark(line: line + 1, column: column, offset: offset)
    }

    private func offset(_ index: Int) -> Int {
        guard let offsets else { return min(bom + index, bytes.count) }
        return index < offsets.count ? Int(offsets[index]) : bytes.count
    }

    /// The number of the line that holds an offset, from 0.
    private func line(_ offset: Int) -> Int {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
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
