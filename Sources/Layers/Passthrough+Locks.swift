package import Syscalls

extension Passthrough {
    /// The mount's device, as mountinfo numbers it ("0:57"): to tell who has which file open. Before the first lock.
    package func lockDevice(_ device: String) { locks.device = device }

    /// Lets go of what was closed with a lock on it. - Returns: whether something of it may keep the mount busy for a moment still.
    package func settleLocks() -> Bool { locks.dropDead() }

    /// fcntl(2) or flock(2) without waiting; see ``FileLocks``. - Throws: EAGAIN when another lock is in the way; EBADF when the file may not be opened for what the lock says.
    package func setLock(_ id: UInt64, owner: UInt64, isWhole: Bool, _ lock: RangeLock, _ s: Scratch) throws(Errno) {
        let node = try node(id)
        try locks.set(id, ino: node.ino, owner: owner, isWhole: isWhole, lock) { () throws(Errno) in try lockable(node, s) }
    }

    /// The lock that is in the way of one; nil when none is.
    package func lockInTheWay(_ id: UInt64, owner: UInt64, _ lock: RangeLock, _ s: Scratch) throws(Errno) -> RangeLock? {
        let node = try node(id)
        return try locks.inTheWay(id, owner: owner, lock) { () throws(Errno) in try lockable(node, s) }
    }

    /// A description of its own, for both kinds of locks where the file's mode allows.
    private func lockable(_ node: PassthroughNode, _ s: Scratch) throws(Errno) -> SharedFile {
        if node.isDirectory { return SharedFile(try withDirectory(node, s) { handle throws(Errno) in try handle.open(handleWith: OpenFlags.directory) }) }
        for flags in [OpenFlags.readWrite, OpenFlags.readOnly] {
            do throws(Errno) { return SharedFile(try open(node, flags, s)) } catch {
                guard [.accessDenied, .readOnly, .permission].contains(error) else { throw error }
            }
        }
        return SharedFile(try open(node, OpenFlags.writeOnly, s))
    }
}
