internal import Syscalls

/// The number by which the kernel knows a file of the base view, and its inode number there.
///
///     1                                     the mount's root
///     bit 62 clear   a NodeID               a workweave's own: directories, its `.git` files, its virtual tree
///     bit 62 set     base:30 low:32         a file or link of a base, the same for every workweave on it: one node, one page cache
///
/// Either way the low half is what git keeps in its index. Derived as all node ids are; see ``BaseNumbers`` for `base`.
package enum BaseNode: Hashable, Sendable {
    case own(NodeID)
    case shared(base: UInt32, low: UInt32)

    private static let sharedBit: UInt64 = 1 << 62

    package init(raw: UInt64) {
        self = raw & Self.sharedBit == 0 ? .own(NodeID(raw: raw))
            : .shared(base: UInt32(truncatingIfNeeded: (raw & ~Self.sharedBit) >> 32), low: UInt32(truncatingIfNeeded: raw))
    }

    package var raw: UInt64 {
        switch self {
        case .own(let id): id.raw
        case .shared(let base, let low): Self.sharedBit | UInt64(base) << 32 | UInt64(low)
        }
    }
}
