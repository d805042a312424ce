internal import Control
internal import Manifest
internal import Weave

/// The names of the engines, as records, options and lists have them.
enum EngineKind: String, Sendable {
    /// Our own copy-on-write, in the server.
    case fuse
    /// The kernel's overlayfs over our read-only view of the base.
    case kernel
    /// Ordinary git checkouts, where there is no FUSE.
    case checkout
}

/// A way of showing workweaves. One value for all workweaves of a served weave; any thread. What is done to one workweave is done under the
/// lock of its name (``WorkweaveLocks``), unless said otherwise.
protocol Engine: Sendable {
    var kind: EngineKind { get }
    /// Whether ``mount(_:)`` has anything to do.
    var mountsOnTop: Bool { get }

    /// Why it cannot be had for workweaves of this weave; nil when nothing speaks against it.
    func obstacle() -> String?

    /// Fills the state directory of a new workweave, and makes what git needs of it. What is half made is taken away by the caller.
    func make(_ plan: ViewPlan, _ directory: String, umask: UInt32) throws(WeaveError) -> WorkweaveRecord

    /// Shows a workweave among the others.
    /// - Parameter isInherited: the kernel may know nodes of it from a server before this one.
    func show(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError)
    /// Mounts what belongs on the place that ``show(_:isInherited:)`` has made, once the kernel can find that. Not on a thread on which the kernel waits.
    func mount(_ record: WorkweaveRecord) throws(WeaveError)
    /// Shows a workweave by other means after ``mount(_:)`` has failed for `reason`; the kernel must be told.
    func fallBack(_ record: WorkweaveRecord, _ reason: WeaveError) throws(WeaveError)
    /// Takes away what was mounted. - Throws: `.busy` when it is in use (and not `force`).
    func unmount(_ record: WorkweaveRecord, force: Bool) throws(WeaveError)
    /// Takes a workweave out of everybody's hands if `check` finds nothing in it that would be lost: from before `check` looks until this returns
    /// nothing of it changes, and afterwards nobody can change it. What was mounted is taken away. - Throws: what `check` throws; `.busy`. All is as it was then.
    func withdraw(_ record: WorkweaveRecord, _ check: () throws(WeaveError) -> Void) throws(WeaveError)
    /// Puts back what ``withdraw(_:_:)`` took.
    func giveBack(_ record: WorkweaveRecord)
    /// Makes one piece of what is in several only because it was mounted; nothing is mounted now. - Returns: the record as it is on disk then.
    func join(_ record: WorkweaveRecord) throws(WeaveError) -> WorkweaveRecord
    /// Lets go of its files: when this returns no request is under way, and none will be answered.
    func close(_ record: WorkweaveRecord)
    /// Shows it no more. Not in a request handler.
    func hide(_ record: WorkweaveRecord)

    /// Whether it can be seen and used.
    func isShown(_ record: WorkweaveRecord) -> Bool
    /// What shows the workweave in the engine's place, and why; nil when the engine itself does.
    func standIn(_ name: String) -> (kind: EngineKind, reason: String)?

    /// Brings a workweave's repos in line with its own manifest. `tellKernel` collects names that the kernel must look up anew.
    func sync(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions, _ tellKernel: (UInt64, String) -> Void) throws(WeaveError) -> SyncReport
}

extension Engine {
    var mountsOnTop: Bool { false }
    func obstacle() -> String? { nil }
    func mount(_ record: WorkweaveRecord) throws(WeaveError) {}
    func fallBack(_ record: WorkweaveRecord, _ reason: WeaveError) throws(WeaveError) {}
    func unmount(_ record: WorkweaveRecord, force: Bool) throws(WeaveError) {}
    func join(_ record: WorkweaveRecord) throws(WeaveError) -> WorkweaveRecord { record }
    func close(_ record: WorkweaveRecord) {}
    func standIn(_ name: String) -> (kind: EngineKind, reason: String)? { nil }
}

/// The engines of a served weave.
struct Engines: Sendable {
    let fuse: FuseEngine
    let kernel: KernelEngine
    let checkout: CheckoutEngine

    subscript(kind: EngineKind) -> any Engine {
        switch kind {
        case .fuse: fuse
        case .kernel: kernel
        case .checkout: checkout
        }
    }

    /// The engine of a workweave. - Throws: `.unsupported` for one of a newer program.
    func of(_ record: WorkweaveRecord) throws(WeaveError) -> any Engine {
        guard let kind = EngineKind(rawValue: record.engine) else {
            throw WeaveError(.unsupported, "'\(record.name)' has the engine '\(record.engine)', which this program does not know", hint: "use a newer rwv")
        }
        return self[kind]
    }

    /// The engine that somebody asks for, or the best one for `auto`. - Throws: `.unsupported` with the reason where it does not work.
    func choose(_ text: String) throws(WeaveError) -> any Engine {
        if text == "auto" { return kernel.obstacle() == nil ? kernel : fuse }
        guard let kind = EngineKind(rawValue: text) else { throw WeaveError(.invalid, "there is no engine '\(text)'", hint: "choose auto, fuse, kernel or checkout") }
        if let obstacle = self[kind].obstacle() {
            throw WeaveError(.unsupported, "the \(text) engine does not work here: \(obstacle)", hint: "use --engine fuse, or leave it out")
        }
        return self[kind]
    }
}
