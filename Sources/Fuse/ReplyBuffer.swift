internal import Glibc
package import Syscalls

/// A worker's memory for answers: file contents and directory records. Reused, never shared between threads.
@safe package final class ReplyBuffer {
    /// The largest answer the kernel asks for: 1 MiB and a page.
    package static let capacity = (1 << 20) + 4096
    private let storage: UnsafeMutableRawBufferPointer
    private let name: UnsafeMutablePointer<CChar>
    private var used = 0
    private var limit = 0

    package init() {
        unsafe storage = .allocate(byteCount: Self.capacity, alignment: 4096)
        unsafe name = .allocate(capacity: 256)
    }

    deinit {
        unsafe storage.deallocate()
        unsafe name.deallocate()
    }

    /// Starts an answer of at most `size` bytes.
    package func start(limit size: Int) {
        used = 0
        limit = min(size, Self.capacity)
    }

    package var isEmpty: Bool { used == 0 }

    /// Lets `body` fill up to `limit` bytes and tell how many it filled.
    @safe package func fill(_ body: (UnsafeMutableRawBufferPointer) throws(Errno) -> Int) throws(Errno) {
        used = try unsafe body(UnsafeMutableRawBufferPointer(rebasing: storage[..<limit]))
    }

    func withFilled<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        unsafe body(UnsafeRawBufferPointer(rebasing: storage[..<used]))
    }

    /// Appends a record that `body` writes as fuse_add_direntry(3) does: it returns the size needed and writes only if that fits.
    func add(_ bytes: Span<UInt8>, _ body: (UnsafeMutablePointer<CChar>, Int, UnsafePointer<CChar>) -> Int) -> Bool {
        guard bytes.count < 256, let base = unsafe storage.baseAddress else { return true }
        unsafe bytes.withUnsafeBytes { p in
            if let from = p.baseAddress { unsafe memcpy(name, from, p.count) }
        }
        unsafe name[bytes.count] = 0
        let left = limit - used
        let needed = unsafe body((base + used).assumingMemoryBound(to: CChar.self), left, name)
        if needed > left { return false }
        used += needed
        return true
    }
}
