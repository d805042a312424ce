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

    func problem(_ name: String) -> String? { problems.withLock { $0[name] } }
    private func setProblem(_ name: String, _ text: String?) { problems.withLock { $0[name] = text } }

    func standIn(_ name: String) -> (kind: EngineKind, reason: String)? { problem(name).map { (fuse.kind, $0) } }

    func make(_ plan: ViewPlan, _ directory: String, umask: UInt32) throws(WeaveError) -> WorkweaveRecord { try maker.buildOverlay(plan, directory, umask, kind) }

    // MARK: Showing

    /// Shows the mount point, and what is to lie below the overlay; or serves the workweave as `fuse` does where that cannot be.
    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        if let obstacle = obstacle(record) {
            setProblem(record.name, obstacle)
            log("'\(record.name)' is served by the fuse engine: \(obstacle)")
            return try fuse.show(try join(record), isInherited: isInherited)
        }
        try base.show(joined(record))
        setProblem(record.name, nil)
        place.handler.add(record.name, id: record.id, .mountPoint)
    }

    /// Why a workweave that there is cannot have it.
    func obstacle(_ record: WorkweaveRecord) -> String? {
        if record.upper?.whiteout != UpperFormat.Whiteout.device.rawValue { return "its upper directory has whiteouts in attributes, which overlayfs does not read there" }
        if !KernelMount.takes(record) { return "it has \(record.repos.count) repos, more than overlayfs takes lower directories" }
        return obstacle()
    }

    func mount(_ record: WorkweaveRecord) throws(WeaveError) {
        guard problem(record.name) == nil else { return }
        try base.ensureMounted(try place.requireMounter())
        let whole = joined(record)
        if whole != record {
            base.hide(record.name)
            try base.show(whole)
        }
        _ = try mountParts(whole)
    }

    /// In one piece where that can be. What cannot be joined is mounted in pieces again.
    private func joined(_ record: WorkweaveRecord) -> WorkweaveRecord {
        do throws(WeaveError) { return try join(record) } catch {
            log("'\(record.name)' stays in pieces: \(error.message)")
            return record
        }
    }

    /// Takes what joined and left while it was mounted into one piece with the rest, unless it is mounted.
    func join(_ record: WorkweaveRecord) throws(WeaveError) -> WorkweaveRecord {
        guard record.isInPieces, !KernelMount(weave: weave, name: record.name).isMounted else { return record }
        return try OverlayJoin(weave, record).run()
    }

    /// Makes what is mounted what the record says. - Returns: the record, in which what left is gone.
    func mountParts(_ record: WorkweaveRecord) throws(WeaveError) -> WorkweaveRecord {
        try KernelMount(weave: weave, name: record.name).mount()
        guard let left = record.left, !left.allSatisfy(\.isGone) else { return record }
        var record = record
        // Nothing of those that were apart lies below the overlay.
        record.left = left.filter { $0.repo.isApart != true }.map { .init(repo: $0.repo, isGone: true) }
        try record.write(weave.states + "/" + record.name)
        for one in left where one.repo.isApart == true { try? PartDirectory(state: weave.states + "/" + record.name, one.repo).remove() }
        return record
    }

    func fallBack(_ record: WorkweaveRecord, _ reason: WeaveError) throws(WeaveError) {
        // Two on one upper directory would not see each other's changes.
        if KernelMount(weave: weave, name: record.name).isMounted { return log("'\(record.name)' is not as it should be: \(reason.message)") }
        log("'\(record.name)' is served by the fuse engine: \(reason.message)")
        hide(record)
        try fuse.show(try join(record), isInherited: false)
        setProblem(record.name, reason.message)
    }

    func unmount(_ record: WorkweaveRecord, force: Bool) throws(WeaveError) { try KernelMount(weave: weave, name: record.name).unmount(force: force) }
    func withdraw(_ record: WorkweaveRecord, _ check: () throws(WeaveError) -> Void) throws(WeaveError) {
        if problem(record.name) != nil { return try fuse.withdraw(record, check) }
        let mount = KernelMount(weave: weave, name: record.name)
        guard mount.isMounted else {
            throw WeaveError(.failed, "'\(record.name)' is not mounted, so nobody can tell what would be lost", hint: "see \(weave.log)/server.log, or use --force")
        }
        do throws(WeaveError) {
            try mount.seal()
            try check()
            try mount.unmount(force: false)
        } catch {
            giveBack(record)
            throw error
        }
    }

    func giveBack(_ record: WorkweaveRecord) {
        if problem(record.name) != nil { return fuse.giveBack(record) }
        do throws(WeaveError) { try mount(record) } catch { log("'\(record.name)' cannot be written to: \(error.message)") }
    }

    func close(_ record: WorkweaveRecord) { fuse.close(record) }

    func hide(_ record: WorkweaveRecord) {
        fuse.hide(record)
        base.hide(record.name)
        setProblem(record.name, nil)
    }

    func isShown(_ record: WorkweaveRecord) -> Bool {
        problem(record.name) == nil ? KernelMount(weave: weave, name: record.name).isComplete(record) : fuse.isShown(record)
    }
}
