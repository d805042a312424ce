internal import Syscalls

/// A file of a clone that the kernel knows, as its mount remembers it. All but the constants is guarded by `Passthrough.table`.
final class PassthroughNode: @unchecked Sendable {
    let id: UInt64
    /// The directory of the weave that it lies in; see ``Passthrough/root(_:)``.
    let root: UInt16
    /// What tells it from other files that may stand in its place: the inode number, and a hash of the time of birth.
    let ino: UInt64
    let generation: UInt32
    let isDirectory: Bool
    /// Whether it lies in another mount than its root, which somebody has made there: nothing of it is kept open, so that he can
    /// unmount it again.
    let isElsewhere: Bool
    /// The last place it was seen at. Nil: the root's top.
    var parent: PassthroughNode?
    var name: [UInt8]
    /// References that the kernel has (of a node from before a restart: has got since).
    var lookups: UInt64 = 0
    /// From before a restart: how many references the kernel had then is not known, but one at least.
    var isRestored = false
    /// A handle of a file whose last known name is gone.
    var pinned: SharedFile?

    /// Whether we have heard that a name that the kernel knew it by is another's, or nobody's.
    var hasLeft = false

    /// Of a directory: the watch by which it is followed, ``notTried`` or ``notFollowed``.
    var watch: Int32 = notTried
    static let notTried: Int32 = 0, notFollowed: Int32 = -1
    /// Of a directory: which node the kernel was told of last at each name.
    var shown: [[UInt8]: UInt64] = [:]
    /// Of a directory: names that the kernel was told, for long, that there is nothing at.
    var absent: Set<[UInt8]> = []
    /// What the kernel was told last, and when (ns); nil: nothing yet, or that it is no longer so.
    var told: Told?
    var toldAt: Int64 = 0
    /// What the last change through the mount itself left of it.
    var own: Told?
    /// Whether the kernel was told so soon after a change that it may have read contents of before: their time is set first.
    var isFresh = false
    /// Whether it is in `Passthrough.polled`.
    var isPolled = false

    /// What any change of a file moves.
    struct Told: Equatable {
        let seconds: Int64
        let nanoseconds: UInt32
        let size: UInt64
        init(_ s: FileStatus) { (seconds, nanoseconds, size) = (s.ctime, s.ctime_ns, s.size) }
    }

    init(id: UInt64, root: UInt16, ino: UInt64, generation: UInt32, isDirectory: Bool, isElsewhere: Bool = false, parent: PassthroughNode?, name: [UInt8]) {
        self.id = id
        self.isElsewhere = isElsewhere
        self.root = root
        self.ino = ino
        self.generation = generation
        self.isDirectory = isDirectory
        self.parent = parent
        self.name = name
    }

    /// Whether this is the file that `status` describes.
    func isSame(_ status: FileStatus) -> Bool { status.ino == ino && Self.generation(status) == generation && status.isDirectory == isDirectory }

    /// 32 bits, since the kernel keeps no more of a generation; never 0.
    static func generation(_ s: FileStatus) -> UInt32 {
        var h = UInt64(bitPattern: s.btime) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(s.btime_ns) &* 0xC2B2_AE3D_27D4_EB4F
        h ^= h >> 32
        return UInt32(truncatingIfNeeded: h) | 1
    }

    /// The node id of an inode, unless another inode of the root has it: 10 bits of the root, 52 of the number. Bit 62 stays clear.
    static func id(root: UInt16, ino: UInt64) -> UInt64 { UInt64(root) << 52 | ((ino ^ ino >> 52) & ((1 << 52) - 1)) }
}
