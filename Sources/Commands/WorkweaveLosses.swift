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

    /// Has the kernel write to the server what programs have stored in mappings of the view's files (mmap(2), MAP_SHARED), which no stat(2) tells.
    /// To be called before the server is asked what was touched. Overlayfs and ordinary files tell by themselves.
    static func writeBack(_ weave: Weave, _ name: String) {
        guard MountTable.find("\(weave.workweaves)/\(name)") == nil, MountTable.find(weave.workweaves)?.type == MountTable.ours,
              let directory = try? Files.open(weave.workweaves, OpenFlags.directory) else { return }
        try? directory.syncFileSystem()
        directory.close()
    }

    private func requireShown() throws {
        let isShown = info.engine == "kernel" ? MountTable.find(info.path)?.type == ExclusiveUse.mountType : Files.isDirectory(info.path)
        if !isShown { throw CommandFailure("\(info.path) is not there to be looked at, so nobody can tell what would be lost", hint: "run 'rwv up', then run the command again") }
    }

    /// Of one repo. The files of one that nobody touched are not looked at. - Throws: as ``all()``.
    func losses(of repo: WorkweaveInfo.Repo) throws -> [Loss] {
        let top = info.path + "/" + repo.path, clone = weave.root + "/" + repo.path
        // Whether anything else keeps what it was made on is looked at last, where nothing can change any more.
        if !repo.isTouched { return [] }
        try requireShown()
        var losses: [Loss] = []
        guard Files.exists(clone + "/.git") else {
            return Files.isDirectory(top) ? [Loss(text: "\(repo.path): its clone is gone, so its state cannot be told")] : []
        }
        let repository = try Repository(opening: clone)
        let admin = LinkedWorktree.adminDirectory(repository.commonDirectory, info.name)
        if Files.isDirectory(top + "/.git") { losses.append(Loss(text: "\(repo.path) holds a git repository of its own")) }
        if Files.isDirectory(top) {
            let work = try TreeWork(admin, top), named = try work.changes()
            let changes = repo.path == "projects/" + info.project ? try RemadeFiles(weave, info, record).others(named) : named.map(\.path).filter { !isGiven(repo.path + "/" + $0) }
            if !changes.isEmpty { losses.append(Loss(text: "\(repo.path) \(TreeWork.told(changes))")) }
            // Changed copies that git does not name, because it ignores them; the project's own were looked at.
            for path in (record?.given ?? [:]).keys.sorted() where path.hasPrefix(repo.path + "/") && repo.path != "projects/" + info.project {
                let place = String(path.dropFirst(repo.path.count + 1))
                if Files.exists("\(info.path)/\(path)"), !isGiven(path), !changes.contains(place), !work.isTracked(place) {
                    losses.append(Loss(text: "\(path) was copied there, and was changed"))
                }
            }
            losses += try work.others().map { Loss(text: repo.path + $0) }
            // Made inside, maybe where git ignores it.
            for inner in try LinkedWorktree.list(repository.commonDirectory) where inner.path.hasPrefix(top + "/") && Files.isDirectory(inner.path) {
                losses.append(Loss(text: "\(repo.path) holds a worktree: \(inner.path.dropFirst(top.count + 1))"))
            }
        }
        var tips = LinkedWorktree.ownReferences(admin).map(\.object)
        if let tip = try repository.references.read("refs/heads/" + repo.branch) { tips.append(tip) }
        if let head = try headOfWorktree(repository.commonDirectory), !tips.contains(head) { tips.append(head) }
        for tip in tips {
            if let text = try commitsOnlyHere(tip, repo, repository) { losses.append(Loss(text: text)) }
        }
        return losses
    }

    /// Whether what lies there is as the manifest's `copy:` and `link:` have put it there.
    private func isGiven(_ path: String) -> Bool { record?.holdsOnlyGiven(path.hasSuffix("/") ? String(path.dropLast()) : path, in: info.path) ?? false }

    /// Says which commits nothing else keeps; nil when there are none.
    private func commitsOnlyHere(_ tip: ObjectID, _ repo: WorkweaveInfo.Repo, _ repository: Repository) throws -> String? {
        try repository.commitsOnly(in: info.name, from: tip, branch: "refs/heads/" + repo.branch)
            .map { "\(repo.path) has \(counted($0.count, "commit")) on no other branch (newest: \($0.newest))" }
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
