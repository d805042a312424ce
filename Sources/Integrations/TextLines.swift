/// The lines of a text with what stands around them, so that those which are not changed stay byte for byte.
struct TextLines {
    /// Without their ends. Where these are of both kinds, a carriage return is part of its line.
    var lines: [String]
    /// CR LF if every line ends so, else LF.
    let end: String
    /// The byte order mark, or nothing.
    private let mark: String

    init(_ bytes: [UInt8]) {
        let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF]), carriageReturn = UInt8(ascii: "\r")
        mark = hasMark ? "\u{feff}" : ""
        let parts = bytes.dropFirst(hasMark ? 3 : 0).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let isWindows = parts.count > 1 && parts.dropLast().allSatisfy { $0.last == carriageReturn }
        end = isWindows ? "\r\n" : "\n"
        lines = parts.enumerated().map { String(decoding: isWindows && $0 < parts.count - 1 ? $1.dropLast() : $1, as: UTF8.self) }
    }

    /// The whole text.
    var text: String { mark + lines.joined(separator: end) }
}
