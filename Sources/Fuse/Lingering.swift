internal import Synchronization
internal import Syscalls

/// One worker at a time looks for the next request for a moment before it goes to sleep: to be woken takes as long as the kernel's round trip
/// itself, twice as long where an idle processor has been given back to a hypervisor, and programs ask one thing after the other.
/// Only while a processor would be idle otherwise, and while it pays. Shared by the workers of a pool.
final class Lingering: Sendable {
    /// How long to look, in ns.
    private static let patience: Int64 = 50_000
    /// How long the answer to ``isMachineBusy`` is believed, in ns.
    private static let belief: Int64 = 5_000_000
    /// Bounds of ``credit``.
    private static let most = 8, least = -64

    private let isTaken = Atomic<Bool>(false)
    /// What it has brought of late: one for each request that came in time, minus four for each that did not. Below zero it is left
    /// alone that many times.
    private let credit = Atomic<Int>(most)
    private let lookedAt = Atomic<Int64>(0)
    private let wasBusy = Atomic<Bool>(false)
    /// Nil where the system does not tell how many threads run.
    private let load = try? Files.open("/proc/loadavg", OpenFlags.readOnly)

    deinit { load?.close() }

    /// Waits for a request and answers it. False when none came soon.
    func serveNext(_ session: Session, _ worker: Worker) -> Bool {
        guard !isTaken.exchange(true, ordering: .acquiring) else { return false }
        defer { isTaken.store(false, ordering: .releasing) }
        let before = credit.load(ordering: .relaxed)
        if before < 0 {
            credit.store(before + 1, ordering: .relaxed)
            return false
        }
        let start = monotonicNanoseconds()
        if isMachineBusy(start) { return false }
        repeat {
            if worker.serveOne(session) {
                credit.store(min(Self.most, before + 1), ordering: .relaxed)
                return true
            }
        } while monotonicNanoseconds() - start < Self.patience
        credit.store(before < 4 ? Self.least : before - 4, ordering: .relaxed)
        return false
    }

    /// Whether more threads run than there are processors (proc_loadavg(5), fourth field); one of them is this.
    private func isMachineBusy(_ now: Int64) -> Bool {
        guard let load else { return true }
        if now - lookedAt.load(ordering: .relaxed) < Self.belief { return wasBusy.load(ordering: .relaxed) }
        var text = [UInt8](repeating: 0, count: 64)
        let count = unsafe text.withUnsafeMutableBytes { p in unsafe (try? load.read(at: 0, into: p)) ?? 0 }
        let fields = text.prefix(count).split(separator: UInt8(ascii: " "))
        let running = fields.count > 3 ? fields[3].prefix { $0 != UInt8(ascii: "/") }.reduce(0) { $0 * 10 + Int($1) - 48 } : Int.max
        let isBusy = running > Self.processors
        lookedAt.store(now, ordering: .relaxed)
        wasBusy.store(isBusy, ordering: .relaxed)
        return isBusy
    }

    private static let processors = CurrentProcess.processorCount
}
