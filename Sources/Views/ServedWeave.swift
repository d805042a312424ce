package import Control
internal import Fuse
internal import Git
internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
package import Weave

/// A weave while it is served: its workweaves in the mount, and what is done to them. One per server process. Any thread.
package final class ServedWeave: WorkweavesHandler.Keeper {
    /// Which ecosystem files of a project are generated and surfaced; see ``SurfaceRequest``.
    package typealias Surface = @Sendable (SurfaceRequest) -> SurfaceAnswer
    /// The name of the mount `.workweaves` among the server's.
    package static let mountID = WorkweavesMount.mountID

    let weave: Weave
    let place: WorkweavesMount
    let maker: WorkweaveMaker
    let base: BaseView
    let engines: Engines
    let change: EngineChange
    let locks: WorkweaveLocks
    let log: @Sendable (String) -> Void
    /// The projects of workweaves that are shown, by name.
    let projects: Locked<[String: String]>
    let projectMounts: ProjectMounts
    /// Why workweaves could not be shown when they were to be, by name. A leaf.
    let failures = Locked<[String: String]>([:])
    /// One workweave's branches go at a time.
    let deleting = Lock()

    package init(_ weave: Weave, surface: @escaping Surface, log: @escaping @Sendable (String) -> Void) {
        self.weave = weave
        self.log = log
        // A hard limit of 20,000 open files is common: a quarter of it for upper files, the rest for directories and the like.
        let limit = CurrentProcess.raiseDescriptorLimit()
        let serving = ServedWorkweave(weave: weave, blobs: CloneBlobs(weave), files: DescriptorCache(capacity: min(1024, limit / 4)))
        place = WorkweavesMount(weave)
        locks = WorkweaveLocks(weave)
        maker = WorkweaveMaker(weave: weave, bases: BaseStore(weave), surface: surface)
        base = BaseView(weave, serving)
        let fuse = FuseEngine(weave: weave, place: place, serving: serving, maker: maker)
        change = EngineChange(weave: weave, serving: serving, maker: maker)
        engines = Engines(fuse: fuse, kernel: KernelEngine(weave, base, fuse, log: log), checkout: CheckoutEngine(weave: weave, place: place, maker: maker))
        let projects = Locked<[String: String]>([:])
        self.projects = projects
        projectMounts = ProjectMounts(weave, surface: surface, workweaves: { p in projects.withLock { all in all.filter { $0.value == p }.map(\.key) } }, log: log)
        place.handler.keeper = self
    }

    /// Brings everything on record back: takes back what was half made, finishes what was half deleted, repairs the paths of a weave that was moved.
    /// Then it is shown.
    package func start(_ mounter: any Mounter) throws(WeaveError) {
        place.begin(mounter)
        let isInherited = mounter.isInherited(Self.mountID)
        if mounter.isInherited(BaseView.mountID) { try goOnWithBase(mounter) }
        let recovery = Recovery(weave: weave, change: change, log: log)
        var changed: [WorkweaveName] = []
        for name in try weave.stateNames() {
            do throws(WeaveError) {
                var hasChanged = false
                guard let record = try recovery.recover(name, hasChanged: &hasChanged) else { continue }
                if hasChanged { changed.append(try workweaveName(name)) }
                try show(record, isInherited: isInherited)
            } catch {
                log("'\(name)' is not served: \(error.message)")
                failures.withLock { $0[name] = error.sentence }
            }
        }
        try? Files.removeTree(weave.state + "/trash")
        // Overlays that are mounted lie upon it. One that a dead keeper left is in the way.
        if mounter.isInherited(BaseView.mountID) || MountTable.find(weave.baseView) != nil { try base.ensureMounted(mounter) }
        // Taken away by somebody under a server that had more to serve: it comes back when it is asked for.
        if isInherited || !mounter.isSuccessor { _ = try place.ensureMounted() }
        // First, since what is mounted on a name is mounted on what the kernel takes it for.
        for name in changed { endChange(name) }
        takeBackWhatIsFree()
        if mounter.isServed(Self.mountID) { mountOnTop() }
        try projectMounts.start(mounter)
    }

    /// Serves the base view for the overlays that lie upon it. First of all: who copies a directory up holds the disk's lock on renames while
    /// he asks us for its attributes, and recovery renames too.
    private func goOnWithBase(_ mounter: any Mounter) throws(WeaveError) {
        for record in (try? weave.workweaveRecords()) ?? [] where record.upper != nil {
            let isHandedOut = (try? ExclusiveUse.read(weave.states + "/" + record.name)) ?? nil != nil
            if isHandedOut || KernelMount(weave: weave, name: record.name).isMounted { try? base.show(record) }
        }
        try base.ensureMounted(mounter)
    }

    /// Mounts `.workweaves` unless it is, and what belongs in it. Nothing to do where nothing is mounted at all.
    package func ensureMounted() throws(WeaveError) {
        if try place.ensureMounted() { mountOnTop() }
    }

    /// Takes all mounts away. - Throws: `.busy` when one is in use (and not `force`).
    package func unmountAll(force: Bool) throws(WeaveError) {
        let mounter = try place.requireMounter()
        if !force { try requireNoneHandedOut() }
        try projectMounts.unmountAll(force: force, mounter)
        do throws(WeaveError) {
            // The others may be away when one is in use.
            let results = Thread.map(try recordsOrDetached(), width: CurrentProcess.processorCount) { [engines] record -> Result<Void, WeaveError> in
                do throws(WeaveError) { return .success(try (try? engines.of(record))?.unmount(record, force: force) ?? ()) } catch { return .failure(error) }
            }
            for result in results { try result.get() }
            try mounter.unmount(BaseView.mountID, force: force)
            try mounter.unmount(Self.mountID, force: force)
            if weave.diskFailure == nil, MountTable.find(weave.workweaves) == nil { try CheckoutLinks(weave).renew() }
        } catch {
            try? bringAllUp()
            throw error.code == .busy ? WeaveError(.busy, "the workweaves are in use", hint: error.hint) : error
        }
    }

    /// All records. On a disk that cannot be read nobody knows what is mounted as what: it is detached.
    private func recordsOrDetached() throws(WeaveError) -> [WorkweaveRecord] {
        if weave.diskFailure == nil { return try weave.workweaveRecords() }
        let overlays = MountTable.all().filter { $0.type == KernelMount.type && $0.source == weave.root && $0.path.hasPrefix(weave.workweaves + "/") }
        for overlay in overlays.reversed() { try? Syscalls.unmount(overlay.path, lazy: true) }
        return []
    }

    /// Mounts everything that is registered and not mounted.
    package func bringAllUp() throws(WeaveError) {
        try ensureMounted()
        let mounter = try place.requireMounter()
        mountOnTop()
        try projectMounts.bringAllUp(mounter)
    }

    /// Has the engines mount what they want inside `.workweaves` and is not there. What cannot be had is served by other means.
    func mountOnTop() {
        let missing = ((try? weave.workweaveRecords()) ?? []).filter { found in
            guard let engine = try? engines.of(found) else { return false }
            return engine.mountsOnTop && !engine.isShown(found)
        }
        // A process mounts each of them: as many at once as there are processors. It looks again whether there is anything to do.
        _ = Thread.map(missing, width: CurrentProcess.processorCount) { [self] found in
            guard let engine = try? engines.of(found), let name = try? WorkweaveName(found.name) else { return }
            let hasFallen = try? locks.changing(name) { () throws(WeaveError) -> Bool in
                // Not one that could not be recovered: it has no place there.
                guard place.handler.shows(name.text), let record = try WorkweaveRecord.read(weave.state(of: name)) else { return false }
                do throws(WeaveError) { try engine.mount(record) } catch {
                    try engine.fallBack(record, error)
                    return true
                }
                return false
            }
            if hasFallen == true { place.tellKernel(1, found.name) }
        }
    }

    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        if try ExclusiveUse.read(weave.states + "/" + record.name) != nil { try showHandedOut(record) } else { try engines.of(record).show(record, isInherited: isInherited) }
        projects.withLock { $0[record.name] = record.project }
    }

    // MARK: Project mounts

    package func mount(_ options: MountOptions) throws(WeaveError) { try projectMounts.mount(options, try place.requireMounter()) }
    package func unmount(_ path: String, force: Bool) throws(WeaveError) -> UInt32 { try projectMounts.unmount(path, force: force, try place.requireMounter()) }
    package func activate(_ path: String, _ project: String) throws(WeaveError) { try projectMounts.activate(path, project) }

    // MARK: Records

    /// Where a workweave is seen.
    package func path(of name: String) -> String { weave.workweaves + "/" + name }

    func requireRecord(_ name: WorkweaveName) throws(WeaveError) -> WorkweaveRecord {
        guard let record = try WorkweaveRecord.read(weave.state(of: name)) else {
            throw WeaveError(.notFound, "there is no workweave named '\(name.text)'", hint: "'rwv workweave PROJECT list' shows what there is")
        }
        return record
    }

    func workweaveName(_ text: String) throws(WeaveError) -> WorkweaveName {
        do throws(ManifestError) { return try WorkweaveName(text) } catch { throw WeaveError(error) }
    }
}
