internal import Syscalls

/// The number by which the kernel knows a node of the base view, and its inode number there.
///
///     1                                the mount's root
///     2                                the directory of the layers
///     bits 63, 62: 00   a NodeID       a workweave's own: its virtual tree, the roots of its repos with nothing but their `.git` files
///     bits 63, 62: 01   base:30 low:32 what a layer shows of a base: the same for every workweave on it, one node, one page cache
///     bits 63, 62: 10   base:30 depth:32  a directory on the way from a layer's root (depth 0) to its repo
///
/// In a NodeID and in a base the low half is what git keeps in its index. Derived as all node ids are; see ``BaseNumbers`` for `base`.
package enum BaseNode: Hashable, Sendable {
    case root
    case layers
    case own(NodeID)
    case shared(base: UInt32, low: UInt32)
    case way(base: UInt32, depth: UInt32)

    private static let sharedBit: UInt64 = 1 << 62
    private static let wayBit: UInt64 = 1 << 63

    package init(raw: UInt64) {
        let base = UInt32(truncatingIfNeeded: (raw & (Self.sharedBit - 1)) >> 32), low = UInt32(truncatingIfNeeded: raw)
        self = switch raw {
        case 1: .root
        case 2: .layers
        case _ where raw & Self.sharedBit != 0: .shared(base: base, low: low)
        case _ where raw & Self.wayBit != 0: .way(base: base, depth: low)
        default: .own(NodeID(raw: raw))
        }
    }

    package var raw: UInt64 {
        switch self {
        case .root: 1
        case .layers: 2
        case .own(let id): id.raw
        case .shared(let base, let low): Self.sharedBit | UInt64(base) << 32 | UInt64(low)
        case .way(let base, let depth): Self.wayBit | UInt64(base) << 32 | UInt64(depth)
        }
    }
}
