internal import CLinux

/// What is mounted where (/proc/self/mountinfo, proc(5)), seen without touching it. Any thread. The table is read again only when it has changed:
/// with a thousand workweaves mounted it is long, and it is asked for each of them.
package enum MountTable {
    /// The file system type of our mounts (FUSE option `subtype=weavefs`).
    package static let ours = "fuse.weavefs"

    /// The file system type of a place that is mounted on when it is first used (autofs(5), systemd.automount(5)).
    package static let onDemand = "autofs"

    package struct Entry: Sendable {
        package let path: String
        package let type: String
        /// Of our mounts: the weave.
        package let source: String
        package let isReadOnly: Bool
        /// The device's major and minor number, as "0:57".
        package let device: String
        /// What the file system itself says of how it was mounted.
        package let options: [String]

        /// Whether nobody answers for it any more. It must be the topmost at its path, which is touched.
        package var isDead: Bool { Files.isDead(path) }
    }

    /// The topmost mount at `path`; nil when nothing is mounted there.
    package static func find(_ path: String) -> Entry? { current { $0.byPath[path] } }

    /// The mount that `path`, canonical, lies in.
    package static func containing(_ path: String) -> Entry? {
        var best: Entry?
        for entry in all() where entry.path == path || entry.path == "/" || path.hasPrefix(entry.path + "/") {
            if entry.path.utf8.count >= best?.path.utf8.count ?? 0 { best = entry }
        }
        return best
    }

    /// What is mounted below a directory, whose path is canonical; or on it.
    package static func inside(_ path: String) -> [Entry] { all().filter { $0.path == path || $0.path.hasPrefix(path + "/") } }

    /// In the order of mounting.
    /// - Parameter process: who sees them; nil for ourselves.
    package static func all(of process: Int32? = nil) -> [Entry] { process.map { read("\($0)") } ?? current { $0.entries } }

    private struct Table {
        var entries: [Entry] = []
        /// The topmost of each place.
        var byPath: [String: Entry] = [:]
        /// Says when it has changed; nil when it cannot be opened.
        var file: FileDescriptor?
        /// Which process's, in case ours goes elsewhere (unshare(2), setns(2)).
        var namespace: String?
    }

    /// Our own table as it was read last. Its lock is a leaf; /proc is read under it.
    private static let known = Locked(Table())

    private static func current<R>(_ body: (Table) -> R) -> R {
        known.withLock { table in
            let namespace = (try? Files.readLink("/proc/self/ns/mnt")) ?? nil
            if let file = table.file, namespace == table.namespace, rwv_poll_changed(file.raw) == 0 { return body(table) }
            table.file?.close()
            // Opened before it is read: what changes in between is seen the next time.
            table.file = try? Files.open("/proc/self/mountinfo")
            table.namespace = namespace
            table.entries = read("self")
            table.byPath = Dictionary(table.entries.map { ($0.path, $0) }) { _, last in last }
            return body(table)
        }
    }

    /// As bytes: as text it would take several times as long.
    private static func read(_ process: String) -> [Entry] {
        guard let bytes = try? Files.read("/proc/\(process)/mountinfo") else { return [] }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 6, let dash = fields.firstIndex(of: [UInt8(ascii: "-")]), dash + 2 < fields.count else { return nil }
            return Entry(path: unescape(fields[4]), type: unescape(fields[dash + 1]), source: unescape(fields[dash + 2]),
                         isReadOnly: fields[5].split(separator: comma).contains(Array("ro".utf8)[...]), device: unescape(fields[2]),
                         options: dash + 3 < fields.count ? fields[dash + 3].split(separator: comma).map(unescape) : [])
        }
    }

    private static let comma = UInt8(ascii: ",")

    /// Undoes the octal escapes of mountinfo.
    private static func unescape(_ field: ArraySlice<UInt8>) -> String {
        guard field.contains(UInt8(ascii: "\\")) else { return String(decoding: field, as: UTF8.self) }
        var out: [UInt8] = []
        var rest = field
        while let c = rest.popFirst() {
            if c == UInt8(ascii: "\\"), rest.count >= 3, let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                out.append(value)
                rest = rest.dropFirst(3)
            } else { out.append(c) }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
