internal import Syscalls

/// Open files of upper directories, by node id, kept for the next read or write (zero-message open gives no handles).
/// Bounded, least recently used goes first (second chance). Safe to use from any thread; its lock is a leaf.
package final class DescriptorCache: @unchecked Sendable {
    private struct Slot {
        var key: UInt64 = 0
        var file = FileDescriptor(raw: -1)
        var pins: Int32 = 0
        var wasUsed = false
        /// To be closed when the last user lets go.
        var isDoomed = false
    }

    private let lock = Lock()
    private var slots: [Slot]
    private var index: [UInt64: Int] = [:]
    private var hand = 0

    package init(capacity: Int) {
        slots = [Slot](repeating: Slot(), count: max(8, capacity))
        index.reserveCapacity(capacity * 2)
    }

    deinit { for s in slots where s.file.raw >= 0 { s.file.close() } }

    /// Runs `body` with the file of `key`, opened by `open` when it is not there. The file stays open at least until `body` returns.
    func with<R>(_ key: UInt64, open: () throws(Errno) -> FileDescriptor, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        if let (i, file) = acquire(key) {
            defer { release(i) }
            return try body(file)
        }
        let file = try open()
        guard let i = insert(key, file) else {
            defer { file.close() }
            return try body(file)
        }
        defer { release(i) }
        return try body(file)
    }

    private func acquire(_ key: UInt64) -> (Int, FileDescriptor)? {
        lock.withLock {
            guard let i = index[key] else { return nil }
            slots[i].pins += 1
            slots[i].wasUsed = true
            return (i, slots[i].file)
        }
    }

    /// Nil when every slot is in use.
    private func insert(_ key: UInt64, _ file: FileDescriptor) -> Int? {
        var evicted: FileDescriptor?
        let place = lock.withLock { () -> Int? in
            if index[key] != nil { return nil }
            for _ in 0..<(slots.count * 2) {
                hand = (hand + 1) % slots.count
                if slots[hand].pins > 0 { continue }
                if slots[hand].wasUsed { slots[hand].wasUsed = false; continue }
                if slots[hand].file.raw >= 0 {
                    evicted = slots[hand].file
                    if index[slots[hand].key] == hand { index[slots[hand].key] = nil }
                }
                slots[hand] = Slot(key: key, file: file, pins: 1, wasUsed: true)
                index[key] = hand
                return hand
            }
            return nil
        }
        evicted?.close()
        return place
    }

    private func release(_ i: Int) {
        let closing = lock.withLock { () -> FileDescriptor? in
            slots[i].pins -= 1
            guard slots[i].isDoomed, slots[i].pins == 0 else { return nil }
            let f = slots[i].file
            slots[i] = Slot()
            return f
        }
        closing?.close()
    }


    /// Forgets the files of all keys that satisfy `match`.
    package func drop(where match: (UInt64) -> Bool) {
        let keys = lock.withLock { index.keys.filter(match) }
        for k in keys { drop(exactly: k) }
    }


    /// Forgets the file of a node.
    func drop(exactly key: UInt64) {
        let closing = lock.withLock { () -> FileDescriptor? in
            guard let i = index.removeValue(forKey: key) else { return nil }
            if slots[i].pins > 0 {
                slots[i].isDoomed = true
                return nil
            }
            let f = slots[i].file
            slots[i] = Slot()
            return f
        }
        closing?.close()
    }
}
