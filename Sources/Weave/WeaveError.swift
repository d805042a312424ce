package import Git
package import Manifest
package import Syscalls

/// What went wrong, for a person: what happened, and what to do about it. Thrown by Weave, Views and Control; printed by Commands.
package struct WeaveError: Error, Sendable, Equatable, Codable {
    /// For programs; stable.
    package enum Code: String, Sendable, Codable {
        case notFound, exists, busy, dirty, invalid, notAWeave, notARepository, unsupported, denied, noSpace, readOnly, noServer, stopped, version, failed, git, manifest
    }
    package var code: Code
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// What happened and what to do about it, in one.
    package var sentence: String { hint.map { "\(message); \($0)" } ?? message }

    /// The remedy for each kind of failed system call.
    private static let remedies: [Errno: (Code, String)] = [
        .noSpace: (.noSpace, "free some space on that disk and run the command again; nothing was changed"),
        .readOnly: (.readOnly, "the weave lies on a read-only file system; mount it read-write"),
        .accessDenied: (.denied, "check the permissions and owner of that path"),
        .permission: (.denied, "check the permissions and owner of that path"),
        .notFound: (.notFound, "check that the path is there"),
        .exists: (.exists, "move it aside, or choose another name"),
    ]

    /// A failed system call: `doing` completes "cannot …".
    package init(_ errno: Errno, _ doing: String) {
        message = "cannot \(doing): \(errno)"
        (code, hint) = Self.remedies[errno] ?? (.failed, "see the log in .rwv/log, and run the command again")
    }

    package init(_ error: GitError) {
        let text = error.description
        // git says it in its own words, among others.
        let isFull = text.contains("\(Errno.noSpace)") || text.contains("Out of diskspace")
        self.init(isFull ? .noSpace : .git, text, hint: isFull ? Self.remedies[.noSpace]?.1 : error.hint ?? Self.hint(error.code))
    }

    /// What to do about an error of git that says nothing of it itself.
    private static func hint(_ code: GitError.Code) -> String {
        switch code {
        case .notFound, .notARepository: "run 'rwv fetch' to clone what is missing, or take the entry out of rwv.yaml"
        case .objectMissing, .damaged: "run 'git fsck' there; fetch what is missing"
        case .referenceMissing: "see 'git branch -a' and 'git tag' there"
        case .exists, .referenceConflict, .changed: "choose another name"
        case .locked: "another git is at work there; run the command again"
        case .programMissing: "install git"
        default: "see what 'git status' says there"
        }
    }

    package init(_ error: ManifestError) {
        self.init(.manifest, error.description, hint: error.hint)
    }
}

/// Runs a system call and turns its errno into a ``WeaveError`` that says what was being done.
@inline(__always)
package func system<R: ~Copyable>(_ doing: @autoclosure () -> String, _ call: () throws(Errno) -> R) throws(WeaveError) -> R {
    do throws(Errno) { return try call() } catch { throw WeaveError(error, doing()) }
}

/// The same for git.
@inline(__always)
package func git<R: ~Copyable>(_ call: () throws(GitError) -> R) throws(WeaveError) -> R {
    do throws(GitError) { return try call() } catch { throw WeaveError(error) }
}
