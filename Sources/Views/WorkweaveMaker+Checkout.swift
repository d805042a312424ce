internal import Git
internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

extension WorkweaveMaker {
    /// The checkout engine: ordinary directories in the state directory, filled by git.
    func buildCheckout(_ plan: ViewPlan, _ directory: String, _ umask: UInt32) throws(WeaveError) -> WorkweaveRecord {
        let root = directory + "/checkout"
        try system("make \(root)") { () throws(Errno) in
            try Files.makeDirectory(root)
            try Files.setMode(root, 0o777 & ~umask)
        }
        let numbered = plan.repos.enumerated().map { (part: UInt32($0.offset + 1), repo: $0.element) }
        let made = Thread.map(numbered, width: CurrentProcess.processorCount) { item -> Result<WorkweaveRecord.Repo, WeaveError> in
            do throws(WeaveError) { return .success(try checkOut(item.repo, part: item.part, plan.name, root)) } catch { return .failure(error) }
        }
        var repos: [WorkweaveRecord.Repo] = []
        for r in made { repos.append(try r.get()) }
        let own = OwnFiles(weave: weave, plan: plan, upper: root, umask: umask, surface: surface)
        let (links, given) = try own.place(linksOnDisk: true)
        let files = [(".rwv-active", ActiveMarker.text(plan.project)), (".rwv-workweave", WorkweaveMarker(primary: weave.root, project: plan.project).text)]
        for (path, text) in files {
            try system("write \(root)/\(path)") { () throws(Errno) in try Files.create(root + "/" + path, Array(text.utf8)) }
        }
        let record = WorkweaveRecord(name: plan.name.text, project: plan.project.text, id: try takeNumber(), engine: EngineKind.checkout.rawValue, weave: weave.root,
                                     created: Timestamp.current.seconds, umask: umask, repos: repos, links: links, given: given, upper: nil)
        try record.protectCheckouts(below: root, in: weave)
        return record
    }

    /// One repo: references, worktree, files. What is half made is taken away by the caller.
    /// - Parameter joining: the directory that it is made in where it is moved to its place later.
    func checkOut(_ repo: ViewPlan.Repo, part: UInt32, _ name: WorkweaveName, _ root: String, joining: String? = nil) throws(WeaveError) -> WorkweaveRecord.Repo {
        let place = "\(root)/\(repo.path)", top = joining ?? place
        try system("make \(top)") { () throws(Errno) in try Files.makeDirectories(top) }
        let repository = try git { () throws(GitError) in try Repository(opening: repo.clone) }
        let worktree = try git { () throws(GitError) in
            try repository.references.create(ViewPlan.baseReference(name.text), at: repo.commit.id, message: "rwv: base of workweave \(name.text)")
            try repository.references.create(repo.branch, at: repo.commit.id, message: "branch: Created from \(repo.commit.id.hex)")
            return try LinkedWorktree.create(.init(name: name.text, path: place, branch: repo.branch, commit: repo.commit.id,
                                                   lockReason: ViewPlan.lockReason(name.text, in: weave),
                                                   index: nil, identity: repository.identity), in: repository)
        }
        try system("write \(top)/.git") { () throws(Errno) in try Files.create(top + "/.git", Array(worktree.gitFileText.utf8)) }
        try git { () throws(GitError) in
            try GitProgram.run(["-c", "submodule.recurse=false", "reset", "--hard", "--quiet"], directory: top).check("cannot check out \(repo.path)")
            if repo.isReadOnly { try LinkedWorktree.refuseChanges(repository.commonDirectory, name.text) }
        }
        return WorkweaveRecord.Repo(path: repo.path, part: part, branch: repo.branch, base: repo.commit.id.hex, baseKey: "", isReadOnly: repo.isReadOnly,
                                    isProject: repo.isProject)
    }
}
