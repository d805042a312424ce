internal import Control
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// What would be lost with a workweave: uncommitted changes, commits that nothing else keeps, the user's own files at the root.
struct WorkweaveLosses {
    struct Loss: Sendable {
        let text: String
    }

    private let weave: Weave
    private let info: WorkweaveInfo
    private let record: WorkweaveRecord?

    init(_ weave: Weave, _ info: WorkweaveInfo) throws {
        self.weave = weave
        record = try WorkweaveRecord.read(weave.states + "/" + info.name)
        var info = info
        // The link in a checkout's usual place is there only while somebody serves.
        if let record, record.engine == "checkout" { info.path = weave.top(of: record) }
        self.info = info
    }

    /// - Throws: when the workweave is not shown, so that nobody can tell.
    func all() throws -> [Loss] {
        try requireShown()
        var found: [Loss] = []
        for result in inParallel(info.repos, { try losses(of: $0) }) { found += try result.get() }
        return found + (try rootLosses())
    }

    private func requireShown() throws {
        let isShown = info.engine == "kernel" ? MountTable.find(info.path)?.type == ExclusiveUse.mountType : Files.isDirectory(info.path)
        if !isShown { throw CommandFailure("\(info.path) is not there to be looked at, so nobody can tell what would be lost", hint: "run 'rwv up', then run the command again") }
    }

    /// Of one repo. A repo that nobody touched has none, and is not looked at. - Throws: as ``all()``.
    func losses(of repo: WorkweaveInfo.Repo) throws -> [Loss] {
        guard repo.isTouched else { return [] }
        try requireShown()
        let top = info.path + "/" + repo.path, clone = weave.root + "/" + repo.path
        var losses: [Loss] = []
        guard Files.exists(clone + "/.git") else {
            return Files.isDirectory(top) ? [Loss(text: "\(repo.path): its clone is gone, so its state cannot be told")] : []
        }
        let repository = try Repository(opening: clone)
        let admin = LinkedWorktree.adminDirectory(repository.commonDirectory, info.name)
        if Files.isDirectory(top + "/.git") { losses.append(Loss(text: "\(repo.path) holds a git repository of its own")) }
        if Files.isDirectory(top) {
            let named = try changes(top, admin) + LinkedWorktree.hiddenChanges(admin, top).map { ($0, false) }
            let changes = repo.path == "projects/" + info.project ? try RemadeFiles(weave, info, record).others(named) : named.map(\.path)
            if !changes.isEmpty {
                let more = changes.count > 5 ? ", …" : ""
                losses.append(Loss(text: "\(repo.path) has \(counted(changes.count, "uncommitted change")): \(changes.prefix(5).joined(separator: ", "))\(more)"))
            }
        }
        for place in try LinkedWorktree.filesInSubmodules(admin, top) {
            losses.append(Loss(text: "\(repo.path), submodule \(place): files that git does not see, since it is not initialised"))
        }
        if !LinkedWorktree.setAside(admin).isEmpty { losses.append(Loss(text: "\(repo.path) has changes that git has set aside (autostash)")) }
        var tips = LinkedWorktree.ownReferences(admin).map(\.object)
        if let tip = try repository.references.read("refs/heads/" + repo.branch) { tips.append(tip) }
        if let head = try headOfWorktree(repository.commonDirectory), !tips.contains(head) { tips.append(head) }
        for tip in tips {
            if let text = try commitsOnlyHere(tip, repo, repository) { losses.append(Loss(text: text)) }
        }
        for found in try Status.submodulesWithOwnCommits(LinkedWorktree.adminDirectory(repository.commonDirectory, info.name)) {
            losses.append(Loss(text: "\(repo.path), submodule \(found.name): \(counted(found.unpushed.count, "commit")) on no remote"))
        }
        return losses
    }

    /// The paths that `git status` names, whatever the user's configuration hides and whether or not the tree still has its `.git` file.
    private func changes(_ top: String, _ admin: String) throws -> [(path: String, isUntracked: Bool)] {
        let outcome = try GitProgram.run(["--git-dir", admin, "--work-tree", top, "status", "--porcelain", "-z", "--no-renames",
                                          "--untracked-files=normal", "--ignore-submodules=none"], directory: top)
        try outcome.check("cannot tell the state of \(top)")
        return outcome.output.split(separator: 0).map { (String(decoding: $0.dropFirst(3), as: UTF8.self), $0.starts(with: "??".utf8)) }
    }

    /// Says which commits nothing else keeps; nil when there are none. In a shallow clone git walks, since libgit2 1.5 does not know where its history ends.
    private func commitsOnlyHere(_ tip: ObjectID, _ repo: WorkweaveInfo.Repo, _ repository: Repository) throws -> String? {
        let count: Int, newest: String
        if repository.isShallow {
            let common = repository.commonDirectory
            let outcome = try GitProgram.run(["--git-dir", common, "log", "--format=%h %s", tip.hex, "--not", "--exclude=\(repo.branch)", "--branches", "--remotes", "--tags"],
                                             directory: common)
            try outcome.check("cannot walk the history of \(common)")
            let lines = outcome.outputText.split(separator: "\n")
            (count, newest) = (lines.count, String(lines.first ?? ""))
        } else {
            let lost = try repository.unreachableCommits(from: tip, excluding: ["refs/heads/" + repo.branch, "refs/rwv/\(info.name)/base"], worktree: info.name)
            (count, newest) = (lost.count, lost.first.first.map { "\($0.id.short) \($0.summary)" } ?? "")
        }
        return count == 0 ? nil : "\(repo.path) has \(counted(count, "commit")) on no other branch (newest: \(newest))"
    }

    /// Where the worktree's HEAD is when it is detached (or on another branch, which keeps its own commits).
    private func headOfWorktree(_ common: String) throws -> ObjectID? {
        try LinkedWorktree.find(common, info.name)?.detachedAt
    }

    // MARK: The root

    /// Files of the user's at the root, or in a project directory that is a plain copy: neither generated nor ignored.
    private func rootLosses() throws -> [Loss] {
        let directory = info.engine == "checkout" ? info.path : weave.states + "/\(info.name)/upper"
        let found = RootFiles(weave, in: directory, repos: info.repos.map(\.path), record: record).all()
        let ignored = try self.ignored(found)
        return found.filter { !ignored.contains($0) }.prefix(20).map { Loss(text: "\($0) is yours, and in no repo") }
    }

    /// Those that the weave's `.gitignore` (or one in the workweave) ignores.
    private func ignored(_ paths: [String]) throws -> Set<String> {
        guard !paths.isEmpty, Files.exists(weave.root + "/.gitignore") || Files.exists(info.path + "/.gitignore") else { return [] }
        guard let clone = info.repos.first.map({ weave.root + "/" + $0.path }) else { return [] }
        let git = try Repository(opening: clone).commonDirectory
        let outcome = try GitProgram.run(["--git-dir", git, "--work-tree", info.path, "-c", "core.excludesFile=\(weave.root)/.gitignore", "-c", "core.bare=false",
                                          "check-ignore", "--no-index", "-z", "--stdin"], directory: info.path, input: Array(paths.joined(separator: "\0").utf8) + [0])
        return Set(outcome.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }
}
