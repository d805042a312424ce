internal import CGit2
internal import Syscalls

/// libgit2 as a whole: loaded and started once per process, never shut down.
enum Library {
    /// Touch before any other call. Idempotent, from any thread (dlopen(3), git_libgit2_init).
    ///
    /// Objects are not hashed again when they are read (git does not do so on checkout either): reading a blob
    /// is two to three times faster without.
    static let ready: Bool = {
        guard unsafe rwv_git_load_error() == nil, git_libgit2_init() > 0 else { return false }
        _ = rwv_git_set_strict_hash(0)
        return rwv_git_allow_extensions() == 0
    }()

    /// Held while a repository is opened: to write by who does it without asking for its owner.
    private static let opening = ReadWriteLock()

    /// Opens a repository. - Parameter ofAnyone: also one of another user; the caller has seen to it that git trusts it.
    static func open(ofAnyone: Bool = false, _ body: () -> Int32) -> Int32 {
        guard ofAnyone else { return opening.withReadLock(body) }
        return opening.withWriteLock {
            _ = rwv_git_set_owner_check(0)
            defer { _ = rwv_git_set_owner_check(1) }
            return body()
        }
    }

    /// Why it is not ``ready``.
    static var failure: GitError {
        GitError(.other, "libgit2 did not start", hint: "install libgit2 \(LIBGIT2_SOVERSION) (Debian: apt-get install libgit2-\(LIBGIT2_SOVERSION))",
                 cause: unsafe rwv_git_load_error().map { unsafe String(cString: $0) })
    }
}
