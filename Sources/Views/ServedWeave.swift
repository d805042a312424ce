package import Control
internal import Fuse
internal import Git
internal import Layers
internal import Manifest
package import Nodes
package import Syscalls
package import Weave

/// A weave while it is served: its workweaves in the mount, and what is done to them. One per server process. Any thread.
package final class ServedWeave: WorkweavesHandler.Keeper {
    /// Which ecosystem files of a project are generated and surfaced; see ``SurfaceRequest``.
    package typealias Surface = @Sendable (SurfaceRequest) -> SurfaceAnswer
    /// The name of the mount `.workweaves` among the server's.
    package static let mountID = "workweaves"

    let weave: Weave
    package let handler = WorkweavesHandler()
    private let bases: BaseStore
    let serving: ServedWorkweave
    let maker: WorkweaveMaker
    let kernel: KernelEngine
    let log: @Sendable (String) -> Void
    /// The mount of the workweaves, and who mounts; nil where nothing is mounted.
    private let session = Locked<(mounter: any Mounter, session: Session?)?>(nil)
    /// Changes of one workweave, one after the other.
    private let locks = Locked<[String: Lock]>([:])
    /// The names of workweaves that are being made, changed or deleted.
    private let busy = Locked<Set<String>>([])
    let handOuts = HandOuts()

    /// The projects of workweaves that are shown, by name.
    private let projects: Locked<[String: String]>
    private let projectMounts: ProjectMounts

    package init(_ weave: Weave, surface: @escaping Surface, log: @escaping @Sendable (String) -> Void) {
        self.weave = weave
        self.log = log
        bases = BaseStore(weave)
        // A hard limit of 20,000 open files is common: a quarter of it for upper files, the rest for directories and the like.
        let limit = CurrentProcess.raiseDescriptorLimit()
        serving = ServedWorkweave(weave: weave, blobs: CloneBlobs(weave), files: DescriptorCache(capacity: min(1024, limit / 4)))
        kernel = KernelEngine(weave, serving)
        maker = WorkweaveMaker(weave: weave, bases: bases, surface: surface)
        let projects = Locked<[String: String]>([:])
        self.projects = projects
        projectMounts = ProjectMounts(weave, surface: surface, workweaves: { p in projects.withLock { all in all.filter { $0.value == p }.map(\.key) } }, log: log)
        handler.keeper = self
    }

    /// Brings everything on record back: takes back what was half made, finishes what was half deleted, repairs the paths of a weave that was moved.
    /// Then it is shown.
    package func start(_ mounter: any Mounter) throws(WeaveError) {
        session.withLock { $0 = (mounter, nil) }
        let isInherited = mounter.isInherited(Self.mountID)
        for name in try weave.stateNames() {
            do throws(WeaveError) {
                guard let record = try recover(name) else { continue }
                try show(record, isInherited: isInherited)
            } catch {
                log("'\(name)' is not served: \(error.message)")
            }
        }
        try? Files.removeTree(weave.state + "/trash")
        // Overlays that are mounted lie upon it. One that a dead keeper left is in the way.
        if mounter.isInherited(KernelEngine.mountID) || MountTable.find(weave.baseView) != nil { try kernel.ensureBase(mounter) }
        // Taken away by somebody under a server that had more to serve: it comes back when it is asked for.
        if isInherited || !mounter.isSuccessor { try ensureMounted() }
        takeBackWhatIsFree()
        try projectMounts.start(mounter)
    }

    func requireMounter() throws(WeaveError) -> any Mounter {
        guard let mounter = session.withLock({ $0?.mounter }) else {
            throw WeaveError(.noServer, "no server runs for \(weave.root)", hint: "run 'rwv up'")
        }
        return mounter
    }

    /// Mounts `.workweaves` unless it is. Nothing to do where nothing is mounted at all.
    package func ensureMounted() throws(WeaveError) {
        guard let mounter = session.withLock({ $0?.mounter }), !mounter.isServed(Self.mountID) else { return }
        let mounted = try mounter.serve(ViewMount(id: Self.mountID, path: weave.workweaves, makesDirectory: true), with: handler)
        session.withLock { $0 = (mounter, mounted) }
        mountOverlays(mounter)
    }

    /// Takes all mounts away. - Throws: `.busy` when one is in use (and not `force`).
    package func unmountAll(force: Bool) throws(WeaveError) {
        let mounter = try requireMounter()
        if !force { try requireNoneHandedOut() }
        try projectMounts.unmountAll(force: force, mounter)
        do throws(WeaveError) {
            try unmountOverlays(force: force)
            try mounter.unmount(KernelEngine.mountID, force: force)
            try mounter.unmount(Self.mountID, force: force)
        } catch {
            try? bringAllUp()
            throw error.code == .busy ? WeaveError(.busy, "the workweaves are in use", hint: error.hint) : error
        }
    }

    /// Mounts everything that is registered and not mounted.
    package func bringAllUp() throws(WeaveError) {
        try ensureMounted()
        let mounter = try requireMounter()
        mountOverlays(mounter)
        try projectMounts.bringAllUp(mounter)
    }

    // MARK: Project mounts

    package func mount(_ options: MountOptions) throws(WeaveError) { try projectMounts.mount(options, try requireMounter()) }
    package func unmount(_ path: String, force: Bool) throws(WeaveError) -> UInt32 { try projectMounts.unmount(path, force: force, try requireMounter()) }
    package func activate(_ path: String, _ project: String) throws(WeaveError) { try projectMounts.activate(path, project) }

    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        switch Engine(rawValue: record.engine) {
        case .fuse where try ExclusiveUse.read(weave.states + "/" + record.name) != nil: try showHandedOut(record)
        case .fuse: try showOverlay(record, isInherited: isInherited)
        case .kernel: try showKernel(record, isInherited: isInherited)
        case .checkout: handler.add(record.name, id: record.id, .link(target: "../.rwv/workweaves/\(record.name)/checkout"))
        case nil: throw WeaveError(.unsupported, "'\(record.name)' has the engine '\(record.engine)', which this program does not know", hint: "use a newer rwv")
        }
        projects.withLock { $0[record.name] = record.project }
    }

    /// The finished record of a state directory; nil when there is none (any more).
    private func recover(_ name: String) throws(WeaveError) -> WorkweaveRecord? {
        let directory = weave.states + "/" + name
        let record = try WorkweaveRecord.read(directory)
        if let journal = try Journal.read(directory) {
            if journal.operation == .delete || record == nil {
                log("\(journal.operation == .create ? "taking back" : "finishing") the unfinished \(journal.operation.rawValue) of '\(name)'")
                try journal.removeFromGit(weave)
                try discard(directory)
                return nil
            }
            try? Files.unlink(directory + "/" + Journal.fileName)
        } else if record == nil {
            // Killed before the journal was written: nothing else had been made.
            try discard(directory)
            return nil
        }
        guard var record, record.weave != weave.root else { return record }
        log("the weave was moved from \(record.weave): repairing the paths of '\(name)'")
        for repo in record.repos {
            guard let admin = weave.worktree(name, of: repo.path) else { continue }
            guard Files.isDirectory(admin) else { continue }
            let top = weave.top(of: record)
            try git { () throws(GitError) in try LinkedWorktree.setPath(admin, "\(top)/\(repo.path)") }
        }
        // Links into the weave are absolute.
        let old = record.weave + "/"
        record.links = record.links.mapValues { $0.hasPrefix(old) ? weave.root + "/" + $0.dropFirst(old.count) : $0 }
        record.weave = weave.root
        try record.write(directory)
        return record
    }

    /// Takes a state directory away at once, and its contents after that.
    private func discard(_ directory: String) throws(WeaveError) {
        let trash = weave.state + "/trash"
        try system("remove \(directory)") { () throws(Errno) in
            do throws(Errno) { try Files.makeDirectory(trash, mode: 0o700) } catch where error == .exists {}
            let aside = trash + "/" + randomHex(8)
            try Files.rename(directory, aside)
            try Files.removeTree(aside)
        }
    }

    /// Runs `body` while nothing else changes the workweave of that name. The kernel must be told afterwards, never inside: a mkdir or
    /// rmdir of the same name may hold the directory's lock and wait for ours.
    /// - Parameters:
    ///   - fromKernel: the kernel waits with the directory locked, and whoever has ours may wait for that: `.busy` then.
    ///   - whileHandedOut: also when somebody has the workweave for himself.
    /// - Throws: `.busy`.
    func changing<R>(_ name: WorkweaveName, fromKernel: Bool = false, whileHandedOut: Bool = false, _ body: () throws(WeaveError) -> R) throws(WeaveError) -> R {
        let lock = locks.withLock { table -> Lock in
            if let l = table[name.text] { return l }
            let l = Lock()
            table[name.text] = l
            return l
        }
        if !fromKernel { lock.lock() } else if !lock.tryLock() { throw WeaveError(.busy, "'\(name.text)' is being changed", hint: "try again in a moment") }
        _ = busy.withLock { $0.insert(name.text) }
        defer {
            _ = busy.withLock { $0.remove(name.text) }
            lock.unlock()
        }
        if !whileHandedOut { try requireNotHandedOut(name) }
        return try body()
    }

    func tellKernel(_ parent: UInt64, _ name: String) {
        guard let session = session.withLock({ $0?.session }) else { return }
        session.notifyGone(name: Array(name.utf8), in: parent)
        session.notifyChanged(node: parent)
    }

    /// Where a workweave is seen.
    package func path(of name: String) -> String { weave.workweaves + "/" + name }

    // MARK: Calls

    /// Makes a workweave and shows it.
    /// - Parameter fromKernel: the kernel itself asks (mkdir) and waits with the directory locked: a notification would wait for that lock for ever.
    package func create(_ options: CreateOptions, fromKernel: Bool = false) throws(WeaveError) -> (name: String, engine: String) {
        let engine = try chooseEngine(options.engine)
        try ensureMounted()
        // What is written into the clones has the modes that git would have given it for the creator.
        try system("set the umask") { () throws(Errno) in try CurrentProcess.setThreadUmask(options.umask) }
        let project = try projectName(options.project)
        let name: WorkweaveName
        if let chosen = options.name { name = try workweaveName(chosen) } else { name = try chooseName() }
        let record = try changing(name, fromKernel: fromKernel) { () throws(WeaveError) in
            if Files.exists(weave.state(of: name)) {
                throw WeaveError(.exists, "there is already a workweave named '\(name.text)'",
                                 hint: "choose another name; 'rwv workweave \(project.text) list' shows what there is")
            }
            // Somebody may have emptied the cache meanwhile.
            try weave.prepareState()
            let plan = try ViewPlan.make(weave, project, name, locked: options.locked, revisions: options.revisions)
            let record = try maker.make(plan, engine: engine, umask: options.umask)
            try show(record, isInherited: false)
            return record
        }
        if !fromKernel { tellKernel(1, name.text) }
        if engine == .kernel { return (name.text, try beginOverlay(record, isWish: options.engine != "auto").engine) }
        return (name.text, record.engine)
    }

    /// Takes a workweave away. The caller has made sure that nothing is lost by it.
    /// - Parameter force: also when it is mounted by the kernel and in use. - Throws: `.busy`.
    package func delete(_ name: String, force: Bool = false, fromKernel: Bool = false) throws(WeaveError) {
        let name = try workweaveName(name)
        try changing(name, fromKernel: fromKernel) { () throws(WeaveError) in
            let record = try requireRecord(name)
            let directory = weave.state(of: name)
            if record.engine == Engine.kernel.rawValue { try kernel.unmount(name.text, force: force) }
            let journal = Journal(operation: .delete, name: name.text, repos: record.repos.map(Journal.Repo.init))
            try journal.write(directory)
            handler.remove(name.text)
            _ = projects.withLock { $0.removeValue(forKey: name.text) }
            serving.files.drop { NodeID(raw: $0).workweave == record.id }
            try journal.removeFromGit(weave)
            try discard(directory)
        }
        if !fromKernel { tellKernel(1, name.text) }
        kernel.hide(name.text)
        kernel.setProblem(name.text, nil)
    }

    /// The workweaves of a project, or the one of a name, or all.
    package func describe(project: String?, name: String?, withUsage: Bool) throws(WeaveError) -> [WorkweaveInfo] {
        let records = if let name { [try requireRecord(try workweaveName(name))] } else {
            try weave.workweaveRecords().filter { project == nil || $0.project == project }
        }
        return records.map { record in
            var info = WorkweaveInspector(weave: weave).describe(record, withUsage: withUsage)
            if kernel.problem(record.name) != nil { info.engine = Engine.fuse.rawValue }
            info.inUseBy = try? weave.exclusiveUsers(of: record.name)
            return info
        }
    }

    package func mounts() throws(WeaveError) -> [MountInfo] {
        let counters = Dictionary(uniqueKeysWithValues: handler.counters.values)
        let all = MountInfo(kind: "workweaves", path: weave.workweaves, name: nil, project: nil, engine: "fuse", state: "served", counters: counters)
        return [all] + baseInfo() + (try projectMounts.infos(session.withLock { $0?.mounter })) + (try weave.workweaveRecords().compactMap { r -> MountInfo? in
            let wasBusy = busy.withLock { $0.contains(r.name) }
            let isServed = isShown(r)
            // Deleted between the look at the record and the look at the mount.
            if !isServed, !Files.exists(weave.states + "/" + r.name) { return nil }
            return MountInfo(kind: "workweave", path: weave.workweaves + "/" + r.name, name: r.name, project: r.project,
                             engine: kernel.problem(r.name) == nil ? r.engine : Engine.fuse.rawValue,
                             state: handOuts.contains(r.name) ? "in use" : isServed ? "served" : wasBusy || busy.withLock { $0.contains(r.name) } ? "changing" : "failed",
                             problem: kernel.problem(r.name) ?? handOutProblem(r.name), counters: nil)
        })
    }

    /// Makes a workweave follow its own manifest: adds the repos it lists, takes out those it does not (if the caller allows).
    package func sync(_ options: SyncOptions) throws(WeaveError) -> SyncReport {
        let name = try workweaveName(options.name)
        var changed: [(UInt64, String)] = []
        let report = try changing(name) { () throws(WeaveError) in
            var record = try requireRecord(name)
            let umask = record.umask
            try weave.prepareState()
            try system("set the umask") { () throws(Errno) in try CurrentProcess.setThreadUmask(umask) }
            if record.engine == Engine.checkout.rawValue {
                return try CheckoutSync(weave: weave, maker: maker).run(&record, name, removable: Set(options.removable))
            }
            if record.engine == Engine.kernel.rawValue, kernel.problem(name.text) == nil { return try syncBelowOverlay(&record, name, options) }
            guard let overlay = handler.overlay(named: name.text) else {
                throw WeaveError(.failed, "'\(name.text)' is not served", hint: "see \(weave.log)/server.log")
            }
            let sync = WorkweaveSync(weave: weave, maker: maker, serving: serving, overlay: overlay)
            return try sync.run(&record, name, removable: Set(options.removable)) { parent, entry in changed.append((parent, entry)) }
        }
        for (parent, entry) in changed { tellKernel(parent, entry) }
        return report
    }

    func chooseEngine(_ text: String) throws(WeaveError) -> Engine {
        switch text {
        case "auto", "fuse": return .fuse
        case "checkout": return .checkout
        case "kernel":
            if let obstacle = kernel.obstacle() { throw WeaveError(.unsupported, "the kernel engine does not work here: \(obstacle)", hint: "use --engine fuse, or leave it out") }
            return .kernel
        default: throw WeaveError(.invalid, "there is no engine '\(text)'", hint: "choose auto, fuse, kernel or checkout")
        }
    }

    func requireRecord(_ name: WorkweaveName) throws(WeaveError) -> WorkweaveRecord {
        guard let record = try WorkweaveRecord.read(weave.state(of: name)) else {
            throw WeaveError(.notFound, "there is no workweave named '\(name.text)'", hint: "'rwv workweave PROJECT list' shows what there is")
        }
        return record
    }

    private func projectName(_ text: String) throws(WeaveError) -> ProjectName {
        do throws(ManifestError) { return try ProjectName(text) } catch { throw WeaveError(error) }
    }

    func workweaveName(_ text: String) throws(WeaveError) -> WorkweaveName {
        do throws(ManifestError) { return try WorkweaveName(text) } catch { throw WeaveError(error) }
    }

    private func chooseName() throws(WeaveError) -> WorkweaveName {
        while true {
            let name = try workweaveName("w-" + randomHex(2))
            if !Files.exists(weave.state(of: name)) { return name }
        }
    }

    // MARK: mkdir and rmdir in the mount

    package func makeWorkweave(named name: String, umask: UInt32) throws(Errno) {
        do throws(WeaveError) {
            guard let project = try weave.activeProject() else { throw WeaveError(.notFound, "no project is active") }
            _ = try create(CreateOptions(project: project.text, name: name, engine: Engine.fuse.rawValue, umask: umask), fromKernel: true)
        } catch {
            log("mkdir .workweaves/\(name): \(error.message)")
            throw error.code == .busy ? .exists : Self.errno(error)
        }
    }

    package func removeWorkweave(named name: String) throws(Errno) {
        do throws(WeaveError) {
            let record = try requireRecord(try workweaveName(name))
            let directory = weave.states + "/" + name
            guard record.repos.allSatisfy({ CleanCheck(weave: weave, record: record, repo: $0).isClean() }),
                  RootFiles(weave, in: directory + "/upper", repos: record.repos.map(\.path), record: record).all().isEmpty else {
                throw WeaveError(.dirty, "it may hold changes", hint: "use 'rwv workweave PROJECT delete \(name)'")
            }
            try delete(name, fromKernel: true)
        } catch {
            log("rmdir .workweaves/\(name): \(error.message)")
            throw Self.errno(error)
        }
    }

    private static func errno(_ e: WeaveError) -> Errno {
        switch e.code {
        case .exists: .exists
        case .busy: .busy
        case .notFound: .notFound
        case .dirty: .notEmpty
        case .noSpace: .noSpace
        case .readOnly: .readOnly
        case .denied: .permission
        case .manifest, .invalid: .invalid
        default: .io
        }
    }
}
