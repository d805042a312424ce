package import Git
package import Syscalls

/// A tree of files as the view shows it, in one flat block: a repo's base (mapped from its file) or a workweave's virtual
/// directories (made in memory). Immutable; safe to read from any thread. The format is documented in docs/on-disk-format.md.
///
/// Entry 0 is the root directory. The children of a directory are contiguous and sorted bytewise by name.
package final class BaseTable: Sendable {
    /// What an entry is beyond its mode.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// The `.git` file of a worktree: size and content are the view's.
        package static let gitFile = Flags(rawValue: 1)
        /// Converted on checkout: the content lies in the base's content file, at `contentOffset`.
        package static let converted = Flags(rawValue: 2)
        /// The content lies in this very block, at `contentOffset`.
        package static let inline = Flags(rawValue: 4)
        /// A directory where part number `contentOffset` of the view is attached.
        package static let attachment = Flags(rawValue: 8)
        /// A submodule: an empty directory.
        package static let submodule = Flags(rawValue: 16)
    }

    enum Layout {
        static let magic: [UInt8] = Array("RWVBASE1".utf8)
        static let header = 128
        static let entry = 80
        // Header fields.
        static let entryCount = 8, hashMask = 12, names = 16, hash = 24, total = 32
        static let uid = 40, gid = 44, indexSize = 48, indexSeconds = 56, indexNanoseconds = 64, key = 72
        // Entry fields.
        static let oid = 0, mode = 20, size = 24, seconds = 32, nanoseconds = 40, ino = 44
        static let nameOffset = 48, nameLength = 52, flags = 54, parent = 56, firstChild = 60, childCount = 64, content = 72
    }

    private let memory: MappedFile
    package let count: Int
    private let names: Int
    private let hash: Int
    private let hashMask: UInt32
    package let uid: UInt32
    package let gid: UInt32

    /// - Throws: EINVAL when the block is not of this format or is cut short.
    package init(_ memory: MappedFile) throws(Errno) {
        self.memory = memory
        let isOurs = memory.withBytes(0, 8) { $0.array == Layout.magic }
        guard isOurs, memory.u64(Layout.total) == UInt64(memory.count) else { throw .invalid }
        count = Int(memory.u32(Layout.entryCount))
        names = Int(memory.u64(Layout.names))
        hash = Int(memory.u64(Layout.hash))
        hashMask = memory.u32(Layout.hashMask)
        uid = memory.u32(Layout.uid)
        gid = memory.u32(Layout.gid)
        guard count > 0, Layout.header + count * Layout.entry <= names, names <= hash,
              hash + (Int(hashMask) + 1) * 4 <= memory.count else { throw .invalid }
    }

    /// The 32-byte key that the base was built for.
    package var key: [UInt8] { memory.withBytes(Layout.key, 32) { $0.array } }
    /// Size and modification time of the git index that was written together with this table.
    package var index: (size: UInt64, modified: Timestamp) {
        (memory.u64(Layout.indexSize),
         Timestamp(seconds: memory.i64(Layout.indexSeconds), nanoseconds: memory.u32(Layout.indexNanoseconds)))
    }

    @inline(__always) private func at(_ entry: UInt32) -> Int { Layout.header + Int(entry) * Layout.entry }

    package func mode(_ e: UInt32) -> UInt32 { memory.u32(at(e) + Layout.mode) }
    package func size(_ e: UInt32) -> UInt64 { memory.u64(at(e) + Layout.size) }
    package func low(_ e: UInt32) -> UInt32 { memory.u32(at(e) + Layout.ino) }
    package func parent(_ e: UInt32) -> UInt32 { memory.u32(at(e) + Layout.parent) }
    package func firstChild(_ e: UInt32) -> UInt32 { memory.u32(at(e) + Layout.firstChild) }
    package func childCount(_ e: UInt32) -> UInt32 { memory.u32(at(e) + Layout.childCount) }
    package func flags(_ e: UInt32) -> Flags { Flags(rawValue: memory.u16(at(e) + Layout.flags)) }
    package func contentOffset(_ e: UInt32) -> Int64 { memory.i64(at(e) + Layout.content) }
    package func isDirectory(_ e: UInt32) -> Bool { mode(e) & FileType.mask == FileType.directory.rawValue }
    package func modified(_ e: UInt32) -> Timestamp {
        Timestamp(seconds: memory.i64(at(e) + Layout.seconds), nanoseconds: memory.u32(at(e) + Layout.nanoseconds))
    }
    package func object(_ e: UInt32) -> ObjectID {
        let a = at(e)
        return ObjectID(high: memory.u64(a).byteSwapped, middle: memory.u64(a + 8).byteSwapped, low: memory.u32(a + 16).byteSwapped)
    }
    package func withName<R, E: Error>(_ e: UInt32, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        let a = at(e)
        return try memory.withBytes(names + Int(memory.u32(a + Layout.nameOffset)), Int(memory.u16(a + Layout.nameLength)), body)
    }
    /// The content of an ``Flags/inline`` entry.
    package func inlineContent<R, E: Error>(_ e: UInt32, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try memory.withBytes(Int(contentOffset(e)), Int(size(e)), body)
    }

    /// The entry `name` of directory `directory`: a binary search.
    package func child(_ directory: UInt32, _ name: Span<UInt8>) -> UInt32? {
        var low = firstChild(directory)
        var high = low + childCount(directory)
        while low < high {
            let middle = low + (high - low) / 2
            let a = at(middle)
            let order = memory.compare(names + Int(memory.u32(a + Layout.nameOffset)), Int(memory.u16(a + Layout.nameLength)), with: name)
            if order == 0 { return middle }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The entry with this low half of an inode number: a hash look-up.
    package func entry(low: UInt32) -> UInt32? {
        var slot = low & hashMask
        for _ in 0...hashMask {
            let e = memory.u32(hash + Int(slot) * 4)
            if e == 0 { return nil }
            if self.low(e - 1) == low { return e - 1 }
            slot = (slot &+ 1) & hashMask
        }
        return nil
    }
}
