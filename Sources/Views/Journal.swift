internal import Git
internal import JSONCoding
internal import Syscalls
internal import Weave

/// What a create, delete or sync is about to do, written before it begins, so that whoever finds it unfinished can put things straight:
/// an unfinished create is taken back, an unfinished delete is carried through, of an unfinished conversion the form that the record does
/// not name is removed, of a sync the repos that the record does not name are taken away. `.rwv/workweaves/NAME/journal.json`.
struct Journal: Codable, Sendable {
    enum Operation: String, Codable { case create, delete, convert, sync }
    struct Repo: Codable, Sendable {
        /// The path in the weave.
        var path: String
        /// The ephemeral branch, as a full reference name.
        var branch: String
        /// Where the branch must be to be taken away, as 40 hexadecimal digits: where the create has put it, or where somebody found nothing to be
        /// lost with it. Empty: it goes wherever it points.
        var base: String
        /// Of a sync: it was to go, and what the workweave has at its place is nobody's work.
        var isLeaving: Bool?

        init(_ repo: WorkweaveRecord.Repo, at tip: ObjectID? = nil) { (path, branch, base) = (repo.path, repo.branch, tip?.hex ?? "") }

        init(_ repo: ViewPlan.Repo) { (path, branch, base) = (repo.path, repo.branch, repo.commit.id.hex) }
    }
    var operation: Operation
    var name: String
    var repos: [Repo]
    /// Of a sync: paths that the kernel must look up anew.
    var changed: [String]?

    /// Of a sync.
    init(name: String, coming: [ViewPlan.Repo], leaving: [Repo]) {
        self.init(operation: .sync, name: name, repos: coming.map(Repo.init) + leaving)
    }

    init(operation: Operation, name: String, repos: [Repo]) { (self.operation, self.name, self.repos) = (operation, name, repos) }

    static let fileName = "journal.json"

    static func read(_ directory: String) throws(WeaveError) -> Journal? {
        let path = directory + "/" + fileName
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else { return nil }
        return try? JSONDecoder().decode(Journal.self, from: bytes)
    }

    /// What it tells is done, or undone.
    static func remove(_ directory: String) { try? Files.unlink(directory + "/" + fileName) }

    func write(_ directory: String) throws(WeaveError) { try writeJSON(self, directory + "/" + Self.fileName) }

    /// Takes the worktrees, branches and references of the journal's repos away. What is gone already is no error.
    /// A branch that points elsewhere than it should is somebody's work, and stays.
    func removeFromGit(_ weave: Weave) throws(WeaveError) {
        let results = Thread.map(repos, width: CurrentProcess.processorCount * 2) { repo -> Result<Void, WeaveError> in
            do throws(WeaveError) { return .success(try removeFromGit(weave, repo)) } catch { return .failure(error) }
        }
        for r in results { try r.get() }
    }

    /// Of a sync that was not finished: takes away what git knows of the repos that the record does not name. - Returns: those.
    func takeAway(_ weave: Weave, _ record: WorkweaveRecord) throws(WeaveError) -> [Repo] {
        var rest = self
        rest.repos.removeAll { gone in record.repos.contains { $0.path == gone.path } }
        try rest.removeFromGit(weave)
        return rest.repos
    }

    private func removeFromGit(_ weave: Weave, _ repo: Repo) throws(WeaveError) {
        let clone = weave.root + "/" + repo.path
        // A clone that is gone took its worktrees with it.
        guard Files.exists(clone + "/.git") else { return }
        let repository = try git { () throws(GitError) in try Repository(opening: clone) }
        let view = "\(weave.workweaves)/\(name)/\(repo.path)"
        if let worktree = try git({ () throws(GitError) in try LinkedWorktree.find(repository.commonDirectory, name) }) {
            // The end of the path is enough: the weave may have been moved.
            guard worktree.path == view || worktree.path.hasSuffix("/.workweaves/\(name)/\(repo.path)")
                || worktree.path.hasSuffix("/.rwv/workweaves/\(name)/checkout/\(repo.path)") else { return }
            _ = try git { () throws(GitError) in try LinkedWorktree.remove(repository.commonDirectory, name) }
        }
        // Locks on references that only this workweave uses: left by a process that was killed while it held them.
        for reference in [repo.branch, ViewPlan.baseReference(name)] { try? Files.unlink("\(repository.commonDirectory)/\(reference).lock") }
        try? LinkedWorktree.removeLeftovers(repository.commonDirectory)
        do throws(GitError) { _ = try repository.references.delete(repo.branch, onlyIfAt: ObjectID(hex: repo.base)) } catch {
            guard error.code == .changed else { throw WeaveError(error) }
        }
        _ = try git { () throws(GitError) in try repository.references.delete(ViewPlan.baseReference(name)) }
        // Directories that only these references needed; not empty is as good a reason as any to stay.
        for directory in ["refs/rwv/\(name)", "logs/refs/rwv/\(name)", "refs/heads/\(name)"] {
            try? Files.removeDirectory("\(repository.commonDirectory)/\(directory)")
        }
    }
}
