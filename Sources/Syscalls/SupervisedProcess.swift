internal import CLinux
internal import Glibc

/// A child that stands for this process: what this process is told by a signal, it is told, and as it stops and ends, so does this process.
/// Main thread only, one at a time. The child is a copy of this process (fork(2)), for what a program started by posix_spawn(3) cannot do.
package struct SupervisedProcess {
    package let id: Int32

    /// How a child ended.
    package enum End: Sendable, Equatable {
        case status(Int32)
        case signal(Int32)
    }

    /// Starts it: `body` runs in the child, which ends when it returns. It begins with the signals held; ``releaseSignals()`` before exec.
    /// The child gets SIGKILL when this process dies, from ``dieWithParent(_:)`` on.
    package init(_ body: (_ parent: Int32) -> Int32) throws(Errno) {
        _ = try check(rwv_hold_signals())
        let parent = CurrentProcess.id
        do throws(Errno) { id = try check(rwv_fork()) } catch {
            _ = rwv_release_signals()
            throw error
        }
        if id == 0 { CurrentProcess.exitNow(body(parent)) }
    }

    /// In the child: ends with its parent. Undone by a change of user or namespace.
    package static func dieWithParent(_ parent: Int32) {
        _ = rwv_parent_death_signal(SIGKILL)
        if CurrentProcess.parentID != parent { CurrentProcess.exitNow(1) }
    }

    /// Signals are as they were before the child was started.
    package static func releaseSignals() { _ = rwv_release_signals() }

    /// Waits until it ends, passing on signals that were sent to us. Those of the terminal reach it anyway. Signals stay held.
    package func supervise() throws(Errno) -> End {
        while true {
            var status: Int32 = 0, sender: Int32 = 0
            switch try check(unsafe rwv_child_news(id, &status)) {
            case 1:
                let signal = status & 0x7f
                return signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
            case 2:
                // Whoever waits for us is told; when we are to go on, so is it.
                _ = rwv_suffer((status >> 8) & 0xff)
                _ = rwv_kill(id, SIGCONT)
            default:
                let signal = try check(unsafe rwv_next_held_signal(&sender))
                if signal != SIGCHLD, sender != 0, sender != id { _ = rwv_kill(id, signal) }
            }
        }
    }

    /// Ends this process as the child ended. A signal's core is not written twice.
    package static func end(as end: End) -> Never {
        switch end {
        case .status(let status): CurrentProcess.exit(status)
        case .signal(let signal):
            _ = rwv_no_core()
            _ = rwv_suffer(signal)
            CurrentProcess.exitNow(128 + signal)
        }
    }
}
