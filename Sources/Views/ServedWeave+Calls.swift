package import Control
internal import Git
internal import Manifest
internal import Nodes
internal import Syscalls
package import Weave

/// What clients ask for.
extension ServedWeave {
    /// Makes a workweave and shows it.
    /// - Parameter fromKernel: the kernel itself asks (mkdir) and waits with the directory locked: a notification would wait for that lock for ever.
    package func create(_ options: CreateOptions, fromKernel: Bool = false) throws(WeaveError) -> (name: String, engine: String) {
        let engine = try engines.choose(options.engine)
        try ensureMounted()
        // What is written into the clones has the modes that git would have given it for the creator.
        try system("set the umask") { () throws(Errno) in try CurrentProcess.setThreadUmask(options.umask) }
        let project = try projectName(options.project)
        let name: WorkweaveName
        if let chosen = options.name { name = try workweaveName(chosen) } else { name = try chooseName() }
        let record = try locks.changing(name, fromKernel: fromKernel) { () throws(WeaveError) in
            if Files.exists(weave.state(of: name)) {
                throw WeaveError(.exists, "there is already a workweave named '\(name.text)'",
                                 hint: "choose another name; 'rwv workweave \(project.text) list' shows what there is")
            }
            // Somebody may have emptied the cache meanwhile.
            try weave.prepareState()
            let plan = try ViewPlan.make(weave, project, name, locked: options.locked, revisions: options.revisions)
            let record = try maker.make(plan, engine: engine, umask: options.umask)
            do throws(WeaveError) { try show(record, isInherited: false) } catch {
                clearUpper(name)
                try? remove(record, name, engine)
                throw error
            }
            return record
        }
        if !fromKernel { place.tellKernel(1, name.text) }
        if engine.mountsOnTop { return (name.text, try mountNew(record, name, engine, isWish: options.engine != "auto").rawValue) }
        return (name.text, record.engine)
    }

    /// Has the engine mount what it needs for a workweave that was just made. Where that fails it becomes one of the `fuse` engine; one that
    /// was wished for by name is taken back instead. - Returns: the engine that it has then.
    private func mountNew(_ made: WorkweaveRecord, _ name: WorkweaveName, _ engine: any Engine, isWish: Bool) throws(WeaveError) -> EngineKind {
        do throws(WeaveError) {
            try locks.changing(name) { () throws(WeaveError) in try engine.mount(try requireRecord(name)) }
            return engine.kind
        } catch {
            if error.code == .notFound { throw error }
            func takeBack() {
                clearUpper(name)
                try? delete(name.text, force: true)
            }
            if isWish {
                takeBack()
                throw error
            }
            do throws(WeaveError) {
                try locks.changing(name) { () throws(WeaveError) in
                    var record = made
                    record.engine = EngineKind.fuse.rawValue
                    try record.write(weave.state(of: name))
                    engine.hide(record)
                    try show(record, isInherited: false)
                }
            } catch {
                takeBack()
                throw error
            }
        }
        place.tellKernel(1, name.text)
        return .fuse
    }

    /// Of a workweave that nobody has been told of yet: on a full disk nothing can be written before something is gone.
    private func clearUpper(_ name: WorkweaveName) { try? Files.removeTree(weave.state(of: name) + "/upper") }

    /// Takes a workweave away, if nothing is lost by it.
    /// - Parameter force: whatever is lost, and also when it is mounted by the kernel and in use. - Throws: `.busy`; `.dirty`.
    package func delete(_ name: String, force: Bool) throws(WeaveError) {
        let name = try workweaveName(name)
        if !force { try ensureMounted() }
        try locks.changing(name) { () throws(WeaveError) in
            let record = try requireRecord(name)
            if force {
                let engine = try engines.of(record)
                try engine.unmount(record, force: true)
                try remove(record, name, engine)
            } else { try withdraw(record, name) { () throws(WeaveError) in try LossCheck(weave: weave).requireNone(name.text) } }
        }
        place.tellKernel(1, name.text)
    }

    /// Removes a workweave in which `check` finds nothing that would be lost. Under the name's lock.
    func withdraw(_ record: WorkweaveRecord, _ name: WorkweaveName, _ check: () throws(WeaveError) -> Void) throws(WeaveError) {
        let engine = try engines.of(record)
        try engine.withdraw(record, check)
        // Two that are deleted at once may have had only each other to keep a commit.
        try remove(record, name, engine) { () throws(WeaveError) in try KeptCommits(weave: weave).require(record) }
    }

    /// - Parameter check: called while no other's branches go. Returns where they must point; all others go wherever they do.
    private func remove(_ record: WorkweaveRecord, _ name: WorkweaveName, _ engine: any Engine,
                        _ check: () throws(WeaveError) -> [String: ObjectID] = { [:] }) throws(WeaveError) {
        let directory = weave.state(of: name)
        try deleting.withLock { () throws(WeaveError) in
            let journal: Journal
            do throws(WeaveError) {
                let tips = try check()
                try LeavingCheckout.requireNothingMounted(in: directory)
                journal = Journal(operation: .delete, name: name.text, repos: record.repos.map { Journal.Repo($0, at: tips[$0.path]) })
                try journal.write(directory)
            } catch {
                engine.giveBack(record)
                throw error
            }
            engine.hide(record)
            _ = projects.withLock { $0.removeValue(forKey: name.text) }
            try journal.removeFromGit(weave)
        }
        try weave.discard(directory)
    }

    /// The workweaves of a project, or the one of a name, or all.
    package func describe(project: String?, name: String?, withUsage: Bool) throws(WeaveError) -> [WorkweaveInfo] {
        let records = if let name { [try requireRecord(try workweaveName(name))] } else {
            try weave.workweaveRecords().filter { project == nil || $0.project == project }
        }
        return records.map { record in
            var info = WorkweaveInspector(weave: weave).describe(record, withUsage: withUsage)
            let engine = try? engines.of(record)
            if let standIn = engine?.standIn(record.name) { (info.engine, info.engineReason) = (standIn.kind.rawValue, standIn.reason) }
            // Where nothing is mounted at all the disk is not to be probed.
            else if engine?.kind == .fuse, place.mounter != nil { info.engineReason = engines.kernel.obstacle(record) }
            info.inUseBy = try? weave.exclusiveUsers(of: record.name)
            return info
        }
    }

    package func mounts() throws(WeaveError) -> [MountInfo] {
        let failure = weave.diskFailure?.message
        let counters = Dictionary(uniqueKeysWithValues: place.handler.counters.values)
        let all = MountInfo(kind: "workweaves", path: weave.workweaves, name: nil, project: nil, engine: "fuse", state: "served", problem: failure, counters: counters)
        let records = failure == nil ? try weave.workweaveRecords() : []
        return [all] + [base.info(place.mounter)].compactMap { $0 } + (try projectMounts.infos(place.mounter)) + records.compactMap(info)
    }

    /// A workweave among the mounts.
    private func info(_ record: WorkweaveRecord) -> MountInfo? {
        let wasBusy = locks.isBusy(record.name)
        let engine = try? engines.of(record)
        let isServed = engine?.isShown(record) ?? false
        // Deleted between the look at the record and the look at the mount.
        if !isServed, !Files.exists(weave.states + "/" + record.name) { return nil }
        let standIn = engine?.standIn(record.name), use = useProblem(record.name)
        let state = use != nil ? "in use" : isServed ? "served" : wasBusy || locks.isBusy(record.name) ? "changing" : "failed"
        let problem = standIn?.reason ?? use ?? (state == "failed" ? failures.withLock { $0[record.name] } : nil)
        return MountInfo(kind: "workweave", path: path(of: record.name), name: record.name, project: record.project, engine: standIn?.kind.rawValue ?? record.engine,
                         state: state, problem: problem, counters: nil)
    }

    /// Makes a workweave follow its own manifest: adds the repos it lists, takes out those it does not (if the caller allows).
    package func sync(_ options: SyncOptions) throws(WeaveError) -> SyncReport {
        let name = try workweaveName(options.name)
        var changed: [(UInt64, String)] = []
        let report = try locks.changing(name) { () throws(WeaveError) in
            var record = try requireRecord(name)
            let umask = record.umask
            try weave.prepareState()
            try system("set the umask") { () throws(Errno) in try CurrentProcess.setThreadUmask(umask) }
            return try engines.of(record).sync(&record, name, options) { parent, entry in changed.append((parent, entry)) }
        }
        for (parent, entry) in changed { place.tellKernel(parent, entry) }
        try? locks.changing(name) { () throws(WeaveError) in change.end(name) }
        return report
    }

    private func projectName(_ text: String) throws(WeaveError) -> ProjectName {
        do throws(ManifestError) { return try ProjectName(text) } catch { throw WeaveError(error) }
    }

    private func chooseName() throws(WeaveError) -> WorkweaveName {
        while true {
            let name = try workweaveName("w-" + randomHex(2))
            if !Files.exists(weave.state(of: name)) { return name }
        }
    }
}
