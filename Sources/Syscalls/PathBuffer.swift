internal import Glibc

/// A relative path under construction, as bytes, built from its end to its beginning.
///
/// One buffer is made per worker thread and reused, so that building a path allocates nothing.
/// Not safe to share between threads.
@safe package final class PathBuffer {
    private let storage: UnsafeMutablePointer<CChar>
    private var start: Int
    /// PATH_MAX, with its terminating zero.
    private static let capacity = 4096

    package init() {
        unsafe storage = UnsafeMutablePointer<CChar>.allocate(capacity: Self.capacity)
        start = Self.capacity - 1
        unsafe storage[start] = 0
    }

    deinit { unsafe storage.deallocate() }

    /// Makes the path empty.
    package func reset() { start = Self.capacity - 1 }

    package var isEmpty: Bool { start == Self.capacity - 1 }
    package var count: Int { Self.capacity - 1 - start }

    /// Puts `name/` before what is there (`name` if nothing is there).
    /// - Throws: ENAMETOOLONG past PATH_MAX.
    package func prepend(_ name: Span<UInt8>) throws(Errno) {
        let separator = isEmpty ? 0 : 1
        guard start >= name.count + separator else { throw .nameTooLong }
        if separator == 1 {
            start -= 1
            unsafe storage[start] = CChar(bitPattern: UInt8(ascii: "/"))
        }
        start -= name.count
        let at = unsafe storage + start
        unsafe name.withUnsafeBytes { p in
            if let base = p.baseAddress { unsafe memcpy(at, base, p.count) }
        }
    }

    /// The path as a C string, valid until the buffer changes; "." when empty.
    @safe package func withCString<R>(_ body: (UnsafePointer<CChar>) throws(Errno) -> R) throws(Errno) -> R {
        if isEmpty {
            return try unsafe withDot(body)
        }
        return try unsafe body(UnsafePointer(storage + start))
    }

    private func withDot<R>(_ body: (UnsafePointer<CChar>) throws(Errno) -> R) throws(Errno) -> R {
        let dot: (CChar, CChar) = (CChar(bitPattern: UInt8(ascii: ".")), 0)
        var copy = dot
        return try unsafe withUnsafeMutablePointer(to: &copy) { p throws(Errno) in
            try unsafe p.withMemoryRebound(to: CChar.self, capacity: 2) { q throws(Errno) in try unsafe body(q) }
        }
    }

    /// A copy of the bytes (allocates; for messages and records, not for the request path).
    package var bytes: [UInt8] {
        unsafe Array(UnsafeRawBufferPointer(start: storage + start, count: count))
    }
}
