internal import Fuse
internal import Layers
internal import Syscalls

/// Tells the kernel what others have changed in the clones of project mounts, on a thread of its own. Any thread.
///
/// A request that is under way may answer what was true before a change, after the kernel was told of it. So every telling waits for them.
final class ChangeTeller: Sendable {
    let watcher: DirectoryWatcher
    private let settle: @Sendable () -> Bool
    /// Who is told of the changes of which files. A leaf.
    private let mounts = Locked<[ObjectIdentifier: Mount]>([:])

    private struct Mount {
        // Both go with the mount.
        weak var files: Passthrough?
        weak var session: Session?
        let top: @Sendable () -> UInt64?
    }

    /// Milliseconds between two looks at what the kernel was told of lately.
    private static let interval: Int64 = 500
    /// Milliseconds from one telling to the next: a file that is being written says so each time.
    private static let pause = 1

    /// - Parameter settle: waits for the requests under way; false when they took too long.
    init(limit: Int = DirectoryWatcher.usualLimit, settle: @escaping @Sendable () -> Bool) throws(Errno) {
        watcher = try DirectoryWatcher(limit: limit)
        self.settle = settle
        try Thread.start { [self] in run() }
    }

    /// Begins to tell a mount's kernel. - Parameter isInherited: the kernel knows things that nobody follows yet.
    func add(_ files: Passthrough, _ session: Session, isInherited: Bool, top: @escaping @Sendable () -> UInt64?) {
        mounts.withLock { all in
            all = all.filter { $0.value.session != nil }
            all[ObjectIdentifier(files)] = Mount(files: files, session: session, top: top)
        }
        if isInherited { tell([ObjectIdentifier(files): Set(files.takeEverything())]) }
    }

    private func run() {
        let scratch = Scratch()
        var due: Int64 = 0
        // What was told while an older answer may have been on its way.
        var again: [ObjectIdentifier: Set<PassthroughChange>] = [:]
        while true {
            let isFollowing = mounts.withLock { $0.values.contains { $0.files?.isFollowing ?? false } }
            let now = monotonicNanoseconds() / 1_000_000
            watcher.wait(milliseconds: isFollowing || !again.isEmpty ? Int(max(0, due - now)) : -1)
            var changes = again
            let (happenings, wasTooMuch) = watcher.read()
            for h in happenings {
                let found = h.files.changes(h.directory, h.event, scratch)
                if !found.isEmpty { changes[ObjectIdentifier(h.files), default: []].formUnion(found) }
            }
            let isDue = monotonicNanoseconds() / 1_000_000 >= due
            if isDue || wasTooMuch {
                due = monotonicNanoseconds() / 1_000_000 + Self.interval
                for files in mounts.withLock({ $0.values.compactMap(\.files) }) {
                    let found = wasTooMuch ? files.takeEverything() : files.lookAgain(scratch)
                    if !found.isEmpty { changes[ObjectIdentifier(files), default: []].formUnion(found) }
                }
            }
            again = tell(changes) ? [:] : changes
            if !happenings.isEmpty { Thread.sleep(milliseconds: Self.pause) }
        }
    }

    /// - Returns: whether that is all; otherwise it has to be told again.
    @discardableResult private func tell(_ changes: [ObjectIdentifier: Set<PassthroughChange>]) -> Bool {
        if changes.isEmpty { return true }
        let isSettled = settle()
        for (id, changes) in changes {
            guard let mount = mounts.withLock({ $0[id] }), let session = mount.session else { continue }
            let top = mount.top()
            for change in changes {
                switch change {
                // What stands in the writable top is at the mount's root for the kernel.
                case .name(let name, let directory): session.notifyExpired(name: name, in: directory == top ? 1 : directory)
                case .gone(let name, let directory): session.notifyGone(name: name, in: directory == top ? 1 : directory)
                case .node(let node): session.notifyChanged(node: node == top ? 1 : node)
                }
            }
        }
        return isSettled
    }
}
