internal import Fuse
internal import Layers
internal import Nodes
internal import Syscalls
internal import Weave

/// The mount `.workweaves` of a served weave, and who mounts. Any thread.
final class WorkweavesMount: Sendable {
    /// Its name among the server's mounts.
    static let mountID = "workweaves"

    let handler = WorkweavesHandler()
    private let weave: Weave
    /// Nil where nothing is mounted at all. A leaf.
    private let state = Locked<(mounter: any Mounter, session: Session?)?>(nil)

    init(_ weave: Weave) { self.weave = weave }

    /// From here on things can be mounted.
    func begin(_ mounter: any Mounter) { state.withLock { $0 = (mounter, nil) } }

    var mounter: (any Mounter)? { state.withLock { $0?.mounter } }

    /// - Throws: `.noServer` where nothing is mounted at all.
    func requireMounter() throws(WeaveError) -> any Mounter {
        guard let mounter else { throw WeaveError(.noServer, "no server runs for \(weave.root)", hint: "run 'rwv up'") }
        return mounter
    }

    /// Mounts it unless it is. Nothing to do where nothing is mounted at all. - Returns: whether it was mounted now.
    func ensureMounted() throws(WeaveError) -> Bool {
        guard let mounter, !mounter.isServed(Self.mountID) else { return false }
        let mounted = try mounter.serve(ViewMount(id: Self.mountID, path: weave.workweaves, makesDirectory: true), with: handler)
        state.withLock { $0 = (mounter, mounted) }
        return true
    }

    /// Tells the kernel that a name has changed. Not from a request handler, nor under the name's lock. Of a workweave that is handed out it
    /// is not told: what is mounted on it would be taken away, in whatever namespace.
    func tellKernel(_ parent: UInt64, _ name: String) {
        if parent != 1 || !handler.isHandedOut(name) { tellKernelAlways(parent, name) }
    }

    private func tellKernelAlways(_ parent: UInt64, _ name: String) {
        guard let session = state.withLock({ $0?.session }) else { return }
        session.notifyGone(name: Array(name.utf8), in: parent)
        session.notifyChanged(node: parent)
    }

    /// Tells the kernel that a workweave has changed as a whole, of which nobody has anything open, nor mounted on it. What is watched stays in
    /// memory all the same. Under the same rules as ``tellKernel(_:_:)``.
    func tellKernel(ofAll name: String, _ id: UInt32) {
        tellKernelAlways(1, name)
        guard let session = state.withLock({ $0?.session }), let device = MountTable.find(weave.workweaves)?.device else { return }
        for node in ProcessFiles.watched(on: device) where NodeID(raw: node).workweave == id { session.notifyChanged(node: node) }
    }
}
