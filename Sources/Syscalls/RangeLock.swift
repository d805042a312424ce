internal import CLinux
internal import Glibc

/// A lock of bytes of a file, as fcntl(2) has them.
package struct RangeLock: Sendable, Equatable {
    package enum Kind: Int32, Sendable {
        case read, write, none
    }
    package var kind: Kind
    /// Bytes.
    package var start: Int64
    /// Bytes; 0: to the end, wherever that is.
    package var length: Int64
    /// Whose it is.
    package var pid: Int32
    /// The thread that asks for it; 0 when that is not known.
    package var thread: Int32 = 0
    package init(kind: Kind, start: Int64, length: Int64, pid: Int32) {
        self.kind = kind
        self.start = start
        self.length = length
        self.pid = pid
    }
}

extension FileDescriptor {
    /// Sets or clears a lock that belongs to the open file description (F_OFD_SETLK), without waiting. It sees those of processes, and they see it.
    /// - Throws: EAGAIN when another is in the way; EBADF when the file is not open for what the lock says.
    package func setLock(_ lock: RangeLock) throws(Errno) {
        let r = rwv_range_lock(raw, lock.kind.rawValue, lock.start, lock.length)
        if r < 0 { throw Errno(rawValue: r == -EACCES ? EAGAIN : -r) }
    }

    /// The lock that is in the way of another; nil when none is. Its `pid` is -1 when it belongs to an open file description (F_OFD_GETLK).
    package func lockInTheWay(of lock: RangeLock) throws(Errno) -> RangeLock? {
        var kind = lock.kind.rawValue, pid: Int32 = 0
        var start = lock.start, length = lock.length
        let r = unsafe rwv_range_test(raw, &kind, &start, &length, &pid)
        if r < 0 { throw Errno(rawValue: -r) }
        guard let kind = RangeLock.Kind(rawValue: kind), kind != .none else { return nil }
        return RangeLock(kind: kind, start: start, length: length, pid: pid)
    }
}
