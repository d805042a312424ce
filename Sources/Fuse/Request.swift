internal import CFuse
internal import Glibc
package import Syscalls

/// What a reply says of a node that the kernel is to know: its id, generation and attributes.
package struct Entry {
    package var node: UInt64
    package var generation: UInt64
    package var status: FileStatus
    /// How long the kernel may keep the name, in seconds.
    package var timeout: Double
    /// How long the kernel may keep the attributes, in seconds.
    package var attributeTimeout: Double
    package init(node: UInt64, generation: UInt64, status: FileStatus, timeout: Double = Entry.forEver, attributeTimeout: Double? = nil) {
        self.node = node
        self.generation = generation
        self.status = status
        self.timeout = timeout
        self.attributeTimeout = attributeTimeout ?? timeout
    }
    /// As long as the kernel likes: right where we are the only writer. Seconds; the kernel's clock overflows past it.
    package static let forEver: Double = 1e9
}

/// One request of the kernel, to be answered exactly once: every method consumes it.
/// A request that is dropped unanswered is answered EIO (and stops a debug build).
/// Methods that hand the kernel a reference return false when it did not take it (the caller was interrupted).
@safe package struct Request: ~Copyable {
    private let raw: OpaquePointer

    init(_ raw: OpaquePointer) { unsafe self.raw = raw }

    deinit {
        assertionFailure("a request was not answered")
        unsafe fuse_reply_err(raw, EIO)
    }

    /// The mount's session; for notifications, never from inside a handler.
    package var context: Context {
        guard let c = unsafe fuse_req_ctx(raw) else { return Context(uid: 0, gid: 0, umask: 0, thread: 0) }
        return unsafe Context(uid: c.pointee.uid, gid: c.pointee.gid, umask: c.pointee.umask, thread: c.pointee.pid)
    }

    /// Who asks.
    package struct Context: Sendable {
        package let uid: UInt32
        package let gid: UInt32
        package let umask: UInt32
        /// The thread's id; 0 when it cannot be named here.
        package let thread: Int32
    }

    /// Whether the server that first read this request died before it answered (FUSE_UNIQUE_RESEND): it may have been carried out already.
    package var isResent: Bool { Worker.current?.requestIsResent ?? false }
    /// Whether set-user-id and set-group-id must go with this write (FUSE_WRITE_KILL_SUIDGID).
    package var clearsSetID: Bool { Worker.current?.requestClearsSetID ?? false }
    /// Whether what is written belongs at the file's end (O_APPEND); the offset is where the kernel believes that to be.
    package var appends: Bool { Worker.current?.requestAppends ?? false }

    /// Lets the request be answered later, on another thread.
    package consuming func detach() -> DetachedRequest {
        let r = unsafe raw
        discard self
        return unsafe DetachedRequest(r, Worker.current?.session)
    }

    /// Of a CREATE without O_EXCL, EEXIST is ESTALE: the kernel did not know of the file, and looks again then (open(2), path lookup).
    package consuming func fail(_ error: Errno) {
        let mayExist = Worker.current?.opening.map { $0.flags & O_EXCL == 0 } ?? false
        unsafe fuse_reply_err(raw, mayExist && error == .exists ? ESTALE : error.rawValue)
        discard self
    }

    package consuming func succeed() {
        unsafe fuse_reply_err(raw, 0)
        discard self
    }

    package consuming func reply(_ entry: Entry) -> Bool {
        var p = parameter(entry)
        let r: Int32
        if var file = Worker.current?.opening {
            // Written and not read: nobody can map it by this descriptor.
            file.direct_io = file.flags & O_ACCMODE == O_WRONLY ? 1 : 0
            file.keep_cache = 1
            r = unsafe fuse_reply_create(raw, &p, &file)
        } else { r = unsafe fuse_reply_entry(raw, &p) }
        discard self
        return r != -ENOENT
    }

    /// "There is nothing", to be remembered for `timeout` seconds.
    package consuming func replyNegative(timeout: Double = Entry.forEver) {
        var p = fuse_entry_param()
        p.entry_timeout = timeout
        _ = unsafe fuse_reply_entry(raw, &p)
        discard self
    }

    package consuming func reply(attributes: FileStatus, timeout: Double = Entry.forEver) {
        var s = native(attributes)
        _ = unsafe fuse_reply_attr(raw, &s, timeout)
        discard self
    }

    package consuming func reply(link target: [UInt8]) {
        let text = target.map { CChar(bitPattern: $0) } + [0]
        _ = unsafe fuse_reply_readlink(raw, text)
        discard self
    }

    package consuming func reply(written count: Int) {
        _ = unsafe fuse_reply_write(raw, count)
        discard self
    }

    package consuming func reply(bytes: UnsafeRawBufferPointer) {
        _ = unsafe fuse_reply_buf(raw, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
        discard self
    }

    package consuming func reply(_ lock: RangeLock) {
        var l = flock()
        (l.l_type, l.l_whence, l.l_start, l.l_len, l.l_pid) = (Int16(lock.kind.rawValue), Int16(SEEK_SET), Int(lock.start), Int(lock.length), lock.pid)
        _ = unsafe fuse_reply_lock(raw, &l)
        discard self
    }

    package consuming func reply(offset: Int64) {
        _ = unsafe fuse_reply_lseek(raw, Int(offset))
        discard self
    }

    /// The answer to a size question about an extended attribute.
    package consuming func reply(attributeSize size: Int) {
        _ = unsafe fuse_reply_xattr(raw, size)
        discard self
    }

    /// Value or list of an extended attribute as the protocol wants it: size zero asks for the size, too small is ERANGE.
    package consuming func reply(attribute value: [UInt8], asked size: Int) {
        if size == 0 { return reply(attributeSize: value.count) }
        if size < value.count { return fail(.range) }
        unsafe value.withUnsafeBytes { p in
            _ = unsafe fuse_reply_buf(raw, p.baseAddress?.assumingMemoryBound(to: CChar.self), p.count)
        }
        discard self
    }

    package consuming func reply(_ s: FileSystemStatus) {
        var v = statvfs()
        v.f_bsize = UInt(s.bsize)
        v.f_frsize = UInt(s.frsize == 0 ? s.bsize : s.frsize)
        v.f_blocks = UInt(s.blocks)
        v.f_bfree = UInt(s.bfree)
        v.f_bavail = UInt(s.bavail)
        v.f_files = UInt(s.files)
        v.f_ffree = UInt(s.ffree)
        v.f_favail = UInt(s.ffree)
        v.f_namemax = UInt(s.namelen)
        _ = unsafe fuse_reply_statfs(raw, &v)
        discard self
    }

    /// Adds a directory record to `buffer` at `used`; returns the new `used`, or nil when it does not fit.
    package borrowing func add(name: Span<UInt8>, node: UInt64, type: UInt8, next: Int64, to buffer: ReplyBuffer) -> Bool {
        var s = stat()
        s.st_ino = UInt(node)
        s.st_mode = UInt32(type) << 12
        return unsafe buffer.add(name) { p, left, n in unsafe fuse_add_direntry(raw, p, left, n, &s, Int(next)) }
    }

    /// The same for READDIRPLUS; a node of 0 tells the kernel nothing but the name.
    package borrowing func add(name: Span<UInt8>, entry: Entry, next: Int64, to buffer: ReplyBuffer) -> Bool {
        var e = parameter(entry)
        return unsafe buffer.add(name) { p, left, n in unsafe fuse_add_direntry_plus(raw, p, left, n, &e, Int(next)) }
    }

    /// Answers with what is in `buffer`.
    package consuming func reply(_ buffer: ReplyBuffer) {
        _ = unsafe buffer.withFilled { p in
            unsafe fuse_reply_buf(raw, p.baseAddress?.assumingMemoryBound(to: CChar.self), p.count)
        }
        discard self
    }
}

/// A request whose answer is given later and elsewhere. ``resume()`` must be called exactly once.
@safe package struct DetachedRequest: @unchecked Sendable {
    private let raw: OpaquePointer
    /// Lives at least until the answer is out.
    private let session: Session?
    init(_ raw: OpaquePointer, _ session: Session?) {
        unsafe self.raw = raw
        self.session = session
    }
    package func resume() -> Request { unsafe Request(raw) }
    /// Whether who asked wants no answer any more: he was interrupted, and waits for EINTR.
    package var isInterrupted: Bool { unsafe fuse_req_interrupted(raw) != 0 }
}

private func native(_ s: FileStatus) -> stat {
    var n = stat()
    n.st_ino = UInt(s.ino)
    n.st_mode = s.mode
    n.st_nlink = UInt(s.nlink)
    n.st_uid = s.uid
    n.st_gid = s.gid
    n.st_size = Int(s.size)
    n.st_blocks = Int(s.blocks)
    n.st_blksize = Int(s.blksize == 0 ? 4096 : s.blksize)
    // As makedev(3) has it, whose lower half is what the kernel takes.
    n.st_rdev = UInt(s.rdev_minor & 0xff | (s.rdev_major & 0xfff) << 8 | (s.rdev_minor & ~0xff) << 12)
    n.st_atim = timespec(tv_sec: Int(s.atime), tv_nsec: Int(s.atime_ns))
    n.st_mtim = timespec(tv_sec: Int(s.mtime), tv_nsec: Int(s.mtime_ns))
    n.st_ctim = timespec(tv_sec: Int(s.ctime), tv_nsec: Int(s.ctime_ns))
    return n
}

private func parameter(_ entry: Entry) -> fuse_entry_param {
    var p = fuse_entry_param()
    p.ino = entry.node
    p.generation = entry.generation
    p.attr = native(entry.status)
    p.attr_timeout = entry.attributeTimeout
    p.entry_timeout = entry.timeout
    return p
}
