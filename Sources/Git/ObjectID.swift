internal import CGit2
internal import Syscalls

/// The SHA-1 name of a git object: 20 bytes. Three numbers, so that it lies in arrays and keys dictionaries without a heap object.
package struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    /// Bytes 0–7, 8–15 and 16–19, most significant first.
    package let high: UInt64
    package let middle: UInt64
    package let low: UInt32

    package static let byteCount = 20
    package static let zero = ObjectID(high: 0, middle: 0, low: 0)
    /// The tree with nothing in it, which git knows without an object file.
    package static let emptyTree = ObjectID(high: 0x4b82_5dc6_42cb_6eb9, middle: 0xa060_e54b_f8d6_9288, low: 0xfbee_4904)

    @inlinable
    package init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// From 20 raw bytes; nil for any other number of them.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        var parts: (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (i, b) in bytes.enumerated() {
            if i < 8 { parts.0 = parts.0 << 8 | UInt64(b) }
            else if i < 16 { parts.1 = parts.1 << 8 | UInt64(b) }
            else { parts.2 = parts.2 << 8 | UInt32(b) }
        }
        self.init(high: parts.0, middle: parts.1, low: parts.2)
    }

    /// From 20 bytes at `raw`.
    @unsafe init(raw: UnsafeRawPointer) {
        unsafe self.init(high: UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)),
                         middle: UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                         low: UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
    }

    /// From 40 hexadecimal digits; nil for anything else.
    package init?(hex: some StringProtocol) {
        self.init(hexBytes: Array(hex.utf8))
    }

    init?(hexBytes digits: some RandomAccessCollection<UInt8>) {
        guard digits.count == 2 * Self.byteCount else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        var half: UInt8?
        for d in digits {
            let value: UInt8
            switch d {
            case UInt8(ascii: "0") ... UInt8(ascii: "9"): value = d - UInt8(ascii: "0")
            case UInt8(ascii: "a") ... UInt8(ascii: "f"): value = d - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A") ... UInt8(ascii: "F"): value = d - UInt8(ascii: "A") + 10
            default: return nil
            }
            if let h = half { bytes.append(h << 4 | value); half = nil } else { half = value }
        }
        self.init(bytes: bytes)
    }

    /// The 20 bytes, valid during the call.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        var raw = (high.bigEndian, middle.bigEndian, low.bigEndian)
        return unsafe withUnsafeBytes(of: &raw) { p in unsafe body(UnsafeRawBufferPointer(rebasing: p[0..<20])) }
    }

    package var bytes: [UInt8] { unsafe withBytes { p in unsafe Array(p) } }
    /// 40 lower-case hexadecimal digits.
    package var hex: String { hexadecimal(bytes) }
    package var description: String { hex }
    /// The first digits, for messages.
    package var short: String { String(hex.prefix(10)) }
}

extension ObjectID {
    init(_ oid: git_oid) {
        var copy = oid
        unsafe self.init(raw: &copy)
    }

    /// As libgit2 wants it.
    var oid: git_oid {
        var out = git_oid()
        _ = unsafe withBytes { p in
            unsafe git_oid_fromraw(&out, p.baseAddress?.assumingMemoryBound(to: UInt8.self))
        }
        return out
    }
}
