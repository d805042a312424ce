internal import CLinux
internal import Glibc

/// Memory for the value of one extended attribute, so that reading it allocates nothing. One thread at a time.
@safe package final class AttributeBuffer {
    private let storage: UnsafeMutableRawBufferPointer

    package init() { unsafe storage = .allocate(byteCount: 4352, alignment: 8) }
    deinit { unsafe storage.deallocate() }

    /// Hands the value of `name` at `path` to `body`; nil when there is none (getxattr(2)).
    /// - Throws: ERANGE for a value past 4 KiB, which none of ours is.
    package func withValue<R>(_ directory: FileDescriptor, _ path: PathBuffer, _ name: AttributeName,
                              _ body: (Span<UInt8>?) throws(Errno) -> R) throws(Errno) -> R {
        guard let count = try unsafe directory.attribute(path, name, into: storage) else { return try body(nil) }
        guard let base = unsafe storage.baseAddress else { return try body(nil) }
        return try unsafe body(Span(_unsafeStart: base.assumingMemoryBound(to: UInt8.self), count: count))
    }
}

extension Span where Element == UInt8 {
    /// The value of hexadecimal digits; nil when there is none or something else among them.
    package var hexadecimalValue: UInt64? {
        if isEmpty || count > 16 { return nil }
        var value: UInt64 = 0
        for i in indices {
            let c = self[i]
            let digit: UInt8
            switch c {
            case 48...57: digit = c - 48
            case 97...102: digit = c - 87
            default: return nil
            }
            value = value << 4 | UInt64(digit)
        }
        return value
    }

    /// Whether the bytes are these.
    package func equals(_ other: Span<UInt8>) -> Bool {
        if count != other.count { return false }
        for i in indices where self[i] != other[i] { return false }
        return true
    }
}

extension FileDescriptor {
    /// Whether the entry has the attribute (getxattr(2) asking for the size).
    package func hasAttribute(_ path: PathBuffer, _ name: AttributeName) throws(Errno) -> Bool {
        try unsafe attribute(path, name, into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) != nil
    }
}
