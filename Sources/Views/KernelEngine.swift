internal import Control
internal import Layers
internal import Manifest
internal import Nodes
internal import Syscalls
internal import Weave

/// The `kernel` engine: the kernel's overlayfs over the base view, mounted on an empty directory that `.workweaves` shows. A workweave that
/// has to do without is served by the `fuse` engine, from the same upper directory.
struct KernelEngine: Engine {
    let weave: Weave
    let place: WorkweavesMount
    let serving: ServedWorkweave
    let maker: WorkweaveMaker
    let base: BaseView
    let fuse: FuseEngine
    let log: @Sendable (String) -> Void
    private let machine: KernelObstacle
    /// Why a workweave of this engine is served by `fuse` instead, by name. A leaf.
    private let problems = Locked<[String: String]>([:])

    init(_ weave: Weave, _ base: BaseView, _ fuse: FuseEngine, log: @escaping @Sendable (String) -> Void) {
        self.weave = weave
        (place, serving, maker) = (fuse.place, fuse.serving, fuse.maker)
        self.base = base
        self.fuse = fuse
        self.log = log
        machine = KernelObstacle(weave)
    }

    var kind: EngineKind { .kernel }
    var mountsOnTop: Bool { true }

    func obstacle() -> String? { machine.reason() }

    private func problem(_ name: String) -> String? { problems.withLock { $0[name] } }
    private func setProblem(_ name: String, _ text: String?) { problems.withLock { $0[name] = text } }

    func standIn(_ name: String) -> (kind: EngineKind, reason: String)? { problem(name).map { (fuse.kind, $0) } }

    func make(_ plan: ViewPlan, _ directory: String, umask: UInt32) throws(WeaveError) -> WorkweaveRecord { try maker.buildOverlay(plan, directory, umask, kind) }

    // MARK: Showing

    /// Shows the mount point, and what is to lie below the overlay; or serves the workweave as `fuse` does where that cannot be.
    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        if let obstacle = obstacle(record) {
            setProblem(record.name, obstacle)
            log("'\(record.name)' is served by the fuse engine: \(obstacle)")
            return try fuse.show(record, isInherited: isInherited)
        }
        try base.show(record)
        setProblem(record.name, nil)
        place.handler.add(record.name, id: record.id, .mountPoint)
    }

    /// Why a workweave that there is cannot have it.
    func obstacle(_ record: WorkweaveRecord) -> String? {
        if record.upper?.whiteout != UpperFormat.Whiteout.device.rawValue { return "its upper directory has whiteouts in attributes, which overlayfs does not read there" }
        return obstacle()
    }

    func mount(_ record: WorkweaveRecord) throws(WeaveError) {
        guard problem(record.name) == nil else { return }
        try base.ensureMounted(try place.requireMounter())
        try KernelMount(weave: weave, name: record.name).mount()
    }

    func fallBack(_ record: WorkweaveRecord, _ reason: WeaveError) throws(WeaveError) {
        log("'\(record.name)' is served by the fuse engine: \(reason.message)")
        hide(record)
        try fuse.show(record, isInherited: false)
        setProblem(record.name, reason.message)
    }

    func unmount(_ record: WorkweaveRecord, force: Bool) throws(WeaveError) { try KernelMount(weave: weave, name: record.name).unmount(force: force) }
    func close(_ record: WorkweaveRecord) { fuse.close(record) }

    func hide(_ record: WorkweaveRecord) {
        fuse.hide(record)
        base.hide(record.name)
        setProblem(record.name, nil)
    }

    func isShown(_ record: WorkweaveRecord) -> Bool {
        problem(record.name) == nil ? KernelMount(weave: weave, name: record.name).isMounted : fuse.isShown(record)
    }

    // MARK: Sync

    /// A mounted overlay's lower must never change: it is taken away for a sync, and comes back.
    func sync(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions, _ tellKernel: (UInt64, String) -> Void) throws(WeaveError) -> SyncReport {
        if problem(name.text) != nil { return try fuse.sync(&record, name, options, tellKernel) }
        do throws(WeaveError) { try unmount(record, force: false) } catch {
            guard error.code == .busy else { throw error }
            throw WeaveError(.busy, "'\(name.text)' is in use, and what lies below an overlay of the kernel cannot change while it is",
                             hint: "leave that directory and end the programs in it, then run 'rwv workweave \(record.project) sync \(name.text)' from elsewhere")
        }
        defer {
            do throws(WeaveError) { try mount(record) } catch { log("'\(name.text)' is not mounted again: \(error.message)") }
        }
        let overlay = try serving.overlay(record, isInherited: true)
        let report = try WorkweaveSync(weave: weave, maker: maker, serving: serving, overlay: overlay).run(&record, name, removable: Set(options.removable)) { _, _ in }
        base.hide(name.text)
        try base.show(record)
        return report
    }
}
