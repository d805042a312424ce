internal import CFuse
internal import Glibc
internal import Synchronization
package import Syscalls

/// One thread of the pool, with the memory it works in.
@safe package final class Worker {
    /// For answers.
    package let reply = ReplyBuffer()
    /// What the handlers keep per thread (path buffers and the like), made by ``WorkerPool``.
    package let scratch: AnyObject
    /// Odd while a request is being served.
    let turn = Turn()
    /// What a CREATE that is being served is to open.
    var opening: fuse_file_info?
    var requestIsResent = false
    var requestClearsSetID = false
    var requestAppends = false
    var answersInit = false
    var kernelOffersKillPriv = false
    /// The session whose request is being served.
    package private(set) var session: Session?
    private var buffer = unsafe fuse_buf()
    private let memory: UnsafeMutableRawPointer
    /// What a request takes before its contents: of a WRITE, struct fuse_in_header and fuse_write_in (linux/fuse.h).
    private static let head = 80, page = 4096
    /// How many bytes of contents the kernel may send at once.
    static let mostContents = 1 << 20
    /// How many bytes ``serveOne(_:)`` has room for.
    static let capacity = head + mostContents + page

    init(scratch: AnyObject) {
        self.scratch = scratch
        // What is written begins at a page: each page of it is then one piece for the kernel to copy in and out, not two.
        unsafe memory = .allocate(byteCount: Self.page + Self.capacity, alignment: Self.page)
        unsafe buffer.mem = memory + Self.page - Self.head
    }

    deinit { unsafe memory.deallocate() }

    /// The worker that this thread is; nil on other threads.
    package static var current: Worker? { ThreadLocal.get(Worker.self) }

    /// Reads and answers one request. False when there was none (EAGAIN).
    func serveOne(_ session: Session) -> Bool {
        let n = unsafe fuse_session_receive_buf(session.raw, &buffer)
        if n <= 0 { return n == -EINTR }
        turn.value.add(1, ordering: .sequentiallyConsistent)
        self.session = session
        defer {
            self.session = nil
            turn.value.add(1, ordering: .sequentiallyConsistent)
        }
        unsafe fuse_session_process_buf(session.raw, &buffer)
        return true
    }

    /// Looks at a raw request before libfuse does (linux/fuse.h, struct fuse_in_header) for what libfuse does not tell its users.
    func inspect(_ p: UnsafeRawPointer, _ count: Int) {
        guard count >= 40 else { return }
        let opcode = unsafe p.load(fromByteOffset: 4, as: UInt32.self)
        let unique = unsafe p.load(fromByteOffset: 8, as: UInt64.self)
        requestIsResent = unique >> 63 == 1
        answersInit = opcode == 26
        requestAppends = unsafe opcode == 16 && count >= 76 && p.load(fromByteOffset: 72, as: Int32.self) & O_APPEND != 0
        requestClearsSetID = switch opcode {
        case 16: unsafe count >= 64 && p.load(fromByteOffset: 60, as: UInt32.self) & 4 != 0
        case 4: unsafe count >= 44 && p.load(fromByteOffset: 40, as: UInt32.self) & (1 << 11) != 0
        default: false
        }
        if answersInit, count >= 56 { kernelOffersKillPriv = unsafe p.load(fromByteOffset: 52, as: UInt32.self) & (1 << 28) != 0 }
    }
}

/// The threads that serve every mount of the process. Requests run to completion on the thread that read them.
package final class WorkerPool: Sendable {
    private let poller: Poller
    private let sessions = Locked<[UInt64: Session]>([:])
    private let makeScratch: @Sendable () -> AnyObject
    /// A leaf.
    private let turns = Locked<[Turn]>([])
    private let lingering = Lingering()

    package init(threads: Int, makeScratch: @escaping @Sendable () -> AnyObject) throws(Errno) {
        poller = try Poller()
        self.makeScratch = makeScratch
        for _ in 0..<threads { try Thread.start { [self] in run() } }
    }

    /// Starts serving a session.
    package func add(_ session: Session) throws(Errno) {
        let tag = UInt64(session.descriptor.raw) + 1
        sessions.withLock { $0[tag] = session }
        try poller.add(session.descriptor, tag: tag, edge: true)
    }

    /// Stops serving it. A request that a worker has begun is still answered.
    package func remove(_ session: Session) {
        poller.remove(session.descriptor)
        sessions.withLock { $0[UInt64(session.descriptor.raw) + 1] = nil }
    }

    /// Waits until the requests that are under way now have been answered. - Returns: false when `milliseconds` were not enough.
    /// Not from a request handler.
    package func settle(milliseconds: Int) -> Bool {
        let deadline = monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
        let busy = turns.withLock { $0 }.compactMap { turn in
            let at = turn.value.load(ordering: .sequentiallyConsistent)
            return at & 1 == 1 ? (turn, at) : nil
        }
        for (turn, at) in busy {
            while turn.value.load(ordering: .sequentiallyConsistent) == at {
                if monotonicNanoseconds() > deadline { return false }
                Thread.sleep(milliseconds: 1)
            }
        }
        return true
    }

    private func run() {
        let worker = Worker(scratch: makeScratch())
        // The caller's umask has been applied to every mode that comes, or comes with it.
        try? CurrentProcess.setThreadUmask(0)
        ThreadLocal.set(worker)
        turns.withLock { $0.append(worker.turn) }
        defer { ThreadLocal.set(nil) }
        while let tag = try? poller.wait() {
            guard let session = sessions.withLock({ $0[tag] }) else { continue }
            while worker.serveOne(session) {}
            while lingering.serveNext(session, worker) {}
            if session.hasEnded { session.ended() }
        }
    }
}

/// How many requests a worker has begun and ended.
final class Turn: Sendable {
    let value = Atomic<UInt64>(0)
}
