internal import ArgumentParsing
internal import Git
internal import Integrations
internal import Manifest
internal import Syscalls
internal import Weave

/// What the user is told when a command does not do what it was asked: `error:` lines, then one `hint:`.
struct CommandFailure: Error, Equatable, Sendable {
    /// Each becomes an `error:` line.
    var errors: [String]
    var hint: String?
    var status: Int32 = 1

    init(_ errors: String..., hint: String? = nil, status: Int32 = 1) {
        self.init(errors: errors, hint: hint, status: status)
    }

    init(errors: [String], hint: String? = nil, status: Int32 = 1) {
        self.errors = errors
        self.hint = hint
        self.status = status
    }

    /// The command said already, on its own, why it ends with 1.
    static let silent = CommandFailure(errors: [], hint: nil, status: 1)

    /// The one place where errors of the rooms below become words and exit codes.
    init(reporting error: any Error) {
        switch error {
        case let error as CommandFailure: self = error
        case let error as UsageError: self.init(error.message, hint: error.hint, status: 2)
        // Who uses it, or what would be lost: a line each.
        case let error as WeaveError where error.code == .busy || error.code == .dirty:
            self.init(errors: error.message.split(separator: "\n").map(String.init), hint: error.hint)
        case let error as WeaveError: self.init(error.message, hint: error.hint)
        case let error as GitError: self.init(reporting: WeaveError(error))
        case let error as ManifestError: self.init(error.description, hint: error.hint)
        case let error as IntegrationError: self.init(error.message, hint: error.hint)
        case let error as Errno: self.init(error.description)
        default: self.init("\(error)")
        }
    }
}
