internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// The cloning of a project's repositories.
struct FetchRun: Sendable {
    enum Mode: Sendable {
        /// Each on the manifest's version.
        case plain
        /// Each on the lock's revision.
        case locked
        /// The same, with a lock that covers the manifest.
        case frozen
    }
    let project: ProjectName
    let context: Context
    let mode: Mode
    let settings: CloneSettings
    let output: Output

    private enum Outcome: Sendable { case cloned, kept, moved }

    /// Clones what is missing, several at once. Throws at the end when some failed, naming each.
    func run() throws {
        let manifest = try context.readManifest(project)
        try WritePlace.checkCase(manifest, context.weave)
        let lock = mode == .plain ? nil : try context.readLock(project)
        try Self.checkLock(mode, manifest, lock, project)
        let entries = manifest.repositories
        if let lock {
            for entry in entries where lock[entry.path] == nil { output.warn("rwv.lock has no \(entry.path): taking the version that the manifest says") }
        }
        let results = inParallel(entries, width: settings.jobs) { entry in try fetch(entry, lock) }
        var failures: [String] = [], hint: String?
        for (entry, result) in zip(entries, results) {
            switch result {
            case .success(.kept): output.say("keeping \(entry.path) (already cloned)")
            case .success(.moved): output.say("moved \(entry.path) to \(lock?[entry.path]?.version ?? "")")
            case .success(.cloned): break
            case .failure(let failure):
                failures += failure.errors
                hint = hint ?? failure.hint
            }
        }
        let ready = results.count { if case .success = $0 { true } else { false } }
        output.say("\(counted(ready, "repo")) ready")
        if !failures.isEmpty {
            let failed = results.count - ready
            throw CommandFailure(errors: failures + ["\(failed) of \(counted(results.count, "repo")) failed; the others are there"],
                                 hint: hint ?? "run the command again to go on")
        }
    }

    private func fetch(_ entry: RepositoryEntry, _ lock: LockFile?) throws -> Outcome {
        let path = context.weave.clone(entry.path)
        let pinned = lock?[entry.path]?.version
        let version: CloneJob.Version = pinned.map { .exactly($0) } ?? entry.version.map { .following($0) } ?? .standard
        let job = CloneJob(url: entry.url, root: context.weave.root, shown: entry.path.text, version: version, options: settings.options(entry.path))
        if !UnfinishedWork.isTaken(path), try job.run(output) { return .cloned }
        let repository = try job.existing()
        if let origin = Add.originURL(repository), !job.isSource(origin) {
            output.warn("the clone at \(entry.path) comes from \(origin), not from \(entry.url)")
        }
        guard let pinned else { return .kept }
        return try move(repository, path, entry.path, to: pinned)
    }

    /// Brings an existing clone to the lock's revision, unless something uncommitted is there.
    private func move(_ repository: Repository, _ path: String, _ shown: RepoPath, to version: String) throws -> Outcome {
        if let facts = try? RepositoryFacts.read(repository, shown: shown.text), facts.commit == version || facts.tags.contains(version) { return .kept }
        let changes = try Status.changeCount(path)
        guard changes == 0 else {
            throw CommandFailure("\(shown) has \(counted(changes, "uncommitted change")) and is not on \(version)", hint: "commit or stash them, then run the command again")
        }
        if let operation = repository.state { throw CommandFailure("\(shown) is \(operation), and is not on \(version)", hint: "finish or abort that, then run the command again") }
        let head = try repository.head()
        if head.isDetached, let tip = head.commit, !repository.cameByCheckout {
            let lost = try repository.unreachableCommits(from: tip, excluding: [], ownHead: false)
            if let newest = lost.first.first {
                throw CommandFailure("\(shown) has \(counted(lost.count, "commit")) on no branch (newest: \(newest.id.short) \(newest.summary)), and is not on \(version)",
                                     hint: "make a branch of them (git switch -c NAME), then run the command again")
            }
        }
        do throws(GitError) { try CloneJob.switchTo(version, path, exactly: true) } catch {
            throw CommandFailure("cannot bring \(shown) to \(version): \(CloneJob.said(error))", hint: error.hint)
        }
        return .moved
    }

    /// - Throws: for a lock that is missing, and with `--frozen` for one that does not list what the manifest lists, or from elsewhere.
    static func checkLock(_ mode: Mode, _ manifest: Manifest, _ lock: LockFile?, _ project: ProjectName) throws {
        guard mode != .plain else { return }
        let file = Context.shown(project, LockFile.fileName)
        guard let lock else {
            throw CommandFailure("\(file) does not exist", hint: "leave --\(mode == .frozen ? "frozen" : "locked") out, or run 'rwv lock' where the project is complete")
        }
        guard mode == .frozen else { return }
        let missing = manifest.repositories.map(\.path).filter { lock[$0] == nil }
        let moved = manifest.repositories.filter { entry in lock[entry.path].map { $0.url != entry.url } ?? false }
        var reasons = missing.isEmpty ? [] : ["it does not cover \(missing.map(\.text).joined(separator: ", "))"]
        reasons += moved.map { "it has another URL for \($0.path)" }
        if !reasons.isEmpty { throw CommandFailure("\(file) is stale: \(reasons.joined(separator: "; "))", hint: "run 'rwv lock' and commit it") }
    }
}
