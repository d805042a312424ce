internal import CFuse
internal import Glibc
package import Syscalls

/// One mount's connection to the kernel: a libfuse session over a /dev/fuse descriptor that somebody else (the keeper) mounted and keeps.
/// Safe to use from any thread; ``notifyGone(name:in:)`` and its like never from inside a handler, nor under a lock that a handler takes.
@safe package final class Session: @unchecked Sendable {
    let raw: OpaquePointer
    package let descriptor: FileDescriptor
    private let box: HandlerBox
    private let onEnd: @Sendable (Session) -> Void

    /// - Parameters:
    ///   - descriptor: the mounted /dev/fuse file; the session closes it when it goes.
    ///   - handler: answers the requests; kept alive by the session.
    ///   - onEnd: called by workers, once or more, when the kernel has closed the connection (unmounted).
    /// - Throws: EINVAL when libfuse refuses.
    package init(descriptor: FileDescriptor, handler: any RequestHandler, onEnd: @escaping @Sendable (Session) -> Void) throws(Errno) {
        self.descriptor = descriptor
        self.onEnd = onEnd
        box = HandlerBox(handler)
        var operations = Operations.table
        let name = unsafe strdup("rwv")
        defer { unsafe free(name) }
        var words: [UnsafeMutablePointer<CChar>?] = unsafe [name, nil]
        var arguments = unsafe fuse_args()
        unsafe arguments.argc = 1
        let user = unsafe Unmanaged.passUnretained(box).toOpaque()
        let session = unsafe words.withUnsafeMutableBufferPointer { p -> OpaquePointer? in
            unsafe arguments.argv = p.baseAddress
            return unsafe rwv_fuse_session_new(&arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, user)
        }
        guard let session = unsafe session else { throw .invalid }
        unsafe raw = session
        var io = fuse_custom_io()
        unsafe io.read = { fd, buffer, count, _ in
            let n = unsafe Glibc.read(fd, buffer, min(count, Worker.capacity))
            if n > 0, let buffer = unsafe buffer { unsafe Worker.current?.inspect(buffer, n) }
            return n
        }
        unsafe io.writev = { fd, parts, count, _ in unsafe Session.send(fd, parts, count) }
        guard unsafe fuse_session_custom_io(session, &io, descriptor.raw) == 0 else { throw .invalid }
    }

    // Whoever works on a request holds the session.
    deinit { unsafe fuse_session_destroy(raw) }

    /// Sends an answer or a notification. In the answer to INIT it switches on FUSE_HANDLE_KILLPRIV_V2, which libfuse 3.14 has no
    /// name for: without it every write asks for the attribute security.capability first.
    private static func send(_ fd: Int32, _ parts: UnsafeMutablePointer<iovec>?, _ count: Int32) -> Int {
        if let worker = Worker.current, worker.answersInit, worker.kernelOffersKillPriv, count == 2, let parts = unsafe parts,
           unsafe parts[1].iov_len >= 16, let out = unsafe parts[1].iov_base {
            let flags = unsafe out.load(fromByteOffset: 12, as: UInt32.self)
            unsafe out.storeBytes(of: flags | 1 << 28, toByteOffset: 12, as: UInt32.self)
        }
        return unsafe writev(fd, parts, count)
    }

    /// Whether the kernel has closed the connection.
    package var hasEnded: Bool { unsafe fuse_session_exited(raw) != 0 }

    func ended() { onEnd(self) }

    /// Hands libfuse the INIT request as the keeper read it from the kernel. The answer of a successor is one the kernel no longer
    /// waits for (ENOENT), which is as it should be. Call before the session is added to a pool.
    package func replayInit(_ request: [UInt8], scratch: AnyObject) {
        let worker = Worker(scratch: scratch)
        ThreadLocal.set(worker)
        defer { ThreadLocal.set(nil) }
        var copy = request
        unsafe copy.withUnsafeMutableBytes { p in
            guard let base = p.baseAddress else { return }
            unsafe worker.inspect(UnsafeRawPointer(base), p.count)
            var buffer = unsafe fuse_buf()
            unsafe buffer.mem = base
            unsafe buffer.size = p.count
            unsafe fuse_session_process_buf(raw, &buffer)
        }
    }

    /// Asks the kernel to send again what a dead predecessor had read and not answered (FUSE_NOTIFY_RESEND, kernel 6.9).
    /// Older kernels answer EINVAL: those requests then wait until their callers are interrupted.
    package func requestResend() throws(Errno) {
        // struct fuse_out_header: length, notification code, unique 0.
        try descriptor.writeAll([16, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// The kernel forgets the name `name` in the directory `parent`, and what it cached below it.
    package func notifyGone(name: [UInt8], in parent: UInt64) {
        let text = name.map { CChar(bitPattern: $0) } + [0]
        _ = unsafe fuse_lowlevel_notify_inval_entry(raw, parent, text, name.count)
    }

    /// The kernel asks again what the name `name` in `parent` means when it is used next; what is open or mounted below stays.
    /// Kernels before 6.2 forget it, as ``notifyGone(name:in:)`` does.
    package func notifyExpired(name: [UInt8], in parent: UInt64) {
        let text = name.map { CChar(bitPattern: $0) } + [0]
        if unsafe fuse_lowlevel_notify_expire_entry(raw, parent, text, name.count, FUSE_LL_EXPIRE_ONLY) == -ENOSYS { notifyGone(name: name, in: parent) }
    }

    /// The kernel forgets a node's attributes, and nothing else: nobody is waited for, so a handler may say so too.
    package func notifyOtherAttributes(node: UInt64) {
        _ = unsafe fuse_lowlevel_notify_inval_inode(raw, node, -1, 0)
    }

    /// The kernel forgets attributes and contents (a directory's listing, a file's pages) of a node.
    package func notifyChanged(node: UInt64) {
        _ = unsafe fuse_lowlevel_notify_inval_inode(raw, node, 0, 0)
    }
}

/// A handler as an object of known class, to be found again from C.
final class HandlerBox: Sendable {
    let handler: any RequestHandler
    init(_ handler: any RequestHandler) { self.handler = handler }
}
