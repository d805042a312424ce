internal import Git

/// Work in a working tree that no commit of a branch or remote has: what goes with it when it is deleted.
struct TreeWork {
    private let gitDirectory: String
    private let top: String
    private let entries: [LinkedWorktree.Listed]

    /// - Parameters:
    ///   - gitDirectory: its own, not the one that it shares with other worktrees.
    ///   - top: whether or not it still has its `.git` file.
    init(_ gitDirectory: String, _ top: String) throws {
        self.gitDirectory = gitDirectory
        self.top = top
        entries = try LinkedWorktree.entries(gitDirectory, top)
    }

    /// The paths that `git status` names, whatever the user's configuration hides, and changed files that git was told not to look at. Nothing is
    /// written, in submodules neither.
    func changes() throws -> [(path: String, isUntracked: Bool)] {
        let outcome = try GitProgram.run(["--git-dir", gitDirectory, "--work-tree", top, "--no-optional-locks", "status", "--porcelain", "-z", "--no-renames",
                                          "--untracked-files=normal", "--ignore-submodules=none"], directory: top)
        try outcome.check("cannot tell the state of \(top)")
        let named = outcome.output.split(separator: 0).map { (String(decoding: $0.dropFirst(3), as: UTF8.self), $0.starts(with: "??".utf8)) }
        return try named + LinkedWorktree.hiddenChanges(gitDirectory, top, entries).map { ($0, false) }
    }

    func isTracked(_ path: String) -> Bool { entries.contains { $0.path.elementsEqual(path.utf8) } }

    /// What submodules hold, and what git has set aside: each to be put behind the repo's path.
    func others() throws -> [String] {
        var found = LinkedWorktree.filesInSubmodules(top, entries).map { ", submodule \($0): files that git does not see, since it is not initialised" }
        if !LinkedWorktree.setAside(gitDirectory).isEmpty { found.append(" has changes that git has set aside (autostash)") }
        var withCommits = try Status.submodulesWithOwnCommits(gitDirectory)
        for submodule in try LinkedWorktree.submodules(top, entries) {
            let inner = "\(top)/\(submodule.place)"
            let hidden = try LinkedWorktree.hiddenChanges(submodule.gitDirectory, inner, submodule.entries)
            if !hidden.isEmpty { found.append(", submodule \(submodule.place), \(Self.told(hidden))") }
            // Where a repository was made or cloned inside another, it lies there itself.
            if submodule.gitDirectory.hasPrefix(inner + "/") { withCommits += try Status.ownCommits(submodule.gitDirectory, submodule.place).map { [$0] } ?? [] }
        }
        return found + withCommits.map { ", submodule \($0.name): \(counted($0.unpushed.count, "commit")) on no remote" }
    }

    /// "has 2 uncommitted changes: a, b".
    static func told(_ changes: [String]) -> String {
        "has \(counted(changes.count, "uncommitted change")): \(changes.prefix(5).joined(separator: ", "))\(changes.count > 5 ? ", …" : "")"
    }
}
