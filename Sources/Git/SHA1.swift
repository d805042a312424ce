/// SHA-1 (RFC 3174), for the checksum at the end of a git index: libgit2 offers hashes of objects only.
struct SHA1 {
    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0)

    /// The 20 bytes of the hash of `bytes`.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var sha = SHA1()
        let whole = bytes.count / 64 * 64
        unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { w in
            if let base = bytes.baseAddress {
                for at in stride(from: 0, to: whole, by: 64) { unsafe sha.block(base + at, w) }
            }
            // The rest, a one bit, zeros, and the length in bits.
            var tail = unsafe Array(bytes[whole...])
            tail.append(0x80)
            while tail.count % 64 != 56 { tail.append(0) }
            unsafe withUnsafeBytes(of: UInt64(bytes.count * 8).bigEndian) { p in unsafe tail.append(contentsOf: p) }
            unsafe tail.withUnsafeBytes { p in
                guard let base = p.baseAddress else { return }
                for at in stride(from: 0, to: p.count, by: 64) { unsafe sha.block(base + at, w) }
            }
        }
        var out: [UInt8] = []
        for word in [sha.state.0, sha.state.1, sha.state.2, sha.state.3, sha.state.4] {
            unsafe withUnsafeBytes(of: word.bigEndian) { p in unsafe out.append(contentsOf: p) }
        }
        return out
    }

    @inline(__always)
    private mutating func block(_ bytes: UnsafeRawPointer, _ w: UnsafeMutableBufferPointer<UInt32>) {
        for i in 0..<16 { unsafe w[i] = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self)) }
        for i in 16..<80 {
            let x = unsafe w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]
            unsafe w[i] = x << 1 | x >> 31
        }
        var (a, b, c, d, e) = state
        @inline(__always) func step(_ f: UInt32, _ k: UInt32, _ word: UInt32) {
            let next = (a << 5 | a >> 27) &+ f &+ e &+ k &+ word
            e = d; d = c; c = b << 30 | b >> 2; b = a; a = next
        }
        for i in 0..<20 { step(d ^ (b & (c ^ d)), 0x5a82_7999, unsafe w[i]) }
        for i in 20..<40 { step(b ^ c ^ d, 0x6ed9_eba1, unsafe w[i]) }
        for i in 40..<60 { step((b & c) | (d & (b | c)), 0x8f1b_bcdc, unsafe w[i]) }
        for i in 60..<80 { step(b ^ c ^ d, 0xca62_c1d6, unsafe w[i]) }
        state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e)
    }
}
