internal import Git
internal import Manifest
internal import Syscalls

/// What a working tree says of itself, read without starting a program.
struct RepositoryFacts: Sendable {
    /// The commit at HEAD as 40 digits.
    let commit: String
    /// Names of the tags at HEAD, in order of their refs.
    let tags: [String]

    /// What a lock records: the first tag at HEAD, else the commit.
    var version: String { tags.first ?? commit }

    /// Reads HEAD. `shown` is the repository's name in messages.
    /// - Throws: what opening throws; a failure for a repository without a commit.
    static func read(_ repository: Repository, shown: String) throws -> RepositoryFacts {
        guard let commit = try repository.head().commit else {
            throw CommandFailure("\(shown) has no commit yet", hint: "make a first commit in it")
        }
        return RepositoryFacts(commit: commit.hex, tags: try repository.tagsPointing(at: commit))
    }

    /// Opens the clone or worktree at `path`.
    static func open(_ path: String, shown: String) throws -> Repository {
        guard Files.exists(path) else {
            throw CommandFailure("\(shown) is not on disk", hint: "run 'rwv fetch' to clone what is missing")
        }
        return try Repository(opening: path)
    }
}

/// Runs `body` for each item on several threads (``Thread/map(_:width:_:)``), errors as values, in order.
func inParallel<T: Sendable, R: Sendable>(_ items: [T], width: Int = max(2, CurrentProcess.processorCount), _ body: @escaping @Sendable (T) throws -> R)
    -> [Result<R, CommandFailure>] {
    Thread.map(items, width: width) { item in
        do { return .success(try body(item)) } catch { return .failure(CommandFailure(reporting: error)) }
    }
}
