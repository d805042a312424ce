internal import Git
internal import Syscalls
internal import Weave

/// What the clones hold of one workweave: objects, references, the worktrees' administration.
struct DoctorWorktrees {
    let findings: [DoctorFinding]

    init(_ weave: Weave, _ record: WorkweaveRecord, _ objects: DoctorObjects) {
        let all = record.repos.map { Repo(weave: weave, record: record, repo: $0, objects: objects) }
        findings = all.flatMap { repo -> [DoctorFinding] in
            do throws(GitError) { return try repo.look() } catch { return [repo.unusable(error.description)] }
        }
    }

    /// One repo of a workweave.
    private struct Repo {
        let weave: Weave
        let record: WorkweaveRecord
        let repo: WorkweaveRecord.Repo
        let objects: DoctorObjects

        var clone: String { weave.root + "/" + repo.path }
        var top: String { weave.top(of: record) + "/" + repo.path }
        var branch: String { String(repo.branch.dropFirst("refs/heads/".count)) }

        func unusable(_ what: String) -> DoctorFinding {
            DoctorFinding(kind: .clone, path: clone, what: what, why: "the workweave '\(record.name)' reads its files out of this clone; those that it has changed lie in \(weave.states)/\(record.name)",
                          fix: "put the clone back, with the commit \(repo.base) in it")
        }

        func look() throws(GitError) -> [DoctorFinding] {
            guard Files.exists(clone + "/.git") else { return [unusable("the clone is gone")] }
            let repository = try Repository(opening: clone)
            if let lacking = base(repository) { return [lacking] }
            return try reference(repository) + (try worktree(repository))
        }

        /// The base must be there.
        private func base(_ repository: Repository) -> DoctorFinding? {
            guard let id = ObjectID(hex: repo.base) else { return unusable("the record names no commit") }
            guard let lacking = objects.lacking(id, repository, clone) else { return nil }
            return DoctorFinding(kind: .objectsMissing, path: clone, what: "it lacks \(lacking), on which '\(record.name)' is based",
                                 why: "files that the workweave has not changed cannot be read", fix: "git -C \(clone.shellWord) fetch --refetch origin, or fetch it from another clone that has it")
        }

        /// The reference that keeps the base from being collected.
        private func reference(_ repository: Repository) throws(GitError) -> [DoctorFinding] {
            let name = ViewPlan.baseReference(record.name)
            guard try repository.references.read(name) == nil, let base = ObjectID(hex: repo.base) else { return [] }
            return [DoctorFinding(kind: .baseReference, path: clone, what: "\(name) is gone", why: "git gc may collect the commit that '\(record.name)' is based on",
                                  fix: "git -C \(clone.shellWord) update-ref \(name.shellWord) \(repo.base)", repair: { [clone, record] in
                try Repository(opening: clone).references.create(name, at: base, message: "rwv: base of workweave \(record.name)")
                return "made it again at \(base.short)"
            })]
        }

        private func worktree(_ repository: Repository) throws(GitError) -> [DoctorFinding] {
            guard let worktree = try LinkedWorktree.find(repository.commonDirectory, record.name) else { return [try missing(repository)] }
            let admin = worktree.adminDirectory, reason = ViewPlan.lockReason(record.name, in: weave)
            var found: [DoctorFinding] = []
            if worktree.path != top {
                found.append(DoctorFinding(kind: .worktreePath, path: admin, what: "it names \(worktree.path), not \(top)", why: "git in the clone looks for the worktree there",
                                           fix: "write '\(top)/.git' into \(admin)/gitdir", repair: { [top] in
                    try LinkedWorktree.setPath(admin, top)
                    return "it names \(top)"
                }))
            }
            if worktree.lockReason == nil {
                found.append(DoctorFinding(kind: .worktreeUnlocked, path: admin, what: "the worktree is not locked", why: "'git worktree prune' and 'git gc' remove it while it is not mounted",
                                           fix: "git -C \(clone.shellWord) worktree lock \(top.shellWord)", repair: {
                    try LinkedWorktree.lock(admin, reason)
                    return "locked"
                }))
            }
            if let head = worktree.branch, try !repository.references.exists(head) { found.append(branchMissing(head, lastCommit(admin, repository))) }
            return found
        }

        /// Somebody has removed or pruned it.
        private func missing(_ repository: Repository) throws(GitError) -> DoctorFinding {
            let what = "the worktree '\(record.name)' is gone from the clone", why = "git does not work in \(top); the files there are as they were, but what was staged is not known"
            guard let tip = try repository.references.read(repo.branch) else {
                return DoctorFinding(kind: .worktreeMissing, path: clone, what: "\(what), and so is its branch \(branch)", why: why,
                                     fix: "find its last commit (git -C \(clone.shellWord) fsck --lost-found) and make the branch: git -C \(clone.shellWord) branch \(branch.shellWord) COMMIT; "
                                         + "or, if there was none, at its base \(repo.base); then 'rwv doctor --fix'")
            }
            let plan = LinkedWorktree.Plan(name: record.name, path: top, branch: repo.branch, commit: tip, lockReason: ViewPlan.lockReason(record.name, in: weave),
                                           index: nil, identity: nil)
            return DoctorFinding(kind: .worktreeMissing, path: clone, what: what, why: why, fix: "'rwv doctor --fix' makes it again on its branch \(branch)", repair: { [clone, repo, record, branch] in
                let repository = try Repository(opening: clone)
                let made = try LinkedWorktree.create(plan, in: repository)
                try GitProgram.run(["--git-dir", made.adminDirectory, "read-tree", "HEAD"], directory: made.adminDirectory).check("cannot make the index")
                if repo.isReadOnly { try LinkedWorktree.refuseChanges(repository.commonDirectory, record.name) }
                return "made it again, on \(branch)"
            })
        }

        /// The commit that the worktree's own log says HEAD was on last, if it is there.
        private func lastCommit(_ admin: String, _ repository: Repository) -> ObjectID? {
            guard let log = try? Files.read(admin + "/logs/HEAD"), let line = String(decoding: log, as: UTF8.self).split(separator: "\n").last,
                  let id = ObjectID(hex: line.split(separator: " ").dropFirst().first ?? ""), (try? repository.commit(id)) != nil else { return nil }
            return id
        }

        private func branchMissing(_ head: String, _ last: ObjectID?) -> DoctorFinding {
            let short = head.hasPrefix("refs/heads/") ? String(head.dropFirst("refs/heads/".count)) : head
            let why = "git takes \(top) for a repository without a commit, and its commits may be collected"
            guard let last else {
                return DoctorFinding(kind: .branchMissing, path: clone, what: "the branch \(short), which '\(record.name)' is on, is gone", why: why,
                                     fix: "make it at its last commit: git -C \(clone.shellWord) branch \(short.shellWord) COMMIT (its base was \(repo.base))")
            }
            return DoctorFinding(kind: .branchMissing, path: clone, what: "the branch \(short), which '\(record.name)' is on, is gone", why: why,
                                 fix: "git -C \(clone.shellWord) branch \(short.shellWord) \(last.hex)", repair: { [clone] in
                try Repository(opening: clone).references.create(head, at: last, message: "rwv doctor: where the worktree was last")
                return "made it again at \(last.short), where the worktree's log says that it was"
            })
        }
    }
}
