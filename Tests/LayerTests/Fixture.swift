import Git
import Layers
import Synchronization
import Syscalls
import Testing

/// What a lower holds, by path below the one repo that is attached at `repo`.
enum LowerItem {
    case file(String, mode: UInt32 = 0o644)
    case link(String)
    case directory
}

/// Blobs by number, as a repository would give them.
final class FakeBlobs: BlobSource {
    private let contents = Locked<[ObjectID: [UInt8]]>([:])
    func add(_ id: ObjectID, _ bytes: [UInt8]) { contents.withLock { $0[id] = bytes } }
    func read(_ blob: ObjectID, size: UInt64, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        guard let bytes = contents.withLock({ $0[blob] }) else { throw .io }
        let n = max(0, min(buffer.count, bytes.count - Int(offset)))
        for i in 0..<n { unsafe buffer[i] = bytes[Int(offset) + i] }
        return n
    }
}

/// A weave of one workweave with one repo, without a mount: an equal checkout in `lower/`, and an overlay over the same as a base.
final class Fixture {
    let directory: String
    let blobs = FakeBlobs()
    let tree: LowerTree
    let format: UpperFormat
    var overlay: Overlay
    let scratch = Scratch()
    static let time: Int64 = 1_700_000_000

    /// - Parameter format: nil: what the disk can hold.
    init(_ items: [String: LowerItem], format wanted: UpperFormat? = nil, isReadOnly: Bool = false) throws {
        directory = "/tmp/rwv-layer-tests.\(randomHex(8))"
        for d in ["", "/lower", "/lower/repo", "/upper", "/work"] { try Files.makeDirectory(directory + d) }
        let (table, _) = try Self.table(items, blobs, checkout: directory + "/lower/repo")
        let virtual = try Self.virtualTable()
        tree = LowerTree(workweave: 7, virtual: virtual, parts: [
            1: LowerPart(table: table, gitFile: [], blobs: blobs, converted: nil, isReadOnly: isReadOnly, attachment: 1),
        ])
        let work = try Files.open(directory + "/work", OpenFlags.directory)
        format = try wanted ?? UpperFormat.probe(in: work)
        work.close()
        overlay = try Overlay(lower: tree, directory: directory, format: format, files: DescriptorCache(capacity: 64), isInherited: false)
    }

    deinit { try? Files.removeTree(directory) }

    /// The server dies and another takes over.
    func restart() throws {
        overlay = try Overlay(lower: tree, directory: directory, format: format, files: DescriptorCache(capacity: 64), isInherited: true)
    }

    private static func virtualTable() throws -> BaseTable {
        var w = BaseTable.Writer(count: 2, seed: Array("virtual".utf8))
        let when = Timestamp(seconds: time, nanoseconds: 0)
        w.add(.init(name: [], parent: 0, mode: 0o040755, modified: when, firstChild: 1, childCount: 1))
        w.add(.init(name: Array("repo".utf8), parent: 0, mode: 0o040755, modified: when, flags: .attachment, content: 1))
        return try BaseTable(MappedFile(copying: w.finish(uid: CurrentProcess.userID, gid: CurrentProcess.groupID)))
    }

    /// The base, breadth first, and the checkout that it says is there.
    private static func table(_ items: [String: LowerItem], _ blobs: FakeBlobs, checkout: String) throws -> (BaseTable, Int) {
        var all = items
        for path in items.keys {
            var parts = path.split(separator: "/").dropLast()
            while !parts.isEmpty {
                if all[parts.joined(separator: "/")] == nil { all[parts.joined(separator: "/")] = .directory }
                parts = parts.dropLast()
            }
        }
        func children(_ of: String) -> [String] {
            all.keys.filter { k in of.isEmpty ? !k.contains("/") : k.hasPrefix(of + "/") && !k.dropFirst(of.count + 1).contains("/") }
                .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        }
        var queue: [(path: String, parent: UInt32)] = [("", 0)]
        var w = BaseTable.Writer(count: all.count + 1, seed: Array("repo".utf8))
        let when = Timestamp(seconds: time, nanoseconds: 5)
        var at = 0
        while at < queue.count {
            let (path, parent) = queue[at]
            var e = BaseTable.NewEntry(name: Array(path.split(separator: "/").last.map { Array($0.utf8) } ?? []), parent: parent, mode: 0o040755, modified: when)
            let full = checkout + "/" + path
            switch path.isEmpty ? .directory : all[path] ?? .directory {
            case .directory:
                let below = children(path)
                (e.firstChild, e.childCount) = (UInt32(queue.count), UInt32(below.count))
                queue += below.map { ($0, UInt32(at)) }
                if !path.isEmpty { try Files.makeDirectory(full, mode: 0o755) }
                try Files.setMode(full, 0o755)
            case .file(let text, let mode):
                (e.mode, e.size) = (0o100000 | mode, UInt64(text.utf8.count))
                e.object = ObjectID(high: UInt64(at) + 1, middle: 1, low: 1)
                blobs.add(e.object, Array(text.utf8))
                try Files.create(full, Array(text.utf8))
                try Files.setMode(full, mode)
            case .link(let target):
                (e.mode, e.size) = (0o120777, UInt64(target.utf8.count))
                e.object = ObjectID(high: UInt64(at) + 1, middle: 1, low: 1)
                blobs.add(e.object, Array(target.utf8))
                try Files.makeSymlink(full, target: target)
            }
            w.add(e)
            at += 1
        }
        for (path, _) in queue.reversed() { try Files.setTimes(checkout + "/" + path, access: when, modification: when) }
        return (try BaseTable(MappedFile(copying: w.finish(uid: CurrentProcess.userID, gid: CurrentProcess.groupID))), all.count)
    }
}
