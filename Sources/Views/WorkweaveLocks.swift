internal import Manifest
internal import Syscalls
internal import Weave

/// Changes of one workweave, one after the other: a lock for each name. Any thread.
final class WorkweaveLocks: Sendable {
    /// Those that nothing may be done to, since somebody has them for himself.
    let handOuts = HandOuts()
    private let weave: Weave
    private let locks = Locked<[String: Lock]>([:])
    /// The names that are being made, changed or deleted.
    private let busy = Locked<Set<String>>([])

    init(_ weave: Weave) { self.weave = weave }

    /// Whether the workweave of that name is being changed.
    func isBusy(_ name: String) -> Bool { busy.withLock { $0.contains(name) } }

    /// Runs `body` while nothing else changes the workweave of that name. The kernel must be told afterwards, never inside: a mkdir or
    /// rmdir of the same name may hold the directory's lock and wait for ours.
    /// - Parameters:
    ///   - fromKernel: the kernel waits with the directory locked, and whoever has ours may wait for that: `.busy` then.
    ///   - whileHandedOut: also when somebody has the workweave for himself, which is `.busy` otherwise.
    func changing<R>(_ name: WorkweaveName, fromKernel: Bool = false, whileHandedOut: Bool = false, _ body: () throws(WeaveError) -> R) throws(WeaveError) -> R {
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
        if !whileHandedOut, handOuts.contains(name.text) { throw Weave.inUse(name.text, by: try weave.exclusiveUsers(of: name.text)) }
        return try body()
    }
}
