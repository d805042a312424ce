package import Syscalls

/// What answers the kernel's requests: one type per kind of mount.
///
/// Each method gets the request to answer and must consume it exactly once, on this thread or (after
/// ``Request/detach()``) on another. Methods run on the worker pool, several at once, also for one node.
/// Node ids are those the handler gave in its replies; 1 is the root. Names are single components, valid during the call.
/// Whatever a type does not implement answers ENOSYS, which the kernel remembers for the whole mount.
/// Source of the protocol: linux/fuse.h and libfuse's fuse_lowlevel.h.
package protocol RequestHandler: AnyObject, Sendable {
    func lookup(_ r: consuming Request, parent: UInt64, name: Span<UInt8>)
    /// The kernel dropped `count` of its references to the node. Nothing to answer.
    func forget(node: UInt64, count: UInt64)
    func attributes(_ r: consuming Request, node: UInt64)
    func setAttributes(_ r: consuming Request, node: UInt64, change: AttributeChange)
    func readLink(_ r: consuming Request, node: UInt64)
    /// `mode` holds type and permissions, the umask already applied.
    func makeNode(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32, device: UInt64)
    func makeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32)
    func makeSymlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, target: [UInt8])
    func unlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>)
    func removeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>)
    func rename(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, newParent: UInt64, newName: Span<UInt8>, flags: UInt32)
    func link(_ r: consuming Request, node: UInt64, newParent: UInt64, newName: Span<UInt8>)
    func read(_ r: consuming Request, node: UInt64, offset: Int64, size: Int)
    func write(_ r: consuming Request, node: UInt64, offset: Int64, bytes: RawSpan)
    func sync(_ r: consuming Request, node: UInt64, dataOnly: Bool)
    func readDirectory(_ r: consuming Request, node: UInt64, offset: Int64, size: Int, plus: Bool)
    func fileSystemStatus(_ r: consuming Request, node: UInt64)
    func getAttribute(_ r: consuming Request, node: UInt64, name: String, size: Int)
    func setAttribute(_ r: consuming Request, node: UInt64, name: String, value: [UInt8], flags: Int32)
    func listAttributes(_ r: consuming Request, node: UInt64, size: Int)
    func removeAttribute(_ r: consuming Request, node: UInt64, name: String)
    func allocate(_ r: consuming Request, node: UInt64, mode: Int32, offset: Int64, length: Int64)
    func copyRange(_ r: consuming Request, from: UInt64, offset: Int64, to: UInt64, targetOffset: Int64, count: Int)
    func seek(_ r: consuming Request, node: UInt64, offset: Int64, whence: Int32)
    /// fcntl(2) F_GETLK: answers with the lock that is in the way, or with one of kind `none`. `owner` is whose it would be.
    func testLock(_ r: consuming Request, node: UInt64, owner: UInt64, lock: RangeLock)
    /// fcntl(2) F_SETLK, or F_SETLKW when it `waits`.
    func setLock(_ r: consuming Request, node: UInt64, owner: UInt64, lock: RangeLock, waits: Bool)
    /// flock(2).
    func setFileLock(_ r: consuming Request, node: UInt64, owner: UInt64, kind: RangeLock.Kind, waits: Bool)
    /// Whether nobody else changes what is shown: what the kernel has cached stays right then. Asked once, when the mount begins.
    var isOnlyWriter: Bool { get }
}

extension RequestHandler {
    package var isOnlyWriter: Bool { true }
    package func testLock(_ r: consuming Request, node: UInt64, owner: UInt64, lock: RangeLock) { r.fail(.notImplemented) }
    package func setLock(_ r: consuming Request, node: UInt64, owner: UInt64, lock: RangeLock, waits: Bool) { r.fail(.notImplemented) }
    package func setFileLock(_ r: consuming Request, node: UInt64, owner: UInt64, kind: RangeLock.Kind, waits: Bool) { r.fail(.notImplemented) }
    package func forget(node: UInt64, count: UInt64) {}
    package func lookup(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) { r.fail(.notImplemented) }
    package func attributes(_ r: consuming Request, node: UInt64) { r.fail(.notImplemented) }
    package func setAttributes(_ r: consuming Request, node: UInt64, change: AttributeChange) { r.fail(.notImplemented) }
    package func readLink(_ r: consuming Request, node: UInt64) { r.fail(.notImplemented) }
    package func makeNode(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32, device: UInt64) { r.fail(.notImplemented) }
    package func makeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32) { r.fail(.notImplemented) }
    package func makeSymlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, target: [UInt8]) { r.fail(.notImplemented) }
    package func unlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) { r.fail(.notImplemented) }
    package func removeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) { r.fail(.notImplemented) }
    package func rename(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, newParent: UInt64, newName: Span<UInt8>, flags: UInt32) { r.fail(.notImplemented) }
    package func link(_ r: consuming Request, node: UInt64, newParent: UInt64, newName: Span<UInt8>) { r.fail(.notImplemented) }
    package func read(_ r: consuming Request, node: UInt64, offset: Int64, size: Int) { r.fail(.notImplemented) }
    package func write(_ r: consuming Request, node: UInt64, offset: Int64, bytes: RawSpan) { r.fail(.notImplemented) }
    package func sync(_ r: consuming Request, node: UInt64, dataOnly: Bool) { r.fail(.notImplemented) }
    package func readDirectory(_ r: consuming Request, node: UInt64, offset: Int64, size: Int, plus: Bool) { r.fail(.notImplemented) }
    package func fileSystemStatus(_ r: consuming Request, node: UInt64) { r.fail(.notImplemented) }
    package func getAttribute(_ r: consuming Request, node: UInt64, name: String, size: Int) { r.fail(.notImplemented) }
    package func setAttribute(_ r: consuming Request, node: UInt64, name: String, value: [UInt8], flags: Int32) { r.fail(.notImplemented) }
    package func listAttributes(_ r: consuming Request, node: UInt64, size: Int) { r.fail(.notImplemented) }
    package func removeAttribute(_ r: consuming Request, node: UInt64, name: String) { r.fail(.notImplemented) }
    package func allocate(_ r: consuming Request, node: UInt64, mode: Int32, offset: Int64, length: Int64) { r.fail(.notImplemented) }
    package func copyRange(_ r: consuming Request, from: UInt64, offset: Int64, to: UInt64, targetOffset: Int64, count: Int) { r.fail(.notImplemented) }
    package func seek(_ r: consuming Request, node: UInt64, offset: Int64, whence: Int32) { r.fail(.notImplemented) }
}
