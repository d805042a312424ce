internal import Fuse
internal import Layers
internal import Syscalls
internal import Views
internal import Weave

/// The mounts that this server serves: their descriptors come from the keeper, their requests go to one pool of workers, or to one of their own
/// (``ViewMount/hasOwnWorkers``). Any thread.
final class ServerMounts: Mounter {
    private struct State {
        /// What a predecessor had mounted and nobody serves yet.
        var inherited: [String: (mount: KeptMount, descriptor: FileDescriptor)] = [:]
        var sessions: [String: Session] = [:]
        /// Sessions of mounts that we took away; whether it was by force, so that their files may be in use still.
        var leaving: [ObjectIdentifier: (id: String, session: Session, wasForced: Bool)] = [:]
        var isGoingDown = false
    }

    let isSuccessor: Bool
    private let keeper: KeeperChannel
    private let pool: WorkerPool
    /// For those whose requests must not wait for others.
    private let ownPool: WorkerPool
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
        func workers(_ count: Int) throws(WeaveError) -> WorkerPool {
            try system("start the workers") { () throws(Errno) in try WorkerPool(threads: count) { Scratch() } }
        }
        pool = try workers(max(4, CurrentProcess.processorCount * 2))
        ownPool = try workers(4)
    }

    func isInherited(_ id: String) -> Bool { state.withLock { $0.inherited[id] != nil } }
    func settle(milliseconds: Int) -> Bool { pool.settle(milliseconds: milliseconds) }
    func isServed(_ id: String) -> Bool { state.withLock { $0.sessions[id] != nil } }

    func serve(_ mount: ViewMount, with handler: any RequestHandler) throws(WeaveError) -> Session {
        let inherited = state.withLock { $0.inherited.removeValue(forKey: mount.id) }
        let kept: (mount: KeptMount, descriptor: FileDescriptor)
        if let inherited { kept = inherited } else {
            let options = ["default_permissions", "subtype=weavefs"] + mount.options
            kept = try keeper.mount(MountRequest(id: mount.id, path: mount.path, options: options, makesDirectory: mount.makesDirectory, place: mount.place))
        }
        let session = try system("begin a FUSE session") { () throws(Errno) in
            try Session(descriptor: kept.descriptor, handler: handler) { [weak self] session in self?.ended(mount.id, session) }
        }
        state.withLock { $0.sessions[mount.id] = session }
        try system("serve \(mount.path)") { () throws(Errno) in
            session.replayInit(kept.mount.initRequest, scratch: Scratch())
            if inherited != nil { try? session.requestResend() }
            try (mount.hasOwnWorkers ? ownPool : pool).add(session)
        }
        return session
    }

    func unmount(_ id: String, force: Bool) throws(WeaveError) {
        // Its end may be noticed before the keeper has answered.
        let session = state.withLock { s in
            let session = s.sessions.removeValue(forKey: id)
            if let session { s.leaving[ObjectIdentifier(session)] = (id, session, force) }
            return session
        }
        guard let session else { return }
        do throws(WeaveError) { try keeper.unmount(id, lazy: force) } catch {
            state.withLock { s in
                if s.leaving.removeValue(forKey: ObjectIdentifier(session)) != nil { s.sessions[id] = session }
            }
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
    private func ended(_ id: String, _ session: Session) {
        enum End { case seen, ours(wasForced: Bool), foreign(isLast: Bool) }
        let (end, isGoingDown) = state.withLock { s -> (End, Bool) in
            if let left = s.leaving.removeValue(forKey: ObjectIdentifier(session)) { return (.ours(wasForced: left.wasForced), s.isGoingDown) }
            guard s.sessions[id] === session else { return (.seen, s.isGoingDown) }
            s.sessions[id] = nil
            return (.foreign(isLast: s.sessions.isEmpty), s.isGoingDown)
        }
        if case .seen = end { return }
        for pool in [pool, ownPool] { pool.remove(session) }
        switch end {
        case .seen: break
        case .ours(let wasForced): if wasForced { keeper.tell(.forget(id: id)) }
        case .foreign(let isLast):
            keeper.tell(.forget(id: id))
            log.write("the mount \(id) was taken away")
            if isGoingDown { return }
            if isLast {
                keeper.tell(.stop)
                CurrentProcess.exitNow(0)
            }
            // What the workweaves' layers remember of the kernel's references is worth nothing now: a successor begins anew.
            if id == ServedWeave.mountID { CurrentProcess.exitNow(1) }
        }
    }
}
