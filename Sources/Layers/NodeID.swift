/// The number by which the kernel knows a file of the workweaves' mount, and the inode number that stat(2) shows: the same thing.
///
/// Node ids are derived, never slots or pointers, so that a successor of the server can resolve every id the kernel still holds:
///
///     0                                     not an id
///     1                                     the mount's root
///     bit 62 clear   wid:20 part:10 low:32  an entry of a base: of workweave `wid`, of its part `part` (0: its virtual tree; else a repo)
///     bit 62 set     wid:20 ino:40          a file that only the upper directory has, by its inode number on the disk below
///
/// `low` is what git keeps of an inode number in its index; it is the same for equal entries of all workweaves on a base.
package struct NodeID: Hashable, Sendable {
    package let raw: UInt64
    package init(raw: UInt64) { self.raw = raw }

    package static let root = NodeID(raw: 1)
    /// 20 bits: the 21st would be bit 62 of a base entry's id.
    package static let maxWeaveID: UInt32 = (1 << 20) - 1
    package static let maxPart: UInt32 = (1 << 10) - 1

    private static let upperBit: UInt64 = 1 << 62
    private static let inoMask: UInt64 = (1 << 40) - 1

    /// An entry of a base.
    package init(workweave: UInt32, part: UInt32, low: UInt32) {
        raw = UInt64(workweave) << 42 | UInt64(part) << 32 | UInt64(low)
    }

    /// A file of the upper directory. Numbers past 2^40 are folded: no disk we know of gives them out.
    package init(workweave: UInt32, upper ino: UInt64) {
        raw = Self.upperBit | UInt64(workweave) << 40 | ((ino ^ ino >> 40) & Self.inoMask)
    }

    package var isUpper: Bool { raw & Self.upperBit != 0 }
    package var workweave: UInt32 {
        isUpper ? UInt32(truncatingIfNeeded: raw >> 40) & Self.maxWeaveID : UInt32(truncatingIfNeeded: raw >> 42) & Self.maxWeaveID
    }
    /// Only of base entries.
    package var part: UInt32 { UInt32(truncatingIfNeeded: raw >> 32) & Self.maxPart }
    package var low: UInt32 { UInt32(truncatingIfNeeded: raw) }
}
