/// Why a text is not the YAML that is wanted, and where.
package struct YAMLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, without position or file name.
    package let message: String
    /// Line, from 1.
    package let line: Int
    /// Column in Unicode code points, from 1.
    package let column: Int

    package init(message: String, line: Int, column: Int) {
        self.message = message
        self.line = line
        self.column = column
    }

    package init(_ message: String, at mark: YAMLMark) {
        self.init(message: message, line: mark.line, column: mark.column)
    }

    /// `line:column: message`.
    package var description: String { "\(line):\(column): \(message)" }
}
