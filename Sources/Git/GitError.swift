internal import CGit2
package import Syscalls

/// Why something about a git repository did not work. One value for libgit2, the git program and the files between them.
package struct GitError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure, for those who decide by it.
    package enum Code: Sendable, Hashable {
        /// There is nothing at the path.
        case notFound
        /// There is something at the path, but no repository.
        case notARepository
        /// A repository whose objects are named by SHA-256, which libgit2 cannot read.
        case sha256
        /// An extension or a format version that we do not know.
        case unsupportedExtension
        /// The repository belongs to another user (safe.directory).
        case ownership
        /// No such object in the object database. In a partial clone it may be fetched.
        case objectMissing
        /// No such reference, revision or worktree.
        case referenceMissing
        /// The reference, or the worktree, exists already.
        case exists
        /// A reference of another name is in the way: `a` and `a/b` cannot both exist.
        case referenceConflict
        /// The reference is not where the caller expected it.
        case changed
        /// A name that git does not allow.
        case invalidName
        /// A tree holds a name that git would refuse to check out, such as `.git`.
        case unsafeTree
        /// An object or file is not in the form that it should have.
        case damaged
        /// Somebody else holds a lock file for too long.
        case locked
        /// The git program is not installed, or not on the PATH.
        case programMissing
        /// The git program ran and failed; the message holds what it said.
        case programFailed
        /// The git program did not end in time and was killed.
        case timedOut
        /// The disk said no; `cause` says why.
        case disk
        /// Anything else.
        case other
    }

    package let code: Code
    /// A sentence without a full stop, with the names of what it is about.
    package let message: String
    /// What the user can do about it.
    package let hint: String?
    /// What the layer below said.
    package let cause: String?

    package init(_ code: Code, _ message: String, hint: String? = nil, cause: String? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }

    /// A failed system call.
    package init(_ errno: Errno, _ doing: String) {
        let code: Code = errno == .notFound ? .notFound : errno == .exists ? .exists : errno == .timedOut ? .timedOut : .disk
        self.init(code, doing, cause: errno.description)
    }
}

/// Runs system calls and turns their errno into a ``GitError`` that says what was being done.
func onDisk<R>(_ doing: @autoclosure () -> String, _ body: () throws(Errno) -> R) throws(GitError) -> R {
    do throws(Errno) { return try body() } catch { throw GitError(error, doing()) }
}

/// Throws what libgit2 says of a negative result (git_error_last); passes the others through.
@discardableResult
func git(_ result: Int32, _ doing: @autoclosure () -> String) throws(GitError) -> Int32 {
    if result >= 0 { return result }
    throw GitError(libgit2: result, doing())
}

extension GitError {
    /// The error of a libgit2 call that has just returned `result` in this thread.
    init(libgit2 result: Int32, _ doing: String) {
        var said = "libgit2 error \(result)"
        if let last = unsafe git_error_last(), let text = unsafe last.pointee.message { said = unsafe String(cString: text) }
        let code: Code = switch git_error_code(result) {
        case GIT_ENOTFOUND: .objectMissing
        case GIT_EEXISTS: .exists
        case GIT_EINVALIDSPEC: .invalidName
        case GIT_ELOCKED: .locked
        case GIT_EMODIFIED: .changed
        case GIT_EMISMATCH: .damaged
        case GIT_EOWNER: .ownership
        default: .other
        }
        self.init(code, doing, cause: said)
    }
}
