internal import CLinux
internal import Glibc

/// What statx(2) says of a file: sizes in bytes, blocks of 512 bytes, times in seconds and nanoseconds.
package struct FileStatus: Sendable, Equatable {
    package var ino: UInt64 = 0, size: UInt64 = 0, blocks: UInt64 = 0
    package var atime: Int64 = 0, mtime: Int64 = 0, ctime: Int64 = 0, btime: Int64 = 0
    package var atime_ns: UInt32 = 0, mtime_ns: UInt32 = 0, ctime_ns: UInt32 = 0, btime_ns: UInt32 = 0
    package var mode: UInt32 = 0, nlink: UInt32 = 0, uid: UInt32 = 0, gid: UInt32 = 0
    package var rdev_major: UInt32 = 0, rdev_minor: UInt32 = 0, dev_major: UInt32 = 0, dev_minor: UInt32 = 0, blksize: UInt32 = 0
    /// The id of the mount that it was looked at through (statx(2), STATX_MNT_ID); 0 before Linux 5.8.
    package var mount: UInt32 = 0
    package init() {}
    init(_ s: rwv_stat) {
        (ino, size, blocks, atime, mtime, ctime, btime) = (s.ino, s.size, s.blocks, s.atime, s.mtime, s.ctime, s.btime)
        (atime_ns, mtime_ns, ctime_ns, btime_ns) = (s.atime_ns, s.mtime_ns, s.ctime_ns, s.btime_ns)
        (mode, nlink, uid, gid) = (s.mode, s.nlink, s.uid, s.gid)
        (rdev_major, rdev_minor, dev_major, dev_minor, blksize, mount) = (s.rdev_major, s.rdev_minor, s.dev_major, s.dev_minor, s.blksize, s.mount)
    }
}

/// What statfs(2) says of a file system: counts of blocks of `bsize` bytes and of inodes.
package struct FileSystemStatus: Sendable {
    package var blocks: UInt64 = 0, bfree: UInt64 = 0, bavail: UInt64 = 0, files: UInt64 = 0, ffree: UInt64 = 0
    /// The file system's magic number (statfs(2)).
    package var type: UInt64 = 0
    /// Values of `type` (statfs(2)).
    package static let overlay: UInt64 = 0x794c_7630, fuse: UInt64 = 0x6573_5546
    package var bsize: UInt32 = 0, frsize: UInt32 = 0, namelen: UInt32 = 0
    package init() {}
    init(_ s: rwv_statfs) {
        (blocks, bfree, bavail, files, ffree, type) = (s.blocks, s.bfree, s.bavail, s.files, s.ffree, s.type)
        (bsize, frsize, namelen) = (s.bsize, s.frsize, s.namelen)
    }
}

/// The type part of a file mode (inode(7)).
package enum FileType: UInt32, Sendable {
    case fifo = 0o010000
    case character = 0o020000
    case directory = 0o040000
    case block = 0o060000
    case regular = 0o100000
    case symlink = 0o120000
    case socket = 0o140000

    package static let mask: UInt32 = 0o170000

    /// The value of `d_type` in a directory record (readdir(3)).
    package var directoryRecordType: UInt8 { UInt8(rawValue >> 12) }
}

extension FileStatus {
    package var type: FileType { FileType(rawValue: mode & FileType.mask) ?? .regular }
    package var isDirectory: Bool { mode & FileType.mask == FileType.directory.rawValue }
    package var isRegular: Bool { mode & FileType.mask == FileType.regular.rawValue }
    package var isSymlink: Bool { mode & FileType.mask == FileType.symlink.rawValue }
    /// A character device 0/0: the overlayfs whiteout.
    package var isWhiteoutDevice: Bool {
        mode & FileType.mask == FileType.character.rawValue && rdev_major == 0 && rdev_minor == 0
    }
    package var permissions: UInt32 { mode & 0o7777 }
    /// In bytes.
    package var byteCount: UInt64 { size }
    package var inode: UInt64 { ino }
    package var owner: UInt32 { uid }
    package var group: UInt32 { gid }
    package var modified: Timestamp { Timestamp(seconds: mtime, nanoseconds: mtime_ns) }
    package var born: Timestamp { Timestamp(seconds: btime, nanoseconds: btime_ns) }
    package var changed: Timestamp { Timestamp(seconds: ctime, nanoseconds: ctime_ns) }
}

/// A moment: seconds since the epoch and nanoseconds, or one of the two special values of utimensat(2).
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
    package var seconds: Int64
    package var nanoseconds: UInt32
    package init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }
    package static func < (a: Timestamp, b: Timestamp) -> Bool { (a.seconds, a.nanoseconds) < (b.seconds, b.nanoseconds) }
    /// UTIME_NOW: the kernel's current time.
    package static let setToNow = Timestamp(seconds: 0, nanoseconds: RWV_NOW)
    /// UTIME_OMIT: leave as it is.
    package static let omit = Timestamp(seconds: 0, nanoseconds: RWV_OMIT)
    /// The wall clock (clock_gettime(2), CLOCK_REALTIME).
    package static var current: Timestamp {
        var ns: UInt32 = 0
        let s = unsafe rwv_realtime(&ns)
        return Timestamp(seconds: s, nanoseconds: ns)
    }
}

/// The monotonic clock in nanoseconds (clock_gettime(2), CLOCK_MONOTONIC).
package func monotonicNanoseconds() -> Int64 { rwv_monotonic_ns() }

/// Flags of open(2) and renameat2(2) that Glibc does not show to Swift, or shows as macros.
package enum OpenFlags {
    package static let readOnly = O_RDONLY
    package static let writeOnly = O_WRONLY
    package static let readWrite = O_RDWR
    package static let create = O_CREAT
    package static let exclusive = O_EXCL
    package static let truncate = O_TRUNC
    package static let append = O_APPEND
    package static let directory = O_DIRECTORY
    package static let noFollow = O_NOFOLLOW
    package static let nonBlocking = O_NONBLOCK
    package static let path: Int32 = 0o10000000
}

package enum RenameFlags {
    package static let none: UInt32 = 0
    package static let noReplace: UInt32 = 1
    package static let exchange: UInt32 = 2
    package static let whiteout: UInt32 = 4
}
