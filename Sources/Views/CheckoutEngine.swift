internal import Control
internal import Manifest
internal import Nodes
internal import Weave

/// The `checkout` engine: ordinary directories in the state directory, filled by git, with a link in the workweave's place.
struct CheckoutEngine: Engine {
    let weave: Weave
    let place: WorkweavesMount
    let maker: WorkweaveMaker

    var kind: EngineKind { .checkout }

    func make(_ plan: ViewPlan, _ directory: String, umask: UInt32) throws(WeaveError) -> WorkweaveRecord { try maker.buildCheckout(plan, directory, umask) }

    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) {
        place.handler.add(record.name, id: record.id, .link(target: CheckoutLinks.target(of: record.name)))
    }

    /// What is ordinary files cannot be made read-only for their owner. So it is taken from its place after the check, and put back
    /// when somebody is in it still or anything of it has changed since the check began.
    func withdraw(_ record: WorkweaveRecord, _ check: () throws(WeaveError) -> Void) throws(WeaveError) {
        let leaving = LeavingCheckout(weave, record.name)
        try leaving.putBack()
        let began = try ChangeTime.now(in: weave.states + "/" + record.name)
        try check()
        do throws(WeaveError) { try leaving.take(unchangedSince: began) } catch {
            giveBack(record)
            throw error
        }
    }

    func giveBack(_ record: WorkweaveRecord) { try? LeavingCheckout(weave, record.name).putBack() }

    func hide(_ record: WorkweaveRecord) { place.handler.remove(record.name) }

    func isShown(_ record: WorkweaveRecord) -> Bool { true }

    func sync(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions, _ tellKernel: (UInt64, String) -> Void) throws(WeaveError) -> SyncReport {
        try CheckoutSync(weave: weave, maker: maker).run(&record, name, options)
    }
}
