package import Git
package import Manifest
package import Syscalls

/// What went wrong, for a person: what happened, and what to do about it. Thrown by Weave, Views and Control; printed by Commands.
package struct WeaveError: Error, Sendable, Equatable, Codable {
    /// For programs; stable.
    package enum Code: String, Sendable, Codable {
        case notFound, exists, busy, dirty, invalid, notAWeave, notARepository, unsupported, denied, noSpace, readOnly, noServer, version, failed, git, manifest
    }
    package var code: Code
    package var message: String
    package var hint: String?

    package init(_ code: Code, _ message: String, hint: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// A failed system call: `doing` completes "cannot …".
    package init(_ errno: Errno, _ doing: String) {
        message = "cannot \(doing): \(errno)"
        switch errno {
        case .noSpace: (code, hint) = (.noSpace, "free some space on that disk and run the command again; nothing was changed")
        case .readOnly: (code, hint) = (.readOnly, "the weave lies on a read-only file system; mount it read-write")
        case .accessDenied, .permission: (code, hint) = (.denied, "check the permissions and owner of that path")
        case .notFound: (code, hint) = (.notFound, nil)
        case .exists: (code, hint) = (.exists, nil)
        default: (code, hint) = (.failed, nil)
        }
    }

    package init(_ error: GitError) {
        self.init(.git, error.message, hint: error.hint)
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
