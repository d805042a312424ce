internal import Git
internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// Makes workweaves: state directory, journal, git's files, upper directory, and last the record that makes it exist.
struct WorkweaveMaker {
    let weave: Weave
    let bases: BaseStore
    let surface: ServedWeave.Surface

    /// All or nothing: after an error nothing of it is left; after a kill the journal says what to take back.
    func make(_ plan: ViewPlan, engine: any Engine, umask: UInt32) throws(WeaveError) -> WorkweaveRecord {
        if plan.repos.count > Int(NodeID.maxPart) - 2 {
            throw WeaveError(.unsupported, "project '\(plan.project.text)' has \(plan.repos.count) repos; a workweave holds \(NodeID.maxPart - 2)")
        }
        let directory = weave.state(of: plan.name)
        do throws(Errno) { try Files.makeDirectory(directory, mode: 0o700) } catch {
            guard error == .exists else { throw WeaveError(error, "make \(directory)") }
            throw WeaveError(.exists, "there is already a workweave named '\(plan.name.text)'", hint: "choose another name; 'rwv workweave \(plan.project.text) list' shows what there is")
        }
        let journal = Journal(operation: .create, name: plan.name.text, repos: plan.repos.map(Journal.Repo.init))
        do throws(WeaveError) {
            try journal.write(directory)
            let record = try engine.make(plan, directory, umask: umask)
            try record.write(directory)
            try? Files.unlink(directory + "/" + Journal.fileName)
            return record
        } catch {
            try? journal.removeFromGit(weave)
            // At once: a part of it would be taken for a workweave that has lost its record.
            if (try? weave.discard(directory)) == nil { try? Files.removeTree(directory) }
            throw error
        }
    }

    /// The engines that put an upper directory on bases.
    func buildOverlay(_ plan: ViewPlan, _ directory: String, _ umask: UInt32, _ engine: EngineKind) throws(WeaveError) -> WorkweaveRecord {
        let format = try makeUpper(directory, umask: umask)
        let numbered = plan.repos.enumerated().map { (part: UInt32($0.offset + 1), repo: $0.element) }
        let made = Thread.map(numbered, width: CurrentProcess.processorCount * 2) { item -> Result<WorkweaveRecord.Repo, WeaveError> in
            do throws(WeaveError) { return .success(try add(item.repo, part: item.part, plan.name, directory, umask: umask)) } catch { return .failure(error) }
        }
        var repos: [WorkweaveRecord.Repo] = []
        for r in made { repos.append(try r.get()) }
        let own = OwnFiles(weave: weave, plan: plan, upper: directory + "/upper", umask: umask, surface: surface)
        let (links, given) = try own.place(linksOnDisk: false)
        return WorkweaveRecord(name: plan.name.text, project: plan.project.text, id: try takeNumber(), engine: engine.rawValue, weave: weave.root,
                               created: Timestamp.current.seconds, umask: umask, repos: repos, links: links,
                               given: given, upper: .init(format))
    }

    /// Makes the directories of a state directory, and finds the form that its disk and user can hold.
    func makeUpper(_ directory: String, umask: UInt32) throws(WeaveError) -> UpperFormat {
        for name in ["upper", "work", "base"] {
            try system("make \(directory)/\(name)") { () throws(Errno) in
                try Files.makeDirectory(directory + "/" + name, mode: 0o777)
                try Files.setMode(directory + "/" + name, name == "upper" ? 0o777 & ~umask : 0o700)
            }
        }
        return try probe(directory)
    }

    private func probe(_ directory: String) throws(WeaveError) -> UpperFormat {
        let work = try system("open \(directory)/work") { () throws(Errno) in
            OwnedDescriptor(try Files.open(directory + "/work", OpenFlags.directory))
        }
        do throws(Errno) { return try UpperFormat.probe(in: work.descriptor) } catch {
            guard error == .notSupported else { throw WeaveError(error, "probe the disk below \(directory)") }
            throw WeaveError(.unsupported, "the disk of \(weave.root) keeps no extended attributes, so changes cannot be recorded on it",
                             hint: "move the weave to ext4, xfs or btrfs, or use --engine checkout")
        }
    }

    /// One repo: base, references, worktree, links to the base.
    func add(_ repo: ViewPlan.Repo, part: UInt32, _ name: WorkweaveName, _ directory: String, umask: UInt32) throws(WeaveError) -> WorkweaveRecord.Repo {
        let base = try bases.obtain(repo, umask: umask)
        let repository = try git { () throws(GitError) in try Repository(opening: repo.clone) }
        try git { () throws(GitError) in
            try repository.references.create(ViewPlan.baseReference(name.text), at: repo.commit.id, message: "rwv: base of workweave \(name.text)")
            try repository.references.create(repo.branch, at: repo.commit.id, message: "branch: Created from \(repo.commit.id.hex)")
            let top = "\(weave.workweave(name))/\(repo.path)"
            _ = try LinkedWorktree.create(.init(name: name.text, path: top, branch: repo.branch, commit: repo.commit.id,
                                                lockReason: ViewPlan.lockReason(name.text, in: weave),
                                                index: base.index, identity: repository.identity), in: repository)
            if repo.isReadOnly { try LinkedWorktree.refuseChanges(repository.commonDirectory, name.text) }
        }
        try link(base, repo, part, directory)
        return WorkweaveRecord.Repo(path: repo.path, part: part, branch: repo.branch, base: repo.commit.id.hex, baseKey: base.key,
                                    isReadOnly: repo.isReadOnly, isProject: repo.isProject)
    }

    /// Links to the base of a repo in a state directory. - Returns: the base's key.
    func linkBase(_ repo: ViewPlan.Repo, part: UInt32, _ directory: String, umask: UInt32) throws(WeaveError) -> String {
        let base = try bases.obtain(repo, umask: umask)
        try link(base, repo, part, directory)
        return base.key
    }

    private func link(_ base: BaseFiles, _ repo: ViewPlan.Repo, _ part: UInt32, _ directory: String) throws(WeaveError) {
        try system("link the base of \(repo.path)") { () throws(Errno) in
            for (file, name) in [(base.metadata, "\(part).meta"), (base.content, "\(part).content")] {
                // A sync that was not finished may have left one.
                try Files.removeTree("\(directory)/base/\(name)")
                if Files.exists(file) { try Files.linkOrCopy(file, "\(directory)/base/\(name)") }
            }
        }
    }

    /// The next number for node ids; never given out twice. Kept in `.rwv/next-workweave`, under a lock file.
    func takeNumber() throws(WeaveError) -> UInt32 {
        let path = weave.nextNumber
        let taken = try weave.numbersInUse()
        return try system("number the workweave") { () throws(Errno) in
            let lock = OwnedDescriptor(try Files.open(path + ".lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
            _ = try lock.descriptor.lock()
            let text = String(decoding: try Files.readIfExists(path) ?? [], as: UTF8.self)
            // The file may have been lost or tampered with: no number that is in use is ever given out.
            var number = max(UInt32(text.prefix { $0.isNumber }) ?? 1, (taken.max() ?? 0) + 1)
            // After a million the first are used again: they are long gone by then.
            if number > NodeID.maxWeaveID { number = (1...NodeID.maxWeaveID).first { !taken.contains($0) } ?? 0 }
            guard number > 0 else { throw .noSpace }
            try Files.writeAtomically(path, Array("\(number + 1)\n".utf8))
            return number
        }
    }
}
