/// A text as lines that end with LF or CR LF, for edits that leave every other byte alone.
struct TextLines {
    let bytes: [UInt8]
    /// Offsets at which lines begin; a text that ends with a line feed has no line behind it.
    private let starts: [Int]
    /// The line end to write: that of the first line, LF if there is none.
    let lineEnd: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        var starts = [bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0]
        for (at, byte) in bytes.enumerated() where byte == 0x0A && at + 1 < bytes.count { starts.append(at + 1) }
        self.starts = starts
        let first = bytes.firstIndex(of: 0x0A)
        lineEnd = first.map { $0 > 0 && bytes[$0 - 1] == 0x0D } == true ? [0x0D, 0x0A] : [0x0A]
    }

    /// Number of lines; also the number of the line that does not exist behind the last.
    var count: Int { starts.count }

    /// Whether the last line has its line end.
    var endsWithLineEnd: Bool { bytes.last == 0x0A }

    /// Where a line begins; the end of the text for the line behind the last.
    func start(_ line: Int) -> Int { line < starts.count ? starts[line] : bytes.count }

    /// The line that holds an offset.
    func line(at offset: Int) -> Int { (starts.partitioningIndex { $0 > offset }) - 1 }

    /// Whether the line has only white space; true for the line behind the last.
    func isBlank(_ line: Int) -> Bool { firstVisible(line) == nil }

    /// Whether the line is a comment and nothing else.
    func isComment(_ line: Int) -> Bool { firstVisible(line).map { bytes[$0] == UInt8(ascii: "#") } ?? false }

    /// Number of spaces and tabs in front of the line's first visible character.
    func indentation(_ line: Int) -> Int { (firstVisible(line) ?? start(line)) - start(line) }

    private func firstVisible(_ line: Int) -> Int? {
        bytes[start(line)..<start(line + 1)].firstIndex { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D && $0 != 0x0A }
    }
}

extension [Int] {
    /// The first index whose element satisfies a condition that, once true, stays true.
    fileprivate func partitioningIndex(_ holds: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
