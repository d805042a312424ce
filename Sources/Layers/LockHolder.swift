internal import Syscalls

/// Who stands behind a lock: the open file that it was taken with, or where we may not lay hands on that, the descriptors it may be.
/// The kernel does not say when a file is closed with a lock on it, where opening sends no messages.
struct LockHolder {
    /// The very open file, which stays open with it; see ``FileLocks`` for where it may be closed.
    let witness: SharedFile?
    /// The descriptors that were behind the lock when it was looked last.
    var entries: Set<ProcessFiles.Entry>
    /// The process that took it.
    let pid: Int32
    let ino: UInt64
    /// Whether it goes with the open file, whoever has that, not with the process.
    let belongsToFile: Bool

    /// Looks who asks for a lock. He waits for the answer meanwhile.
    init(_ wanted: RangeLock, ino: UInt64, device: String, isWhole: Bool) {
        pid = wanted.pid
        self.ino = ino
        let call = ProcessFiles.arguments(ofThread: wanted.thread)
        // One of F_OFD_SETLK and F_OFD_SETLKW belongs to the open file too.
        let isWhole = isWhole || call.map { [37, 38].contains($0.1) } ?? false
        belongsToFile = isWhole
        var found = Set(ProcessFiles.having(ino, on: device, pid: wanted.pid) ?? [])
        if let number = call?.0, let exact = found.first(where: { $0.number == number }) { found = [exact] }
        witness = found.count == 1 ? found.first.flatMap { try? ProcessFiles.copy($0) }.map { SharedFile($0) } : nil
        if witness == nil, isWhole {
            // A shell, whose child takes a lock on its descriptor.
            let numbers = Set(found.map(\.number))
            var at = wanted.pid
            while let parent = ProcessFiles.parent(of: at), parent > 1 {
                found.formUnion((ProcessFiles.having(ino, on: device, pid: parent) ?? []).filter { numbers.contains($0.number) })
                at = parent
            }
        }
        entries = found
    }

    /// Looks again. False when nobody stands behind the lock any more.
    /// - Parameter notMine: descriptors that are known to stand behind another lock.
    mutating func isAlive(_ device: String, notMine: Set<ProcessFiles.Entry>) -> Bool {
        guard !entries.isEmpty else { return Subprocess.exists(pid) }
        if let witness { return isAlive(witness, device) }
        let mine = entries.subtracting(notMine)
        let alive = mine.filter { ProcessFiles.entry($0.pid, $0.number) == $0 }
        // An fcntl lock goes when its process closes any of its descriptors of the file.
        if !belongsToFile { return alive.count == mine.count }
        if alive.isEmpty {
            // Children that were given the descriptor and outlived who had it.
            let numbers = Set(mine.map(\.number))
            entries = Set(ProcessFiles.all.flatMap { ProcessFiles.having(ino, on: device, pid: $0) ?? [] }.filter { numbers.contains($0.number) && !notMine.contains($0) })
        } else { entries = alive }
        return !entries.isEmpty
    }

    private mutating func isAlive(_ witness: SharedFile, _ device: String) -> Bool {
        witness.use { file in
            if entries.contains(where: { ProcessFiles.isSame(file, $0.pid, $0.number) }) { return true }
            guard belongsToFile else { return false }
            let own = CurrentProcess.id
            let found = ProcessFiles.all.filter { $0 != own }.flatMap { ProcessFiles.having(ino, on: device, pid: $0) ?? [] }
                .first { ProcessFiles.isSame(file, $0.pid, $0.number) }
            if let found { entries = [found] }
            return found != nil
        }
    }
}
