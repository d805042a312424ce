package import Fuse
internal import Layers
package import Syscalls

/// Locks, taken on the clone's own files. Who has to wait does so on a thread of its own.
extension ProjectHandler {
    package func testLock(_ r: consuming Request, node: UInt64, owner: UInt64, lock: RangeLock) {
        counters.count(.getlk)
        let s = scratch
        do throws(Errno) {
            let found = try files.lockInTheWay(try real(node, s), owner: owner, lock, s)
            r.reply(found ?? RangeLock(kind: .none, start: 0, length: 0, pid: 0))
        } catch { r.fail(error) }
    }

    package func setLock(_ r: consuming Request, node: UInt64, owner: UInt64, lock: RangeLock, waits: Bool) {
        counters.count(.setlk)
        var lock = lock
        lock.thread = r.context.thread
        take(r, node, owner, isWhole: false, lock, waits)
    }

    package func setFileLock(_ r: consuming Request, node: UInt64, owner: UInt64, kind: RangeLock.Kind, waits: Bool) {
        counters.count(.flock)
        let thread = r.context.thread
        var lock = RangeLock(kind: kind, start: 0, length: 0, pid: ProcessFiles.process(ofThread: thread))
        lock.thread = thread
        take(r, node, owner, isWhole: true, lock, waits)
    }

    private func take(_ r: consuming Request, _ node: UInt64, _ owner: UInt64, isWhole: Bool, _ lock: RangeLock, _ waits: Bool) {
        let s = scratch
        do throws(Errno) {
            try files.setLock(try real(node, s), owner: owner, isWhole: isWhole, lock, s)
            return r.succeed()
        } catch {
            guard error == .again, waits else { return r.fail(error) }
        }
        let request = r.detach()
        do throws(Errno) {
            try Thread.start { [self] in
                do throws(Errno) {
                    try wait(request, try real(node, Scratch()), owner, isWhole: isWhole, lock)
                    request.resume().succeed()
                } catch { request.resume().fail(error) }
            }
        } catch { request.resume().fail(error) }
    }

    /// Tries until the lock is free. - Throws: EINTR when who waits was interrupted.
    private func wait(_ request: DetachedRequest, _ node: UInt64, _ owner: UInt64, isWhole: Bool, _ lock: RangeLock) throws(Errno) {
        let s = Scratch()
        while true {
            Thread.sleep(milliseconds: 5)
            if request.isInterrupted { throw .interrupted }
            do throws(Errno) { return try files.setLock(node, owner: owner, isWhole: isWhole, lock, s) } catch { if error != .again { throw error } }
        }
    }
}
