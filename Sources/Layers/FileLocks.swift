internal import Syscalls

/// Locks that were taken through a project mount: each owner's on an open file description of our own, so that users of the clone and
/// of other mounts see them and are seen.
///
/// The kernel says when a lock is taken and given back, but not when a file is closed with a lock on it. So ``LockHolder`` looks who
/// stands behind each: a lock that nobody stands behind is given back, at once if somebody in the mount is kept waiting by it, else
/// within the interval of ``watch()``.
final class FileLocks: @unchecked Sendable {
    /// Whose a lock is: the kernel's name for the process's table of files (fcntl) or the open file (flock).
    struct Key: Hashable {
        let node: UInt64
        let owner: UInt64
        let isWhole: Bool
    }

    private final class Held {
        let file: SharedFile
        /// Guarded by `FileLocks.lock`.
        var holder: LockHolder
        init(_ file: SharedFile, _ holder: LockHolder) {
            self.file = file
            self.holder = holder
        }
    }

    private let lock = Lock()
    private var all: [Key: Held] = [:]
    private var isWatched = false
    /// Witnesses that are no longer wanted. Closing one may send the kernel a request to ourselves, so it is left to the watching thread.
    private var leaving: [SharedFile] = []
    /// The mount's device, as mountinfo numbers it. Set once, before the first lock.
    var device = ""

    /// How often what was closed with a lock on it is looked for. Milliseconds.
    private static let interval = 20

    /// Takes, changes or gives back a lock, without waiting. `isWhole`: flock(2). `open` opens the file for as much as can be had.
    /// - Throws: EAGAIN when another is in the way.
    func set(_ node: UInt64, ino: UInt64, owner: UInt64, isWhole: Bool, _ wanted: RangeLock, open: () throws(Errno) -> SharedFile) throws(Errno) {
        let key = Key(node: node, owner: owner, isWhole: isWhole)
        if wanted.kind == .none { return try release(key, wanted) }
        let holder = LockHolder(wanted, ino: ino, device: device, isWhole: isWhole)
        let known = lock.withLock { all[key] }
        let held: Held
        if let known { held = known } else { held = Held(try open(), holder) }
        func attempt() throws(Errno) {
            try held.file.use { file throws(Errno) in
                if isWhole {
                    guard try file.lock(exclusive: wanted.kind == .write, wait: false) else { throw .again }
                } else { try file.setLock(wanted) }
            }
        }
        defer { watch() }
        do throws(Errno) { try attempt() } catch {
            guard error == .again else {
                discard(holder)
                throw error
            }
            dropDead(node: node, except: key, notTheirs: holder.entries.count == 1 ? holder.entries : [])
            do throws(Errno) { try attempt() } catch {
                discard(holder)
                throw error
            }
        }
        let former = lock.withLock { () -> LockHolder? in
            defer { all[key] = held }
            guard known != nil else { return nil }
            defer { held.holder = holder }
            return held.holder
        }
        if let former { discard(former) }
    }

    private func discard(_ holder: LockHolder) {
        guard let witness = holder.witness else { return }
        lock.withLock { leaving.append(witness) }
    }

    private func release(_ key: Key, _ range: RangeLock) throws(Errno) {
        guard let held = lock.withLock({ all[key] }) else { return }
        try held.file.use { file throws(Errno) in key.isWhole ? file.unlock() : try file.setLock(range) }
        // Nothing of the file is locked any more.
        if range.start == 0, range.length == 0 { remove(key, held) }
    }

    private func remove(_ key: Key, _ held: Held) {
        lock.withLock {
            guard all[key] === held else { return }
            all[key] = nil
            if let witness = held.holder.witness { leaving.append(witness) }
        }
    }

    /// The lock that is in the way of one; nil when none is.
    func inTheWay(_ node: UInt64, owner: UInt64, _ wanted: RangeLock, open: () throws(Errno) -> SharedFile) throws(Errno) -> RangeLock? {
        let key = Key(node: node, owner: owner, isWhole: false)
        dropDead(node: node, except: key, notTheirs: [])
        let known = lock.withLock { all[key]?.file }
        let file: SharedFile
        if let known { file = known } else { file = try open() }
        guard var found = try file.use({ file throws(Errno) in try file.lockInTheWay(of: wanted) }) else { return nil }
        // One of ours: the process that took it.
        if found.pid <= 0 { found.pid = lock.withLock { all.first { $0.key.node == node && !$0.key.isWhole && $0.key != key }?.value.holder.pid } ?? 0 }
        return found
    }

    // MARK: What was closed

    /// Gives back all locks that nobody stands behind any more.
    /// - Returns: whether a witness may be open for a moment still, which keeps the mount busy.
    @discardableResult
    func dropDead() -> Bool {
        dropDead(node: nil, except: nil, notTheirs: [])
        closeLeaving()
        return lock.withLock { isWatched && all.isEmpty }
    }

    /// The same for a node's (nil: for all).
    /// - Parameter notTheirs: descriptors that stand behind the lock of `except`, and so behind no other.
    private func dropDead(node: UInt64?, except: Key?, notTheirs: Set<ProcessFiles.Entry>) {
        for (key, held) in lock.withLock({ all.filter { (node == nil || $0.key.node == node) && $0.key != except } }) {
            let before = lock.withLock { held.holder }
            var holder = before
            let isAlive = holder.isAlive(device, notMine: notTheirs)
            let isUnchanged = lock.withLock { () -> Bool in
                guard all[key] === held, held.holder.witness === before.witness, held.holder.entries == before.entries else { return false }
                held.holder = holder
                return true
            }
            if !isAlive, isUnchanged { remove(key, held) }
        }
    }

    private func closeLeaving() {
        let closing = lock.withLock { () -> [SharedFile] in
            defer { leaving = [] }
            return leaving
        }
        withExtendedLifetime(closing) {}
    }

    /// Looks for what was closed for as long as there are locks: users of the clone may wait for them.
    private func watch() {
        let isNew = lock.withLock { () -> Bool in
            if isWatched || all.isEmpty && leaving.isEmpty { return false }
            isWatched = true
            return true
        }
        guard isNew else { return }
        do throws(Errno) {
            try Thread.start { [weak self] in
                while let self {
                    Thread.sleep(milliseconds: Self.interval)
                    dropDead()
                    let isDone = lock.withLock { () -> Bool in
                        isWatched = !all.isEmpty || !leaving.isEmpty
                        return !isWatched
                    }
                    if isDone { return }
                }
            }
        } catch { lock.withLock { isWatched = false } }
    }
}
