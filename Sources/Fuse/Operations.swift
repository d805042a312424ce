internal import CFuse
internal import Glibc
internal import Syscalls

/// The C side of the request methods: one function per operation, which finds the handler and calls it. Nothing here decides anything.
enum Operations {
    static var table: fuse_lowlevel_ops {
        var t = fuse_lowlevel_ops()
        unsafe t.`init` = { user, connection in
            guard let c = unsafe connection, let user = unsafe user else { return }
            let handler = unsafe Unmanaged<HandlerBox>.fromOpaque(user).takeUnretainedValue().handler
            unsafe c.pointee.max_write = min(c.pointee.max_write, UInt32(Worker.mostContents))
            // Truncation comes as SETATTR, since we answer no OPEN.
            unsafe c.pointee.want &= ~UInt32(FUSE_CAP_ATOMIC_O_TRUNC | FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_IOCTL_DIR
                | FUSE_CAP_SPLICE_READ | FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE)
            unsafe c.pointee.want |= c.pointee.capable & UInt32(FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_PARALLEL_DIROPS
                | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_ASYNC_READ)
            let locks = UInt32(FUSE_CAP_POSIX_LOCKS | FUSE_CAP_FLOCK_LOCKS)
            guard !handler.isOnlyWriter else { return unsafe c.pointee.want &= ~locks }
            // Locks are taken on the files themselves, where others see them.
            unsafe c.pointee.want |= c.pointee.capable & locks
            // Whether a umask counts depends on the directory's default ACL, which the kernel does not know.
            unsafe c.pointee.want |= c.pointee.capable & UInt32(FUSE_CAP_DONT_MASK)
            // Whose files are changed by others too: cached contents go when size or time has changed, links are read each time.
            unsafe c.pointee.want &= ~UInt32(FUSE_CAP_CACHE_SYMLINKS)
            unsafe c.pointee.want |= c.pointee.capable & UInt32(FUSE_CAP_AUTO_INVAL_DATA)
        }
        namespace(&t)
        contents(&t)
        attributes(&t)
        locks(&t)
        // Zero-message open: answered ENOSYS once, and the kernel never sends them again.
        unsafe t.open = { r, _, _ in unsafe fuse_reply_err(r, ENOSYS) }
        unsafe t.opendir = { r, _, _ in unsafe fuse_reply_err(r, ENOSYS) }
        unsafe t.forget = { r, node, n in
            unsafe handler(r)?.forget(node: node, count: n)
            unsafe fuse_reply_none(r)
        }
        unsafe t.forget_multi = { r, count, list in
            if let h = unsafe handler(r), let list = unsafe list {
                for i in 0..<count { unsafe h.forget(node: list[i].ino, count: list[i].nlookup) }
            }
            unsafe fuse_reply_none(r)
        }
        return t
    }

    private static func namespace(_ t: inout fuse_lowlevel_ops) {
        unsafe t.lookup = { r, parent, name in
            unsafe serve(r) { h, q in unsafe h.lookup(q, parent: parent, name: span(name)) }
        }
        unsafe t.mknod = { r, parent, name, mode, device in
            unsafe serve(r) { h, q in unsafe h.makeNode(q, parent: parent, name: span(name), mode: mode, device: UInt64(device)) }
        }
        // Only where others write too: what is opened to be written from the start goes around the page cache, which would hold it twice.
        unsafe t.create = { r, parent, name, mode, file in
            guard let worker = Worker.current, let file = unsafe file, unsafe handler(r)?.isOnlyWriter == false else { return _ = unsafe fuse_reply_err(r, ENOSYS) }
            unsafe worker.opening = file.pointee
            defer { worker.opening = nil }
            unsafe serve(r) { h, q in unsafe h.makeNode(q, parent: parent, name: span(name), mode: mode, device: 0) }
        }
        unsafe t.mkdir = { r, parent, name, mode in
            unsafe serve(r) { h, q in unsafe h.makeDirectory(q, parent: parent, name: span(name), mode: mode) }
        }
        unsafe t.symlink = { r, target, parent, name in
            unsafe serve(r) { h, q in unsafe h.makeSymlink(q, parent: parent, name: span(name), target: span(target).array) }
        }
        unsafe t.unlink = { r, parent, name in
            unsafe serve(r) { h, q in unsafe h.unlink(q, parent: parent, name: span(name)) }
        }
        unsafe t.rmdir = { r, parent, name in
            unsafe serve(r) { h, q in unsafe h.removeDirectory(q, parent: parent, name: span(name)) }
        }
        unsafe t.rename = { r, parent, name, newParent, newName, flags in
            unsafe serve(r) { h, q in
                unsafe h.rename(q, parent: parent, name: span(name), newParent: newParent, newName: span(newName), flags: flags)
            }
        }
        unsafe t.link = { r, node, newParent, newName in
            unsafe serve(r) { h, q in unsafe h.link(q, node: node, newParent: newParent, newName: span(newName)) }
        }
        unsafe t.readdir = { r, node, size, offset, _ in
            unsafe serve(r) { h, q in h.readDirectory(q, node: node, offset: Int64(offset), size: size, plus: false) }
        }
        unsafe t.readdirplus = { r, node, size, offset, _ in
            unsafe serve(r) { h, q in h.readDirectory(q, node: node, offset: Int64(offset), size: size, plus: true) }
        }
        unsafe t.readlink = { r, node in unsafe serve(r) { h, q in h.readLink(q, node: node) } }
    }

    private static func contents(_ t: inout fuse_lowlevel_ops) {
        unsafe t.read = { r, node, size, offset, _ in
            unsafe serve(r) { h, q in h.read(q, node: node, offset: Int64(offset), size: size) }
        }
        unsafe t.write = { r, node, bytes, size, offset, _ in
            unsafe serve(r) { h, q in
                guard let bytes = unsafe bytes else { return q.fail(.io) }
                unsafe h.write(q, node: node, offset: Int64(offset), bytes: RawSpan(_unsafeStart: UnsafeRawPointer(bytes), byteCount: size))
            }
        }
        unsafe t.fsync = { r, node, dataOnly, _ in unsafe serve(r) { h, q in h.sync(q, node: node, dataOnly: dataOnly != 0) } }
        unsafe t.fsyncdir = { r, node, dataOnly, _ in unsafe serve(r) { h, q in h.sync(q, node: node, dataOnly: dataOnly != 0) } }
        unsafe t.fallocate = { r, node, mode, offset, length, _ in
            unsafe serve(r) { h, q in h.allocate(q, node: node, mode: mode, offset: Int64(offset), length: Int64(length)) }
        }
        unsafe t.lseek = { r, node, offset, whence, _ in
            unsafe serve(r) { h, q in h.seek(q, node: node, offset: Int64(offset), whence: whence) }
        }
        unsafe t.copy_file_range = { r, from, offset, _, to, targetOffset, _, count, _ in
            unsafe serve(r) { h, q in
                h.copyRange(q, from: from, offset: Int64(offset), to: to, targetOffset: Int64(targetOffset), count: count)
            }
        }
    }

    private static func attributes(_ t: inout fuse_lowlevel_ops) {
        unsafe t.getattr = { r, node, _ in unsafe serve(r) { h, q in h.attributes(q, node: node) } }
        unsafe t.setattr = { r, node, values, valid, _ in
            unsafe serve(r) { h, q in
                guard let values = unsafe values else { return q.fail(.invalid) }
                var change = unsafe Operations.decode(values.pointee, UInt32(bitPattern: valid))
                change.clearsSetID = q.clearsSetID
                h.setAttributes(q, node: node, change: change)
            }
        }
        unsafe t.statfs = { r, node in unsafe serve(r) { h, q in h.fileSystemStatus(q, node: node) } }
        unsafe t.getxattr = { r, node, name, size in
            unsafe serve(r) { h, q in unsafe h.getAttribute(q, node: node, name: span(name).text, size: size) }
        }
        unsafe t.setxattr = { r, node, name, value, size, flags in
            unsafe serve(r) { h, q in
                let bytes = unsafe value.map { unsafe Array(UnsafeRawBufferPointer(start: $0, count: size)) } ?? []
                unsafe h.setAttribute(q, node: node, name: span(name).text, value: bytes, flags: flags)
            }
        }
        unsafe t.listxattr = { r, node, size in unsafe serve(r) { h, q in h.listAttributes(q, node: node, size: size) } }
        unsafe t.removexattr = { r, node, name in
            unsafe serve(r) { h, q in unsafe h.removeAttribute(q, node: node, name: span(name).text) }
        }
    }

    private static func locks(_ t: inout fuse_lowlevel_ops) {
        unsafe t.getlk = { r, node, file, lock in
            unsafe serve(r) { h, q in
                guard let file = unsafe file, let lock = unsafe lock, let wanted = Operations.decode(unsafe lock.pointee) else { return q.fail(.invalid) }
                unsafe h.testLock(q, node: node, owner: file.pointee.lock_owner, lock: wanted)
            }
        }
        unsafe t.setlk = { r, node, file, lock, sleep in
            unsafe serve(r) { h, q in
                guard let file = unsafe file, let lock = unsafe lock, let wanted = Operations.decode(unsafe lock.pointee) else { return q.fail(.invalid) }
                unsafe h.setLock(q, node: node, owner: file.pointee.lock_owner, lock: wanted, waits: sleep != 0)
            }
        }
        unsafe t.flock = { r, node, file, operation in
            unsafe serve(r) { h, q in
                guard let file = unsafe file else { return q.fail(.invalid) }
                let kind: RangeLock.Kind = operation & LOCK_UN != 0 ? .none : operation & LOCK_EX != 0 ? .write : .read
                unsafe h.setFileLock(q, node: node, owner: file.pointee.lock_owner, kind: kind, waits: operation & LOCK_NB == 0)
            }
        }
    }

    static func decode(_ l: flock) -> RangeLock? {
        guard let kind = RangeLock.Kind(rawValue: Int32(l.l_type)) else { return nil }
        return RangeLock(kind: kind, start: Int64(l.l_start), length: Int64(l.l_len), pid: l.l_pid)
    }

    /// The bits of `to_set` (fuse_lowlevel.h, FUSE_SET_ATTR_…).
    static func decode(_ s: stat, _ valid: UInt32) -> AttributeChange {
        var c = AttributeChange()
        if valid & UInt32(FUSE_SET_ATTR_MODE) != 0 { c.mode = s.st_mode & 0o7777 }
        if valid & UInt32(FUSE_SET_ATTR_UID) != 0 { c.uid = s.st_uid }
        if valid & UInt32(FUSE_SET_ATTR_GID) != 0 { c.gid = s.st_gid }
        if valid & UInt32(FUSE_SET_ATTR_SIZE) != 0 { c.size = Int64(s.st_size) }
        if valid & UInt32(FUSE_SET_ATTR_ATIME_NOW) != 0 {
            c.accessTime = .setToNow
        } else if valid & UInt32(FUSE_SET_ATTR_ATIME) != 0 {
            c.accessTime = Timestamp(seconds: Int64(s.st_atim.tv_sec), nanoseconds: UInt32(s.st_atim.tv_nsec))
        }
        if valid & UInt32(FUSE_SET_ATTR_MTIME_NOW) != 0 {
            c.modificationTime = .setToNow
        } else if valid & UInt32(FUSE_SET_ATTR_MTIME) != 0 {
            c.modificationTime = Timestamp(seconds: Int64(s.st_mtim.tv_sec), nanoseconds: UInt32(s.st_mtim.tv_nsec))
        }
        return c
    }
}

/// The handler that the request's session was made with.
private func handler(_ r: OpaquePointer?) -> (any RequestHandler)? {
    guard let p = unsafe fuse_req_userdata(r) else { return nil }
    return unsafe Unmanaged<HandlerBox>.fromOpaque(p).takeUnretainedValue().handler
}

/// Calls the handler with the request; EIO where there is none.
@inline(__always)
private func serve(_ r: OpaquePointer?, _ body: (any RequestHandler, consuming Request) -> Void) {
    guard let raw = unsafe r else { return }
    guard let h = unsafe handler(raw) else {
        unsafe fuse_reply_err(raw, EIO)
        return
    }
    body(h, unsafe Request(raw))
}

/// A C string as bytes; valid while the string is, which for a request's names is until its handler returns.
@_lifetime(immortal)
private func span(_ name: UnsafePointer<CChar>?) -> Span<UInt8> {
    guard let name = unsafe name else { return Span() }
    let bytes = unsafe UnsafeRawPointer(name).assumingMemoryBound(to: UInt8.self)
    return unsafe _overrideLifetime(Span(_unsafeStart: bytes, count: strlen(name)), copying: ())
}
