internal import CLinux
internal import Glibc

/// The *at calls with a path from a ``PathBuffer``: the request path's form, which allocates nothing.
/// The last component is never followed when it is a symbolic link.
extension FileDescriptor {
    /// openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS: never leaves this directory.
    /// - Parameter onSameMount: not into what is mounted there either (RESOLVE_NO_XDEV). - Throws: EXDEV then.
    package func openBeneath(_ path: PathBuffer, _ flags: Int32, mode: UInt32 = 0, onSameMount: Bool = false) throws(Errno) -> FileDescriptor {
        FileDescriptor(raw: try path.withCString { p throws(Errno) in
            try check(unsafe rwv_open_beneath(raw, p, flags, mode, onSameMount ? 1 : 0))
        })
    }

    /// lstat(2) relative to this directory. ENOENT is an answer, not an error: nil.
    package func statusIfExists(_ path: PathBuffer) throws(Errno) -> FileStatus? {
        var out = rwv_stat()
        let r = try path.withCString { p throws(Errno) in unsafe rwv_statx(raw, p, 0, &out) }
        if r == -ENOENT || r == -ENOTDIR { return nil }
        _ = try check(r)
        return FileStatus(out)
    }

    package func status(_ path: PathBuffer) throws(Errno) -> FileStatus {
        guard let s = try statusIfExists(path) else { throw .notFound }
        return s
    }

    package func makeDirectory(_ path: PathBuffer, mode: UInt32) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in try check(unsafe rwv_mkdirat(raw, p, mode)) }
    }

    /// mknod(2); `mode` holds type and permissions.
    package func makeNode(_ path: PathBuffer, mode: UInt32, major: UInt32 = 0, minor: UInt32 = 0) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in try check(unsafe rwv_mknodat(raw, p, mode, major, minor)) }
    }

    package func unlink(_ path: PathBuffer) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in try check(unsafe rwv_unlinkat(raw, p, 0)) }
    }

    package func removeDirectory(_ path: PathBuffer) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in try check(unsafe rwv_unlinkat(raw, p, 1)) }
    }

    /// symlink(2): `target` as bytes without a zero.
    package func makeSymlink(_ path: PathBuffer, target: [UInt8]) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in
            try unsafe withBytes(target + [0]) { t throws(Errno) in
                guard let base = t.baseAddress else { throw .invalid }
                return try check(unsafe rwv_symlinkat(base.assumingMemoryBound(to: CChar.self), raw, p))
            }
        }
    }

    package func readLink(_ path: PathBuffer) throws(Errno) -> [UInt8] {
        try path.withCString { p throws(Errno) in try unsafe readLink(cString: p) }
    }

    /// linkat(2), without following `path`.
    package func link(_ path: PathBuffer, to directory: FileDescriptor, _ target: PathBuffer) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in
            try target.withCString { q throws(Errno) in try check(unsafe rwv_linkat(raw, p, directory.raw, q)) }
        }
    }

    /// renameat2(2) with ``RenameFlags``.
    package func rename(_ path: PathBuffer, to directory: FileDescriptor, _ target: PathBuffer, flags: UInt32 = 0) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in
            try target.withCString { q throws(Errno) in try check(unsafe rwv_renameat2(raw, p, directory.raw, q, flags)) }
        }
    }

    /// chmod(2). The path must not be a symbolic link.
    package func setMode(_ path: PathBuffer, _ mode: UInt32) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in try check(unsafe rwv_fchmodat(raw, p, mode)) }
    }

    /// lchown(2); UInt32.max leaves an id as it is.
    package func setOwner(_ path: PathBuffer, uid: UInt32, gid: UInt32) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in try check(unsafe rwv_fchownat(raw, p, uid, gid)) }
    }

    /// utimensat(2) without following.
    package func setTimes(_ path: PathBuffer, access: Timestamp, modification: Timestamp) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in
            try check(unsafe rwv_utimensat(raw, p, access.seconds, access.nanoseconds, modification.seconds, modification.nanoseconds))
        }
    }

    /// getxattr(2) into `buffer`; an empty buffer asks for the size. Nil: no such attribute.
    package func attribute(_ path: PathBuffer, _ name: AttributeName, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int? {
        let r = try path.withCString { p throws(Errno) in
            unsafe name.withCString { n in unsafe rwv_getxattrat(raw, p, n, buffer.baseAddress, buffer.count) }
        }
        if r == -Int64(ENODATA) { return nil }
        return try check(r)
    }

    /// getxattr(2), of at most 64 KiB (the kernel's limit for one value).
    package func attribute(_ path: PathBuffer, _ name: AttributeName) throws(Errno) -> [UInt8]? {
        var failure: Errno?
        var found = true
        let value = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { p, n in
            do throws(Errno) {
                if let size = try unsafe attribute(path, name, into: UnsafeMutableRawBufferPointer(p)) { n = size } else { found = false }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return found ? value : nil
    }

    /// setxattr(2). `flags`: 0, XATTR_CREATE (1) or XATTR_REPLACE (2).
    package func setAttribute(_ path: PathBuffer, _ name: AttributeName, _ value: [UInt8], flags: Int32 = 0) throws(Errno) {
        try unsafe withBytes(value) { v throws(Errno) in
            _ = try path.withCString { p throws(Errno) in
                try check(unsafe name.withCString { n in unsafe rwv_setxattrat(raw, p, n, v.baseAddress, v.count, flags) })
            }
        }
    }

    package func removeAttribute(_ path: PathBuffer, _ name: AttributeName) throws(Errno) {
        _ = try path.withCString { p throws(Errno) in
            try check(unsafe name.withCString { n in unsafe rwv_removexattrat(raw, p, n) })
        }
    }

    /// listxattr(2): names, each ended by a zero.
    package func attributeNames(_ path: PathBuffer) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let names = unsafe [UInt8](unsafeUninitializedCapacity: 65536) { p, n in
            do throws(Errno) {
                n = try path.withCString { q throws(Errno) in
                    try unsafe p.withMemoryRebound(to: CChar.self) { c throws(Errno) in
                        try check(unsafe rwv_listxattrat(raw, q, c.baseAddress, c.count))
                    }
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return names
    }
}

/// The name of an extended attribute, kept with its terminating zero.
package struct AttributeName: Hashable, Sendable {
    private let zeroTerminated: [CChar]
    package let text: String

    package init(_ text: String) {
        self.text = text
        zeroTerminated = text.utf8CString.map { $0 }
    }

    func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        unsafe zeroTerminated.withUnsafeBufferPointer { p in
            guard let base = p.baseAddress else { return unsafe body([0]) }
            return unsafe body(base)
        }
    }
}
