package import Syscalls

/// The nodes of a project mount as a file, so that a successor of a killed server knows the node ids that the kernel holds. Written with
/// write(2) before the kernel hears of a node; never synced, since it is worth nothing after a reboot. A node that could not be written
/// is one that a successor answers ESTALE for.
package final class NodeJournal: @unchecked Sendable {
    /// One record: a root's path in the weave, a node's last known place, or a name that the kernel was told there is nothing at.
    enum Record {
        case root(index: UInt16, path: [UInt8])
        case node(id: UInt64, root: UInt16, ino: UInt64, generation: UInt32, isDirectory: Bool, parent: UInt64, name: [UInt8])
        case absent(parent: UInt64, name: [UInt8])
    }

    private let path: String
    private let file: FileDescriptor
    /// Bytes in the file. Guarded by `Passthrough.table`, as the order of records is.
    private(set) var size = 0

    /// - Parameter isInherited: go on with what a predecessor wrote; else begin anew.
    package init(path: String, isInherited: Bool) throws(Errno) {
        self.path = path
        let flags = OpenFlags.readWrite | OpenFlags.create | OpenFlags.append
        file = try Files.open(path, isInherited ? flags : flags | OpenFlags.truncate, mode: 0o600)
    }

    deinit { file.close() }

    /// What is in the file, in order. A record that was cut off ends it.
    func read() -> [Record] {
        guard let bytes = try? file.readAll() else { return [] }
        size = bytes.count
        var all: [Record] = []
        var at = 0
        while let record = Self.decode(bytes, &at) { all.append(record) }
        return all
    }

    /// Appends records with one write.
    func append(_ bytes: [UInt8]) {
        if bytes.isEmpty { return }
        if (try? file.writeAll(bytes)) != nil { size += bytes.count }
    }

    /// Starts over with these records only.
    func rewrite(_ bytes: [UInt8]) {
        guard (try? file.truncate(to: 0)) != nil else { return }
        size = 0
        append(bytes)
    }

    // Kind, then numbers of fixed length, the length of the text in two bytes, the text.
    static func encode(_ record: Record, to bytes: inout [UInt8]) {
        switch record {
        case .root(let index, let path):
            bytes.append(1)
            put(UInt64(index), 2, &bytes)
            text(path, &bytes)
        case .node(let id, let root, let ino, let generation, let isDirectory, let parent, let name):
            bytes.append(isDirectory ? 3 : 2)
            put(id, 8, &bytes)
            put(UInt64(root), 2, &bytes)
            put(ino, 8, &bytes)
            put(UInt64(generation), 4, &bytes)
            put(parent, 8, &bytes)
            text(name, &bytes)
        case .absent(let parent, let name):
            bytes.append(4)
            put(parent, 8, &bytes)
            text(name, &bytes)
        }
    }

    private static func put(_ value: UInt64, _ count: Int, _ bytes: inout [UInt8]) {
        for i in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * i))) }
    }

    private static func text(_ text: [UInt8], _ bytes: inout [UInt8]) {
        put(UInt64(text.count), 2, &bytes)
        bytes += text
    }

    private static func decode(_ bytes: [UInt8], _ at: inout Int) -> Record? {
        func number(_ count: Int) -> UInt64? {
            guard at + count <= bytes.count else { return nil }
            defer { at += count }
            return (0..<count).reduce(0) { $0 | UInt64(bytes[at + $1]) << UInt64(8 * $1) }
        }
        func text() -> [UInt8]? {
            guard let count = number(2), at + Int(count) <= bytes.count else { return nil }
            defer { at += Int(count) }
            return Array(bytes[at..<at + Int(count)])
        }
        guard let kind = number(1) else { return nil }
        switch kind {
        case 1:
            guard let index = number(2), let path = text() else { return nil }
            return .root(index: UInt16(index), path: path)
        case 2, 3:
            guard let id = number(8), let root = number(2), let ino = number(8), let generation = number(4), let parent = number(8), let name = text() else { return nil }
            return .node(id: id, root: UInt16(root), ino: ino, generation: UInt32(generation), isDirectory: kind == 3, parent: parent, name: name)
        case 4:
            guard let parent = number(8), let name = text() else { return nil }
            return .absent(parent: parent, name: name)
        default: return nil
        }
    }
}
