internal import Fuse
internal import Layers
internal import Syscalls
internal import Views
internal import Weave

/// The mounts that this server serves: their descriptors come from the keeper, their requests go to one pool of workers. Any thread.
final class ServerMounts: Mounter {
    private struct State {
        /// What a predecessor had mounted and nobody serves yet.
        var inherited: [String: (mount: KeptMount, descriptor: FileDescriptor)] = [:]
        var sessions: [String: Session] = [:]
        /// Mounts that we are taking away: their end is no surprise.
        var leaving: Set<String> = []
        var isGoingDown = false
    }

    let isSuccessor: Bool
    private let keeper: KeeperChannel
    private let pool: WorkerPool
    private let log: Log
    /// A leaf.
    private let state: Locked<State>

    init(_ keeper: KeeperChannel, isSuccessor: Bool, log: Log) throws(WeaveError) {
        self.keeper = keeper
        self.isSuccessor = isSuccessor
        self.log = log
        var state = State()
        for kept in try keeper.inheritance() { state.inherited[kept.mount.id] = kept }
        self.state = Locked(state)
        pool = try system("start the workers") { () throws(Errno) in
            try WorkerPool(threads: max(4, CurrentProcess.processorCount * 2)) { Scratch() }
        }
    }

    func isInherited(_ id: String) -> Bool { state.withLock { $0.inherited[id] != nil } }
    func isServed(_ id: String) -> Bool { state.withLock { $0.sessions[id] != nil } }

    func serve(_ mount: ViewMount, with handler: any RequestHandler) throws(WeaveError) -> Session {
        let inherited = state.withLock { $0.inherited.removeValue(forKey: mount.id) }
        let kept: (mount: KeptMount, descriptor: FileDescriptor)
        if let inherited { kept = inherited } else {
            let options = ["default_permissions", "subtype=weavefs"] + mount.options
            kept = try keeper.mount(MountRequest(id: mount.id, path: mount.path, options: options, makesDirectory: mount.makesDirectory))
        }
        let session = try system("begin a FUSE session") { () throws(Errno) in
            try Session(descriptor: kept.descriptor, handler: handler) { [weak self] in self?.ended(mount.id) }
        }
        state.withLock { $0.sessions[mount.id] = session }
        try system("serve \(mount.path)") { () throws(Errno) in
            session.replayInit(kept.mount.initRequest, scratch: Scratch())
            if inherited != nil { try? session.requestResend() }
            try pool.add(session)
        }
        return session
    }

    func unmount(_ id: String, force: Bool) throws(WeaveError) {
        state.withLock { _ = $0.leaving.insert(id) }
        do throws(WeaveError) { try keeper.unmount(id, lazy: force) } catch {
            state.withLock { _ = $0.leaving.remove(id) }
            throw error
        }
    }

    /// Takes away what was inherited and is registered no more.
    func dropUnclaimed() {
        let unclaimed = state.withLock { s in
            defer { s.inherited = [:] }
            return s.inherited.values.map { $0 }
        }
        for kept in unclaimed {
            log.write("taking away \(kept.mount.path), which nothing on record asks for")
            try? keeper.unmount(kept.mount.id, lazy: true)
            keeper.tell(.forget(id: kept.mount.id))
            kept.descriptor.close()
        }
    }

    /// Everything is about to be taken away, and the process to end.
    func goDown() { state.withLock { $0.isGoingDown = true } }
    /// It is not, after all.
    func stayUp() { state.withLock { $0.isGoingDown = false } }

    /// The kernel has closed a connection: unmounted, by us or by somebody else, and used by nobody any more.
    private func ended(_ id: String) {
        let (session, wasExpected, isLast, isGoingDown) = state.withLock { s in
            let session = s.sessions.removeValue(forKey: id)
            return (session, s.leaving.remove(id) != nil, s.sessions.isEmpty, s.isGoingDown)
        }
        guard let session else { return }
        pool.remove(session)
        keeper.tell(.forget(id: id))
        if isGoingDown { return }
        if !wasExpected { log.write("the mount \(id) was taken away") }
        if isLast {
            keeper.tell(.stop)
            CurrentProcess.exitNow(0)
        }
        // What the workweaves' layers remember of the kernel's references is worth nothing now: a successor begins anew.
        if id == ServedWeave.mountID { CurrentProcess.exitNow(1) }
    }
}
