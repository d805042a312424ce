internal import CLinux
internal import Glibc

/// Read-only bytes with a fixed address: a mapped file (mmap(2), MAP_SHARED), or a block of memory made by us.
///
/// Loads are unaligned and checked against the bounds, so a damaged file can give wrong numbers but never a wild read.
/// Safe to read from any thread. A mapped file must not shrink while it is mapped: our own files never do.
@safe package final class MappedFile: @unchecked Sendable {
    private let base: UnsafeRawPointer
    package let count: Int
    private let mapped: Bool

    /// Maps the whole of an open file. The descriptor may be closed afterwards. An empty file is EINVAL.
    package init(_ file: FileDescriptor) throws(Errno) {
        let size = Int(try file.status().size)
        guard size > 0 else { throw .invalid }
        var out: UnsafeMutableRawPointer?
        let r = unsafe rwv_map_readonly(file.raw, size, &out)
        _ = try check(r)
        guard let p = unsafe out else { throw .io }
        unsafe base = UnsafeRawPointer(p)
        count = size
        mapped = true
    }

    /// Owns a copy of `bytes`.
    package init(copying bytes: [UInt8]) {
        let p = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 8)
        unsafe bytes.withUnsafeBytes { b in
            if let from = b.baseAddress { unsafe p.copyMemory(from: from, byteCount: b.count) }
        }
        unsafe base = UnsafeRawPointer(p)
        count = bytes.count
        mapped = false
    }

    deinit {
        if mapped { _ = unsafe rwv_unmap(UnsafeMutableRawPointer(mutating: base), count) } else { unsafe base.deallocate() }
    }

    package func u16(_ at: Int) -> UInt16 { load(at, 0) }
    package func u32(_ at: Int) -> UInt32 { load(at, 0) }
    package func u64(_ at: Int) -> UInt64 { load(at, 0) }
    package func i64(_ at: Int) -> Int64 { load(at, 0) }

    @inline(__always)
    private func load<T: FixedWidthInteger & BitwiseCopyable>(_ at: Int, _ fallback: T) -> T {
        guard at >= 0, at + MemoryLayout<T>.size <= count else { return fallback }
        return unsafe T(littleEndian: base.loadUnaligned(fromByteOffset: at, as: T.self))
    }

    /// Runs `body` on `length` bytes at `at`; on none if they lie outside.
    package func withBytes<R: ~Copyable, E: Error>(_ at: Int, _ length: Int, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        let valid = at >= 0 && length >= 0 && at + length <= count
        let p = unsafe (base + (valid ? at : 0)).assumingMemoryBound(to: UInt8.self)
        return try body(unsafe Span(_unsafeStart: p, count: valid ? length : 0))
    }

    /// Compares bytes here with `other` as memcmp(3) and then by length: < 0, 0, > 0.
    package func compare(_ at: Int, _ length: Int, with other: Span<UInt8>) -> Int {
        withBytes(at, length) { (mine: Span<UInt8>) in
            let n = min(mine.count, other.count)
            let r = unsafe mine.withUnsafeBytes { a in unsafe other.withUnsafeBytes { b -> Int in
                guard n > 0, let x = a.baseAddress, let y = b.baseAddress else { return 0 }
                return unsafe Int(memcmp(x, y, n))
            } }
            return r != 0 ? r : mine.count - other.count
        }
    }
}
