internal import Manifest
internal import Syscalls
internal import Weave

/// Changes of one workweave, one after the other: a lock for each name. Any thread.
final class WorkweaveLocks: Sendable {
    private let locks = Locked<[String: Lock]>([:])
    /// The names that are being made, changed or deleted.
    private let busy = Locked<Set<String>>([])

    /// Whether the workweave of that name is being changed.
    func isBusy(_ name: String) -> Bool { busy.withLock { $0.contains(name) } }

    /// Runs `body` while nothing else changes the workweave of that name. The kernel must be told afterwards, never inside: a mkdir or
    /// rmdir of the same name may hold the directory's lock and wait for ours.
    /// - Parameter fromKernel: the kernel waits with the directory locked, and whoever has ours may wait for that: `.busy` then.
    func changing<R>(_ name: WorkweaveName, fromKernel: Bool = false, _ body: () throws(WeaveError) -> R) throws(WeaveError) -> R {
        let lock = locks.withLock { table -> Lock in
            if let l = table[name.text] { return l }
            let l = Lock()
            table[name.text] = l
            return l
        }
        if !fromKernel { lock.lock() } else if !lock.tryLock() { throw WeaveError(.busy, "'\(name.text)' is being changed", hint: "try again in a moment") }
        _ = busy.withLock { $0.insert(name.text) }
        defer {
            _ = busy.withLock { $0.remove(name.text) }
            lock.unlock()
        }
        return try body()
    }
}
