internal import CGit2
internal import Syscalls

/// An open repository: a clone, a bare repository, or a linked worktree (git_repository_open_ext).
///
/// Used by one thread at a time; open one for each thread. Opening takes some hundred microseconds.
@safe package final class Repository: @unchecked Sendable {
    let pointer: OpaquePointer
    private var opened: ObjectDatabase?
    /// Read at first use, and kept as it was then.
    package private(set) lazy var configuration: Result<Configuration, GitError> = Configuration.load(of: self)

    /// Opens the repository at exactly `path` (its top directory, or its git directory), never one above it.
    /// - Throws: notFound, notARepository, sha256, unsupportedExtension, ownership, or damaged.
    package convenience init(opening path: String) throws(GitError) {
        try unsafe self.init(path) { opened in
            unsafe git_repository_open_ext(&opened, path, UInt32(GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue), nil)
        }
    }

    /// Opens a git directory without its working tree, which need not exist (git_repository_open_bare). Bare, whatever it says.
    package convenience init(openingGitDirectory path: String) throws(GitError) {
        try unsafe self.init(path) { opened in unsafe git_repository_open_bare(&opened, path) }
    }

    private init(_ path: String, _ open: (inout OpaquePointer?) -> Int32) throws(GitError) {
        guard Library.ready else { throw Library.failure }
        var opened: OpaquePointer?
        var result = Library.open { unsafe open(&opened) }
        if result < 0 {
            let error = Self.explain(result, path)
            // libgit2 1.5 does not know `safe.directory = *`.
            guard error.code == .ownership, let asked = try? GitProgram.run(["rev-parse", "--git-dir"], directory: path), asked.succeeded else { throw error }
            result = Library.open(ofAnyone: true) { unsafe open(&opened) }
        }
        guard result >= 0, let opened = unsafe opened else { throw Self.explain(result, path) }
        unsafe pointer = opened
        // A format that libgit2 opens but misreads.
        if try isSHA256Configured(gitDirectory: commonDirectory) { throw Self.sha256(path) }
    }

    deinit { unsafe git_repository_free(pointer) }

    /// The repository's own git directory, absolute, without a slash at its end. In a linked worktree: `…/.git/worktrees/NAME`.
    package var gitDirectory: String { unsafe withoutSlash(git_repository_path(pointer)) ?? "" }
    /// The git directory that all worktrees of the clone share.
    package var commonDirectory: String { unsafe withoutSlash(git_repository_commondir(pointer)) ?? "" }
    /// The top of the working tree, without a slash at its end; nil when bare.
    package var workingDirectory: String? { unsafe withoutSlash(git_repository_workdir(pointer)) }
    /// Its objects; opened at first use.
    package var objects: ObjectDatabase {
        get throws(GitError) {
            if let opened { return opened }
            let database = try ObjectDatabase(self)
            opened = database
            return database
        }
    }
    package var isBare: Bool { unsafe git_repository_is_bare(pointer) == 1 }
    /// History was cut off by `clone --depth`.
    package var isShallow: Bool { unsafe git_repository_is_shallow(pointer) == 1 }
    package var isLinkedWorktree: Bool { unsafe git_repository_is_worktree(pointer) == 1 }

    /// Objects may be missing here and are promised by ``promisorRemote``.
    package var isPartialClone: Bool { promisorRemote != nil }

    /// The remote that promises what is missing (extensions.partialClone, remote.NAME.promisor).
    package var promisorRemote: String? {
        guard case .success(let all) = configuration else { return nil }
        if let named = all["extensions.partialclone"], !named.isEmpty { return named }
        return all.first { $0.name.hasPrefix("remote.") && $0.name.hasSuffix(".promisor") && Configuration.bool($0.value) }
            .map { String($0.name.dropFirst("remote.".count).dropLast(".promisor".count)) }
    }

    /// The operation that waits to be finished in this working tree: "merging", "rebasing", …; nil when there is none.
    package var state: String? {
        switch unsafe git_repository_state_t(UInt32(bitPattern: git_repository_state(pointer))) {
        case GIT_REPOSITORY_STATE_NONE: nil
        case GIT_REPOSITORY_STATE_MERGE: "merging"
        case GIT_REPOSITORY_STATE_REVERT, GIT_REPOSITORY_STATE_REVERT_SEQUENCE: "reverting"
        case GIT_REPOSITORY_STATE_CHERRYPICK, GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE: "cherry-picking"
        case GIT_REPOSITORY_STATE_BISECT: "bisecting"
        case GIT_REPOSITORY_STATE_REBASE, GIT_REPOSITORY_STATE_REBASE_INTERACTIVE, GIT_REPOSITORY_STATE_REBASE_MERGE: "rebasing"
        case GIT_REPOSITORY_STATE_APPLY_MAILBOX, GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE: "applying patches"
        default: "busy"
        }
    }
}

/// A C path as text, without the slash that libgit2 puts at the end of directories.
@unsafe private func withoutSlash(_ path: UnsafePointer<CChar>?) -> String? {
    guard let path = unsafe path else { return nil }
    let text = unsafe String(cString: path)
    return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
}

// MARK: - Why a repository did not open

extension Repository {
    private static func explain(_ result: Int32, _ path: String) -> GitError {
        let error = GitError(libgit2: result, "cannot open the git repository \(path)")
        // libgit2 1.5 lets out that safe.directory is unset instead of what follows from it.
        if error.code == .ownership || error.cause?.contains("safe.directory") == true {
            return GitError(.ownership, "\(path) belongs to another user, so git does not trust it",
                            hint: "git config --global --add safe.directory \(path)")
        }
        for directory in [path + "/.git", path] {
            if (try? isSHA256Configured(gitDirectory: directory)) == true { return sha256(path) }
        }
        if let said = error.cause, said.contains("extension") || said.contains("repository version") {
            return GitError(.unsupportedExtension, "\(path) uses a git repository feature that is not supported here",
                            hint: "look at the [extensions] section of its config", cause: said)
        }
        guard Files.exists(path) else { return GitError(.notFound, "there is nothing at \(path)") }
        if error.code == .objectMissing { return GitError(.notARepository, "\(path) is not a git repository") }
        return GitError(error.code == .other ? .damaged : error.code, error.message, cause: error.cause)
    }

    private static func sha256(_ path: String) -> GitError {
        GitError(.sha256, "\(path) is a SHA-256 repository, which is not supported",
                 hint: "use a clone with SHA-1 object names (git clone of a repository made with --object-format=sha1)")
    }
}

/// Whether `config` in this git directory says extensions.objectFormat = sha256.
private func isSHA256Configured(gitDirectory: String) throws(GitError) -> Bool {
    var config: OpaquePointer?
    guard unsafe git_config_open_ondisk(&config, gitDirectory + "/config") >= 0, let config = unsafe config else { return false }
    defer { unsafe git_config_free(config) }
    var value = unsafe git_buf()
    guard unsafe git_config_get_string_buf(&value, config, "extensions.objectformat") >= 0 else { return false }
    defer { unsafe git_buf_dispose(&value) }
    guard let text = unsafe value.ptr else { return false }
    return unsafe String(cString: text).lowercased() == "sha256"
}
