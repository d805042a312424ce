internal import CGit2

/// libgit2 as a whole: started once per process, never shut down.
enum Library {
    /// Touch before any other call. Idempotent, from any thread (git_libgit2_init).
    ///
    /// Objects are not hashed again when they are read (git does not do so on checkout either): reading a blob
    /// is two to three times faster without.
    static let ready: Bool = {
        guard git_libgit2_init() > 0 else { return false }
        _ = rwv_git_set_strict_hash(0)
        return rwv_git_allow_extensions() == 0
    }()
}
