internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// Where one repository of a project stands: what `rwv status` says of it.
struct RepositoryStatus: Sendable {
    /// How the commit at HEAD is related to what rwv.lock records. The words are those of repoweave 0.3.
    enum Relation: String, Sendable {
        case ok, ahead, behind, diverged
        /// rwv.lock has no entry, or there is no rwv.lock.
        case noLock = "no-lock"
        /// It cannot be told: nothing is checked out, or what is locked is not in the clone.
        case unknown
    }

    let entry: RepositoryEntry
    /// The version in rwv.lock: a tag or a commit.
    let locked: String?
    /// False for what is not cloned.
    var isPresent = true
    /// Nil while HEAD is detached, and for what is not cloned.
    var branch: String?
    /// Nil before the first commit.
    var tip: ObjectID?
    /// The number of changed and untracked files; nil for what is not cloned.
    var changes: Int?
    /// What waits to be finished, such as "rebasing".
    var operation: String?
    /// The short name of what the branch follows.
    var upstream: String?
    var distance: AheadBehind?
    var relation: Relation
    /// Why it could not be read.
    var error: String?

    /// One that could not be read.
    init(of entry: RepositoryEntry, locked: String?, error: String) {
        self.entry = entry
        self.locked = locked
        self.error = error
        relation = locked == nil ? .noLock : .unknown
    }

    /// Looks at the working tree at `path`. Starts no program where nothing is changed.
    /// - Throws: what opening and reading it throws. One that is not there is no error.
    init(of entry: RepositoryEntry, at path: String, locked: String?) throws {
        self.entry = entry
        self.locked = locked
        relation = locked == nil ? .noLock : .unknown
        guard Files.exists(path) else { isPresent = false; return }
        let repository = try Repository(opening: path)
        let head = try repository.head()
        (branch, tip) = (head.branch, head.commit)
        operation = repository.state
        changes = try Status.changeCount(path)
        guard let tip else { return }
        if let branch, let full = try repository.upstream(of: branch), let other = try repository.references.read(full) {
            upstream = Self.short(full)
            distance = try repository.aheadBehind(tip, other)
        }
        if let locked { relation = try Self.relation(tip, locked, repository) }
    }

    private static func relation(_ tip: ObjectID, _ version: String, _ repository: Repository) throws -> Relation {
        // A lock names tags before anything else.
        let name = try repository.references.exists("refs/tags/\(version)") ? "refs/tags/\(version)" : version
        guard let pinned = try? repository.resolveCommit(name) else { return .unknown }
        let apart = try repository.aheadBehind(tip, pinned)
        return switch (apart.ahead > 0, apart.behind > 0) {
        case (false, false): .ok
        case (true, false): .ahead
        case (false, true): .behind
        case (true, true): .diverged
        }
    }

    private static func short(_ reference: String) -> String {
        for prefix in ["refs/remotes/", "refs/heads/"] where reference.hasPrefix(prefix) { return String(reference.dropFirst(prefix.count)) }
        return reference
    }
}

extension RepositoryStatus {
    /// One cell for each column: path, branch, tip, changes, upstream, lock, relation.
    var cells: [String] {
        let tree = [changes.map { $0 == 0 ? "clean" : "\($0) changed" }, operation].compactMap { $0 }.joined(separator: ", ")
        let follows = upstream.map { name in distance.map { "\(name) +\($0.ahead) -\($0.behind)" } ?? name }
        let none = error != nil ? "unreadable" : isPresent ? "no commit" : "not cloned"
        return [
            entry.path.text, branch ?? (tip == nil ? "-" : "(detached)"), tip.map { String($0.hex.prefix(12)) } ?? none,
            tree.isEmpty ? "-" : tree, follows ?? "-", locked.map { "lock: \(ObjectID(hex: $0) == nil ? $0 : String($0.prefix(12)))" } ?? "-",
            "[\(relation.rawValue)]",
        ]
    }

    var json: JSON {
        .object([
            ("path", .string(entry.path.text)), ("role", .string(entry.role?.rawValue)), ("present", .bool(isPresent)), ("branch", .string(branch)),
            ("tip", .string(tip?.hex)), ("changed", changes.map(JSON.number) ?? .null), ("operation", .string(operation)),
            ("upstream", .string(upstream)), ("ahead", distance.map { .number($0.ahead) } ?? .null),
            ("behind", distance.map { .number($0.behind) } ?? .null), ("lock", .string(locked)), ("relation", .string(relation.rawValue)),
            ("error", .string(error)),
        ])
    }
}
