internal import Synchronization

/// How many requests of each kind a mount has served since its server started. Any thread.
package final class Counters: Sendable {
    package enum Operation: Int, CaseIterable, Sendable {
        case lookup, forget, getattr, setattr, readlink, mknod, mkdir, symlink, unlink, rmdir, rename, link, read, write, fsync
        case readdir, statfs, getxattr, setxattr, listxattr, removexattr, fallocate, copyFileRange, lseek, getlk, setlk, flock
    }

    private let cells: [CellBox]
    private final class CellBox: Sendable { let value = Atomic<UInt64>(0) }

    package init() { cells = Operation.allCases.map { _ in CellBox() } }

    package func count(_ operation: Operation) { cells[operation.rawValue].value.add(1, ordering: .relaxed) }

    /// All of them, by name.
    package var values: [(name: String, count: UInt64)] {
        Operation.allCases.map { (String(describing: $0), cells[$0.rawValue].value.load(ordering: .relaxed)) }
    }
}
