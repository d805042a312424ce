internal import Glibc

/// A relative path under construction, as bytes, built from its end to its beginning.
///
/// One buffer is made per worker thread and reused, so that building a path allocates nothing.
/// Not safe to share between threads.
@safe package final class PathBuffer {
    private let storage: UnsafeMutablePointer<CChar>
    private var start: Int
    private var end: Int
    /// A path. One more name has room behind.
    private static let capacity = Files.longestPath

    package init() {
        unsafe storage = UnsafeMutablePointer<CChar>.allocate(capacity: Self.capacity + 257)
        start = Self.capacity - 1
        end = start
        unsafe storage[start] = 0
    }

    deinit { unsafe storage.deallocate() }

    /// Makes the path empty.
    package func reset() {
        start = Self.capacity - 1
        end = start
        unsafe storage[end] = 0
    }

    package var isEmpty: Bool { start == end }
    package var count: Int { end - start }

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

    /// Puts `name`, or `/name` if something is there, behind what is there; ``truncate(_:)`` takes it away.
    /// - Throws: ENAMETOOLONG.
    package func append(_ name: Span<UInt8>) throws(Errno) {
        let separator = isEmpty ? 0 : 1
        guard end + name.count + separator < Self.capacity + 256 else { throw .nameTooLong }
        if separator == 1 { unsafe storage[end] = CChar(bitPattern: UInt8(ascii: "/")) }
        let at = unsafe storage + end + separator
        unsafe name.withUnsafeBytes { p in
            if let base = p.baseAddress { unsafe memcpy(at, base, p.count) }
        }
        end += name.count + separator
        unsafe storage[end] = 0
    }

    /// Takes away all past the first `count` bytes.
    package func truncate(_ count: Int) {
        guard count < self.count else { return }
        end = start + count
        unsafe storage[end] = 0
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

extension PathBuffer {
    /// Puts one byte before what is there, as a part of the same name.
    package func prependToName(_ byte: UInt8) throws(Errno) {
        guard start > 0 else { throw .nameTooLong }
        start -= 1
        unsafe storage[start] = CChar(bitPattern: byte)
    }

    /// Puts a number in lower-case hexadecimal, as a name, before what is there.
    package func prepend(hexadecimal number: UInt64) throws(Errno) {
        var digits: InlineArray<16, UInt8> = .init(repeating: 0)
        var rest = number, at = 16
        repeat {
            at -= 1
            let digit = UInt8(truncatingIfNeeded: rest & 15)
            digits[at] = digit < 10 ? 48 + digit : 87 + digit
            rest >>= 4
        } while rest != 0
        try prepend(digits.span.extracting(at...))
    }
}
