internal import CLinux
internal import Glibc

/// Calls on a handle: a descriptor opened with ``OpenFlags/path``, of a file of any kind. It names that file wherever it is moved to, and
/// also when it has no name any more.
extension FileDescriptor {
    /// Opens the handle's file; the file's mode decides, as for open(2).
    package func open(handleWith flags: Int32) throws(Errno) -> FileDescriptor { FileDescriptor(raw: try check(rwv_handle_open(raw, flags))) }

    /// chmod(2).
    package func setMode(ofHandle mode: UInt32) throws(Errno) { _ = try check(rwv_handle_chmod(raw, mode)) }

    /// fchownat(2); UInt32.max leaves an id as it is.
    package func setOwner(ofHandle uid: UInt32, gid: UInt32) throws(Errno) { _ = try check(rwv_handle_chown(raw, uid, gid)) }

    /// utimensat(2).
    package func setTimes(ofHandle access: Timestamp, modification: Timestamp) throws(Errno) {
        _ = try check(rwv_handle_utimens(raw, access.seconds, access.nanoseconds, modification.seconds, modification.nanoseconds))
    }

    /// The target of a symbolic link (readlinkat(2) with an empty path).
    package func readLinkOfHandle() throws(Errno) -> [UInt8] { try unsafe readLink(cString: "") }

    /// A further name for the handle's file (linkat(2)). - Throws: ENOENT when it has no name any more.
    package func link(handleTo directory: FileDescriptor, _ target: PathBuffer) throws(Errno) {
        _ = try target.withCString { p throws(Errno) in try check(unsafe rwv_link_descriptor(raw, directory.raw, p)) }
    }

    /// getxattr(2); nil: no such attribute. - Throws: ERANGE for a value of more than `limit` bytes.
    package func attribute(ofHandle name: AttributeName, limit: Int = Self.longestAttribute) throws(Errno) -> [UInt8]? {
        do throws(Errno) {
            return try unsafe filled(limit) { p in unsafe name.withCString { n in unsafe rwv_handle_getxattr(raw, n, p.baseAddress, p.count) } }
        } catch where error == .noData { return nil }
    }

    /// setxattr(2). `flags`: 0, XATTR_CREATE (1) or XATTR_REPLACE (2).
    package func setAttribute(ofHandle name: AttributeName, _ value: [UInt8], flags: Int32) throws(Errno) {
        try unsafe withBytes(value) { v throws(Errno) in
            _ = try check(unsafe name.withCString { n in unsafe rwv_handle_setxattr(raw, n, v.baseAddress, v.count, flags) })
        }
    }

    package func removeAttribute(ofHandle name: AttributeName) throws(Errno) {
        _ = try check(unsafe name.withCString { n in unsafe rwv_handle_removexattr(raw, n) })
    }

    /// listxattr(2): names, each ended by a zero.
    package func attributeNamesOfHandle() throws(Errno) -> [UInt8] {
        try unsafe filled(Self.longestAttribute) { p in unsafe p.withMemoryRebound(to: CChar.self) { c in unsafe rwv_handle_listxattr(raw, c.baseAddress, c.count) } }
    }

    /// The kernel's limit for an attribute's value and for a list of names, in bytes.
    package static let longestAttribute = 65536

    /// What a call writes that returns a count or a negated errno; at most `limit` bytes.
    private func filled(_ limit: Int, _ call: (UnsafeMutableBufferPointer<UInt8>) -> Int64) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { p, n in
            do throws(Errno) { n = try check(unsafe call(p)) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
