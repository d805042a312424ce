internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// What the clones hold of workweaves that are no more: worktrees that our text locks, and references of ours.
struct DoctorStrays {
    let findings: [DoctorFinding]

    /// - Parameters:
    ///   - named: workweaves that have a state directory.
    ///   - tops: directories of the weave to look for clones in.
    init(_ weave: Weave, named: Set<String>, below tops: Set<String>) {
        // A state directory that never had a workweave does not tell that there is none: it may lie on a disk that is not mounted.
        let isKnown = ((try? Files.status(weave.nextNumber)) ?? nil) != nil
        let projects = ((try? weave.allProjects()) ?? []).map { weave.project($0) }.filter { Files.exists($0 + "/.git") }
        let clones = Weave.repositories(below: tops, root: weave.root).map { weave.clone($0) } + projects
        findings = clones.flatMap { clone -> [DoctorFinding] in
            // A clone that cannot be opened is for 'rwv check'.
            guard let repository = try? Repository(opening: clone) else { return [] }
            let all = (try? LinkedWorktree.list(repository.commonDirectory)) ?? []
            let worktrees = all.filter { worktree in
                guard let reason = worktree.lockReason, ViewPlan.workweave(inLockReason: reason) == worktree.name else { return false }
                // Of a weave that has the same repository.
                if let other = ViewPlan.weave(inLockReason: reason), other != weave.root, Files.exists("\(Weave(root: other).states)/\(worktree.name)") { return false }
                return !named.contains(worktree.name)
            }
            let ours = "refs/rwv/"
            let references = ((try? repository.references.list(ours)) ?? []).map(\.name).filter { reference in
                let name = String(reference.dropFirst(ours.count).prefix { $0 != "/" })
                return !named.contains(name) && !all.contains { $0.name == name }
            }
            let found = worktrees.map { Self.worktree($0, clone) } + references.map { Self.reference($0, clone) }
            return isKnown ? found : found.map { Self.unknown($0, weave) }
        }
    }

    /// A finding that is not for us to repair.
    private static func unknown(_ f: DoctorFinding, _ weave: Weave) -> DoctorFinding {
        DoctorFinding(kind: f.kind, path: f.path, what: f.what + ", or is not known here: no workweave was ever made in \(weave.state)", why: f.why,
                      fix: "put \(weave.state) back, if it lies elsewhere; otherwise: \(f.fix)")
    }

    private static func worktree(_ worktree: LinkedWorktree, _ clone: String) -> DoctorFinding {
        let name = worktree.name, admin = worktree.adminDirectory
        var finding = DoctorFinding(
            kind: .strayWorktree, path: admin, what: "a worktree of the workweave '\(name)', which does not exist", why: "its branch cannot be checked out elsewhere, and the name cannot be used again",
            fix: "git -C \(clone.shellWord) worktree unlock \(worktree.path.shellWord); git -C \(clone.shellWord) worktree prune; then delete its branch if you do not need it")
        let reason: String?
        do { reason = try reasonToKeep(worktree, try Repository(opening: clone)) } catch { reason = CommandFailure(reporting: error).errors.joined(separator: "; ") }
        if let reason {
            finding = DoctorFinding(kind: finding.kind, path: admin, what: finding.what + ", and it holds work: \(reason)", why: finding.why, fix: "save that work first, then: \(finding.fix)")
        } else {
            finding.repair = { try remove(worktree, clone) }
        }
        return finding
    }

    /// What would be lost with it: nil only when it is certain that nothing is.
    private static func reasonToKeep(_ worktree: LinkedWorktree, _ repository: Repository) throws -> String? {
        let admin = worktree.adminDirectory
        if Files.exists(worktree.path) { return "files are at \(worktree.path)" }
        if LinkedWorktree.isInMidOperation(admin) { return "something was under way in it, or it has submodules" }
        let own = ownBranch(worktree)
        let tip = try worktree.detachedAt ?? worktree.branch.flatMap { try repository.references.read($0) }
        guard let tip else { return nil }
        // Another's branch keeps its commits itself.
        if worktree.branch == nil || own != nil {
            let lost = try repository.unreachableCommits(from: tip, excluding: Set([own].compactMap { $0 }), worktree: worktree.name)
            if lost.count > 0 { return "\(counted(lost.count, "commit")) on no other branch (newest: \(lost.first.first.map { "\($0.id.short) \($0.summary)" } ?? tip.short))" }
        }
        guard Files.exists(admin + "/index") else { return nil }
        let staged = try GitProgram.run(["--git-dir", admin, "diff-index", "--cached", "--quiet", tip.hex, "--"], directory: admin)
        return staged.status == 0 ? nil : "its index differs from its HEAD"
    }

    /// The ephemeral branch, if HEAD is on it.
    private static func ownBranch(_ worktree: LinkedWorktree) -> String? {
        worktree.branch.flatMap { $0.hasPrefix("refs/heads/\(worktree.name)/") ? $0 : nil }
    }

    private static func remove(_ worktree: LinkedWorktree, _ clone: String) throws -> String {
        let repository = try Repository(opening: clone)
        // Somebody may have gone on in it meanwhile.
        if let reason = try reasonToKeep(worktree, repository) { throw CommandFailure("it holds work: \(reason)") }
        let tip = try ownBranch(worktree).flatMap { try repository.references.read($0) }
        try LinkedWorktree.remove(repository.commonDirectory, worktree.name)
        if let branch = ownBranch(worktree), let tip { try repository.references.delete(branch, onlyIfAt: tip) }
        try repository.references.delete(ViewPlan.baseReference(worktree.name))
        return "removed, since all its commits are on other branches"
    }

    private static func reference(_ name: String, _ clone: String) -> DoctorFinding {
        DoctorFinding(kind: .strayReference, path: clone, what: "\(name) belongs to a workweave that does not exist", why: "it keeps commits from being collected",
                      fix: "git -C \(clone.shellWord) update-ref -d \(name.shellWord)", repair: {
            let repository = try Repository(opening: clone)
            guard let target = try repository.references.read(name) else { return "it is gone already" }
            let lost = try repository.unreachableCommits(from: target, excluding: [])
            guard lost.count == 0 else { throw CommandFailure("\(target.short) is on no branch; delete it by hand if nobody needs it") }
            try repository.references.delete(name, onlyIfAt: target)
            return "deleted; \(target.short) is on other branches"
        })
    }
}
