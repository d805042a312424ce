internal import Layers
internal import Syscalls

/// The mapped base tables of a server, by key: workweaves on one base share one mapping, which goes with the last of them.
final class BaseTables: Sendable {
    private struct Entry {
        weak var table: BaseTable?
    }
    private let known = Locked<[String: Entry]>([:])

    /// The table of a base, from any of the links to its file.
    func table(_ key: String, path: String) throws(Errno) -> BaseTable {
        if let table = known.withLock({ $0[key]?.table }) { return table }
        let made = try BaseTable(path: path)
        return known.withLock { entries in
            if let table = entries[key]?.table { return table }
            entries = entries.filter { $0.value.table != nil }
            entries[key] = Entry(table: made)
            return made
        }
    }
}
