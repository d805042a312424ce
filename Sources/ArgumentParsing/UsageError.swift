/// A command line that means nothing: exit code 2.
package struct UsageError: Error, Equatable, Sendable {
    package let message: String
    package let hint: String

    package init(_ message: String, hint: String) {
        self.message = message
        self.hint = hint
    }
}
