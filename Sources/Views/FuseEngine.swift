internal import Control
internal import Layers
internal import Manifest
internal import Nodes
internal import Weave

/// The `fuse` engine: a workweave is an ``Overlay`` in the mount `.workweaves`.
struct FuseEngine: Engine {
    let weave: Weave
    let place: WorkweavesMount
    let serving: ServedWorkweave
    let maker: WorkweaveMaker

    var kind: EngineKind { .fuse }

    func make(_ plan: ViewPlan, _ directory: String, umask: UInt32) throws(WeaveError) -> WorkweaveRecord { try maker.buildOverlay(plan, directory, umask, kind) }

    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        place.handler.add(record.name, id: record.id, .overlay(try serving.overlay(record, isInherited: isInherited)))
    }

    func withdraw(_ record: WorkweaveRecord, _ check: () throws(WeaveError) -> Void) throws(WeaveError) {
        guard let overlay = place.handler.overlay(named: record.name) else {
            throw WeaveError(.failed, "'\(record.name)' is not served, so nobody can tell what would be lost", hint: "see \(weave.log)/server.log, or use --force")
        }
        overlay.setSealed(true)
        do throws(WeaveError) { try check() } catch {
            overlay.setSealed(false)
            throw error
        }
    }

    func giveBack(_ record: WorkweaveRecord) { place.handler.overlay(named: record.name)?.setSealed(false) }

    func close(_ record: WorkweaveRecord) { place.handler.overlay(named: record.name)?.close() }

    func hide(_ record: WorkweaveRecord) {
        place.handler.remove(record.name)
        let id = record.id
        serving.files.drop { NodeID(raw: $0).workweave == id }
    }

    func isShown(_ record: WorkweaveRecord) -> Bool { place.handler.overlay(named: record.name) != nil }

    func sync(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions, _ tellKernel: (UInt64, String) -> Void) throws(WeaveError) -> SyncReport {
        guard let overlay = place.handler.overlay(named: name.text) else {
            throw WeaveError(.failed, "'\(name.text)' is not served", hint: "see \(weave.log)/server.log")
        }
        return try WorkweaveSync(weave: weave, maker: maker, serving: serving, overlay: overlay).run(&record, name, options, tellKernel)
    }
}
