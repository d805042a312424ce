internal import Syscalls

/// Names that there is nothing at, in followed directories: programs ask for many (git for a .gitignore in each directory), and the kernel may keep
/// the answer until we tell it otherwise. They are remembered, so that it can be told even when it is not known which of them are there now.
extension Passthrough {
    /// How many are remembered, of all directories.
    private static let mostAbsent = 100_000

    /// Notes that the kernel is about to be told that there is nothing at `name`. - Returns: whether somebody will tell when that is no longer so.
    package func noteAbsent(_ directory: UInt64, _ name: Span<UInt8>) -> Bool {
        guard let node = try? node(directory) else { return false }
        let bytes = name.array
        return table.withLock {
            guard node.watch > 0, absentCount < Self.mostAbsent else { return false }
            guard addAbsent(bytes, node), let journal else { return true }
            var record: [UInt8] = []
            NodeJournal.encode(.absent(parent: node.id, name: bytes), to: &record)
            journal.append(record)
            return true
        }
    }

    /// The kernel knows that something has come to be at `name`.
    package func noteThere(_ directory: UInt64, _ name: Span<UInt8>) {
        guard let node = try? node(directory) else { return }
        let bytes = name.array
        table.withLock { _ = removeAbsent(bytes, node) }
    }

    // All of these under `table`.

    /// - Returns: whether it was not remembered before.
    func addAbsent(_ name: [UInt8], _ node: PassthroughNode) -> Bool {
        guard node.absent.insert(name).inserted else { return false }
        absentCount += 1
        return true
    }

    /// - Returns: whether it was remembered.
    func removeAbsent(_ name: [UInt8], _ node: PassthroughNode) -> Bool {
        guard node.absent.remove(name) != nil else { return false }
        absentCount -= 1
        return true
    }

    func dropAbsent(_ node: PassthroughNode) {
        absentCount -= node.absent.count
        node.absent = []
    }

    /// What the kernel has to be told of all of a directory's, which are forgotten thereby.
    func tellAbsent(_ node: PassthroughNode) -> [PassthroughChange] {
        defer { dropAbsent(node) }
        return node.absent.map { .name($0, in: node.id) }
    }
}
