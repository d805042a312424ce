internal import Git
internal import Layers
internal import Syscalls
internal import Weave

/// Everything beside the tree that shapes a checkout, with a fingerprint of it for the base's key.
struct CheckoutSettings {
    let umask: UInt32
    let fingerprint: String

    static func read(_ clone: String, _ path: String, umask: UInt32) throws(WeaveError) -> CheckoutSettings {
        let text = "1 \(path) \(umask) \(CurrentProcess.userID) \(CurrentProcess.groupID)"
        return CheckoutSettings(umask: umask, fingerprint: fingerprint(Array(text.utf8)))
    }

    /// 128 bits, in hexadecimal.
    static func fingerprint(_ bytes: [UInt8]) -> String {
        var a: UInt64 = 0xcbf2_9ce4_8422_2325, b: UInt64 = 0x9e37_79b9_7f4a_7c15
        for c in bytes {
            a = (a ^ UInt64(c)) &* 0x100_0000_01b3
            b = (b &+ UInt64(c)) &* 0xff51_afd7_ed55_8ccd
            b ^= b >> 29
        }
        return String(a, radix: 16) + String(b, radix: 16)
    }

    func mayConvert(_ listing: TreeListing) -> Bool { false }

    func apply(to settings: inout BaseBuilder.Settings, _ listing: TreeListing, _ sizes: [UInt64], _ repository: Repository, _ files: BaseFiles) throws(WeaveError) {}
}
