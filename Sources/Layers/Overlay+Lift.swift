internal import Synchronization
internal import Syscalls

/// The moments in which the mode of an upper entry is lifted, because an ordinary owner's own bits are in our way (the kernel has
/// checked who may). Nobody must see such a mode: the kernel would keep it for ever. So attributes are read between two looks
/// at a count that is odd while a mode is lifted.
///
/// The lock is taken under a stripe, and `table` may be taken under it.
final class Lifts: Sendable {
    let lock = Lock()
    let count = Atomic<UInt64>(0)
}

extension Overlay {
    /// Runs `body`, and when it is denied, once more with `bits` added to the mode of the entry at `path`.
    /// - Throws: EACCES when the mode was not the reason.
    func lifting<R>(_ base: FileDescriptor, _ path: PathBuffer, _ bits: UInt32, _ body: () throws(Errno) -> R) throws(Errno) -> R {
        do throws(Errno) { return try body() } catch {
            guard error == .accessDenied else { throw error }
        }
        lifts.lock.lock()
        lifts.count.add(1, ordering: .sequentiallyConsistent)
        defer {
            lifts.count.add(1, ordering: .sequentiallyConsistent)
            lifts.lock.unlock()
        }
        let status = try base.status(path)
        guard !status.isSymlink, status.permissions & bits != bits else { throw .accessDenied }
        try base.setMode(path, status.permissions | bits)
        let result: Result<R, Errno>
        do throws(Errno) { result = .success(try body()) } catch { result = .failure(error) }
        try base.setMode(path, status.permissions)
        return try result.get()
    }

    /// lstat(2) of an entry of the upper or the orphans, never with a lifted mode.
    func settledStatus(_ base: FileDescriptor, _ path: PathBuffer) throws(Errno) -> FileStatus? {
        while true {
            let before = lifts.count.load(ordering: .sequentiallyConsistent)
            if before & 1 == 1 {
                lifts.lock.lock()
                lifts.lock.unlock()
                continue
            }
            let status = try base.statusIfExists(path)
            if lifts.count.load(ordering: .sequentiallyConsistent) == before { return status }
        }
    }

    /// Runs a request on one node under `namespace`; once more when the node lost its name meanwhile and is an orphan now.
    func onNode<R>(_ id: NodeID, _ body: () throws(Errno) -> R) throws(Errno) -> R {
        namespace.readLock()
        defer { namespace.unlock() }
        do throws(Errno) { return try body() } catch {
            guard error == .notFound, table.withLock({ nodes[id.raw]?.state == .orphan }) else { throw error }
        }
        // Who makes it an orphan holds the stripe until it is one.
        let stripe = stripe(id)
        stripe.lock()
        stripe.unlock()
        return try body()
    }
}
