internal import CGit2
internal import Syscalls

/// How far two lines of history have moved apart.
package struct AheadBehind: Sendable, Hashable {
    package let ahead: Int
    package let behind: Int
}

/// Commits that only one reference keeps alive.
package struct UnreachableCommits: Sendable, Hashable {
    package let count: Int
    /// The newest of them, at most as many as were asked for.
    package let first: [Commit]
    package var isEmpty: Bool { count == 0 }
}

/// What is not committed, or not kept elsewhere.
package enum Status {
    /// Above this many index entries git itself is faster: it compares trees by the index's TREE extension, on several threads.
    private static let largeIndex = 5000

    /// The number of lines of `git status --porcelain`: staged, changed and untracked, an untracked directory as one.
    ///
    /// By libgit2 where that finds nothing; by git where it finds something, or where filters, sparse patterns, submodules or a file system monitor are at work,
    /// and for large trees. Takes no lock and writes no index.
    package static func changeCount(_ workTree: String) throws(GitError) -> Int { try changeCount(Repository(opening: workTree)) }

    /// The same, for one that is open; none in a bare one.
    package static func changeCount(_ repository: Repository) throws(GitError) -> Int {
        guard let workTree = repository.workingDirectory else { return 0 }
        if try needsProgram(repository) { return try countByProgram(workTree) }
        var options = unsafe git_status_options()
        try git(unsafe git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION)), "cannot read the status of \(workTree)")
        unsafe options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue | GIT_STATUS_OPT_RENAMES_HEAD_TO_INDEX.rawValue
        var list: OpaquePointer?
        try git(unsafe git_status_list_new(&list, repository.pointer, &options), "cannot read the status of \(workTree)")
        defer { unsafe git_status_list_free(list) }
        // Clean is clean to both. What differs is counted by git: libgit2 1.5 converts some files otherwise (ident, encodings).
        return unsafe git_status_list_entrycount(list) == 0 ? 0 : try countByProgram(workTree)
    }

    private static func needsProgram(_ repository: Repository) throws(GitError) -> Bool {
        let configuration = try repository.configuration.get()
        let monitor = configuration["core.fsmonitor"].map { !["", "false", "no", "off", "0"].contains($0.lowercased()) } ?? false
        if monitor || configuration.bool("core.untrackedcache") || configuration.bool("core.sparsecheckout") { return true }
        if configuration["status.renames"] != nil || configuration["diff.renames"] != nil || configuration["status.showuntrackedfiles"] != nil { return true }
        if configuration.first(where: { $0.name.hasPrefix("filter.") }) != nil { return true }
        var index: OpaquePointer?
        guard unsafe git_repository_index(&index, repository.pointer) >= 0, let index = unsafe index else { return true }
        defer { unsafe git_index_free(index) }
        let count = unsafe git_index_entrycount(index)
        if count > largeIndex { return true }
        for i in 0..<count {
            guard let entry = unsafe git_index_get_byindex(index, i) else { continue }
            if unsafe entry.pointee.mode == FileMode.gitlink || entry.pointee.flags & 0x3000 != 0 { return true }
        }
        return false
    }

    private static func countByProgram(_ workTree: String) throws(GitError) -> Int {
        let outcome = try GitProgram.run(["--no-optional-locks", "status", "--porcelain"], directory: workTree)
        try outcome.check("cannot read the status of \(workTree)")
        return outcome.output.count { $0 == UInt8(ascii: "\n") }
    }
}

extension Repository {
    /// How many commits are in one but not in the other (git_graph_ahead_behind; git rev-list in a shallow clone, since libgit2 1.5
    /// does not know where its history ends).
    package func aheadBehind(_ local: ObjectID, _ upstream: ObjectID) throws(GitError) -> AheadBehind {
        if local == upstream { return AheadBehind(ahead: 0, behind: 0) }
        if isShallow { return try aheadBehindByProgram(local, upstream) }
        var ahead = 0, behind = 0
        var a = local.oid, b = upstream.oid
        try git(unsafe git_graph_ahead_behind(&ahead, &behind, pointer, &a, &b), "cannot compare \(local.short) with \(upstream.short)")
        return AheadBehind(ahead: ahead, behind: behind)
    }

    private func aheadBehindByProgram(_ local: ObjectID, _ upstream: ObjectID) throws(GitError) -> AheadBehind {
        let outcome = try GitProgram.run(["--git-dir", commonDirectory, "rev-list", "--left-right", "--count", "\(local.hex)...\(upstream.hex)"],
                                         directory: commonDirectory)
        try outcome.check("cannot compare \(local.short) with \(upstream.short)")
        let counts = outcome.outputText.split { $0 == "\t" || $0 == "\n" }.compactMap { Int($0) }
        guard counts.count == 2 else { throw GitError(.other, "git rev-list answered something unexpected") }
        return AheadBehind(ahead: counts[0], behind: counts[1])
    }

    /// The full name of the reference that a branch (short name) follows, as configured; nil when none is or it is gone.
    package func upstream(of branch: String) throws(GitError) -> String? {
        var name = unsafe git_buf()
        let result = unsafe git_branch_upstream_name(&name, pointer, "refs/heads/" + branch)
        if result < 0 { return nil }
        defer { unsafe git_buf_dispose(&name) }
        guard let text = unsafe name.ptr else { return nil }
        let full = unsafe String(cString: text)
        return try references.exists(full) ? full : nil
    }

    /// Ahead of and behind the branch's upstream; nil when it has none.
    package func aheadBehind(branch: String) throws(GitError) -> AheadBehind? {
        guard let upstream = try upstream(of: branch), let local = try references.read("refs/heads/" + branch),
              let other = try references.read(upstream) else { return nil }
        return try aheadBehind(local, other)
    }

    /// Commits reachable from `head` but from no branch, remote branch, tag, or HEAD of another worktree (git_revwalk_hide).
    /// - Parameters:
    ///   - excluding: full names of branches that do not count, as they go together with `head`.
    ///   - worktree: the name of the worktree whose own HEAD does not count.
    ///   - ownHead: whether the HEAD of the clone's own working tree counts.
    ///   - limit: how many commits are described.
    package func unreachableCommits(from head: ObjectID, excluding: Set<String>, worktree: String? = nil, ownHead: Bool = true, limit: Int = 3)
        throws(GitError) -> UnreachableCommits {
        // Mostly the clone's own branch has them, and no other reference need be read.
        if ownHead, let own = try? self.head(), let commit = own.commit, own.branch.map({ !excluding.contains("refs/heads/" + $0) }) ?? true,
           try commits(from: [head], hiding: [commit], limit: 0).isEmpty { return UnreachableCommits(count: 0, first: []) }
        var keepers: Set<ObjectID> = []
        for prefix in ["refs/heads/", "refs/remotes/", "refs/tags/"] {
            for (name, target) in try references.list(prefix) where !excluding.contains(name) { keepers.insert(target) }
        }
        // The clone's own HEAD keeps a commit only when detached: its branch is in the list above.
        let main = commonDirectory + "/HEAD"
        let text = try onDisk("cannot read \(main)") { () throws(Errno) in try Files.readIfExists(main) ?? [] }
        if ownHead, let id = ObjectID(hexBytes: text.prefix(40)) { keepers.insert(id) }
        for other in try LinkedWorktree.list(commonDirectory) where other.name != worktree {
            if let id = other.detachedAt { keepers.insert(id) }
        }
        return try commits(from: [head], hiding: keepers, limit: limit)
    }

    /// The same for the branch of a workweave, also in a shallow clone, where git walks: libgit2 1.5 does not know where its history ends.
    /// - Parameters:
    ///   - tip: what the branch, or the worktree's HEAD, points to.
    ///   - branch: the full name of the ephemeral branch.
    /// - Returns: how many there are, and the newest as "abc1234 its subject"; nil when there is none.
    package func commitsOnly(in workweave: String, from tip: ObjectID, branch: String) throws(GitError) -> (count: Int, newest: String)? {
        guard isShallow else {
            let lost = try unreachableCommits(from: tip, excluding: [branch, "refs/rwv/\(workweave)/base"], worktree: workweave, limit: 1)
            return lost.isEmpty ? nil : (lost.count, lost.first.first.map { "\($0.id.short) \($0.summary)" } ?? tip.short)
        }
        if let own = try? head(), own.commit == tip, own.branch.map({ "refs/heads/" + $0 }) != branch { return nil }
        let outcome = try GitProgram.run(["--git-dir", commonDirectory, "log", "--format=%h %s", tip.hex, "--not", "--exclude=\(branch.dropFirst("refs/heads/".count))", "--branches", "--remotes", "--tags"],
                                         directory: commonDirectory)
        try outcome.check("cannot walk the history of \(commonDirectory)")
        let lines = outcome.outputText.split(separator: "\n")
        return lines.isEmpty ? nil : (lines.count, String(lines[0]))
    }

    /// Commits reachable from `starts` and from none of `hidden` (which may be tags); newest first.
    func commits(from starts: [ObjectID], hiding hidden: Set<ObjectID>, limit: Int) throws(GitError) -> UnreachableCommits {
        let open = starts.filter { !hidden.contains($0) }
        if open.isEmpty { return UnreachableCommits(count: 0, first: []) }
        var walk: OpaquePointer?
        try git(unsafe git_revwalk_new(&walk, pointer), "cannot walk the history of \(commonDirectory)")
        defer { unsafe git_revwalk_free(walk) }
        _ = unsafe git_revwalk_sorting(walk, GIT_SORT_TIME.rawValue)
        for id in open {
            var oid = id.oid
            try git(unsafe git_revwalk_push(walk, &oid), "cannot walk the history of \(id.short)")
        }
        for id in hidden {
            // What is no commit (a tag of a tree) keeps none.
            var oid = id.oid
            _ = unsafe git_revwalk_hide(walk, &oid)
        }
        var count = 0
        var first: [Commit] = []
        var oid = git_oid()
        while true {
            let result = unsafe git_revwalk_next(&oid, walk)
            if result == GIT_ITEROVER.rawValue { return UnreachableCommits(count: count, first: first) }
            try git(result, "cannot walk the history of \(commonDirectory)")
            count += 1
            if first.count < limit { first.append(try commit(ObjectID(oid))) }
        }
    }
}
