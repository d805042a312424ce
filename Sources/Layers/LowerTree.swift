package import Git
package import Syscalls

/// One repo of a workweave's lower: its base and where its contents come from.
package struct LowerPart: Sendable {
    package let table: BaseTable
    /// What the `.git` file says, with its newline.
    package let gitFile: [UInt8]
    package let blobs: any BlobSource
    /// The converted files of the base, one after the other; nil when there are none.
    package let converted: SharedFile?
    /// A `reference` repo: nothing below its root can be changed (EROFS).
    package let isReadOnly: Bool
    /// The entry of the virtual tree at which the repo is attached.
    package let attachment: UInt32

    package init(table: BaseTable, gitFile: [UInt8], blobs: any BlobSource, converted: SharedFile?, isReadOnly: Bool, attachment: UInt32) {
        self.table = table
        self.gitFile = gitFile
        self.blobs = blobs
        self.converted = converted
        self.isReadOnly = isReadOnly
        self.attachment = attachment
    }
}

/// An open file with many users, closed when the last one goes.
package final class SharedFile: Sendable {
    package let descriptor: FileDescriptor
    package init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }
    deinit { descriptor.close() }

    /// Runs `body` with the descriptor, which stays open at least until it returns.
    func use<R, E: Error>(_ body: (FileDescriptor) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(descriptor)
    }
}

/// Gives the contents of git blobs. Safe to call from any thread.
package protocol BlobSource: AnyObject, Sendable {
    /// Fills `buffer` from `offset` of the blob, whose size in bytes is known; returns how many bytes it gave.
    /// - Throws: EIO when the object cannot be had.
    func read(_ blob: ObjectID, size: UInt64, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int
}

/// An entry of a composed lower: part 0 is the virtual tree, the others are repos.
package struct LowerEntry: Hashable, Sendable {
    package let part: UInt32
    package let entry: UInt32
}

/// What lies under a workweave's changes: virtual directories, and at their leaves one git tree per repo. Immutable.
package final class LowerTree: Sendable {
    package let workweave: UInt32
    private let virtual: BaseTable
    private let parts: [UInt32: LowerPart]
    /// When the workweave was made: the time of its virtual files.
    package init(workweave: UInt32, virtual: BaseTable, parts: [UInt32: LowerPart]) {
        self.workweave = workweave
        self.virtual = virtual
        self.parts = parts
    }

    package var root: NodeID { root(ofPart: 0) }
    /// The root of a repo.
    package func root(ofPart part: UInt32) -> NodeID { id(LowerEntry(part: part, entry: 0)) }

    @inline(__always)
    private func table(_ part: UInt32) -> BaseTable? { part == 0 ? virtual : parts[part]?.table }

    /// The entry that a node id names; nil when it is of another kind or unknown.
    package func resolve(_ id: NodeID) -> LowerEntry? {
        guard !id.isUpper, id.workweave == workweave, let t = table(id.part), let e = t.entry(low: id.low) else { return nil }
        return LowerEntry(part: id.part, entry: e)
    }

    package func id(_ e: LowerEntry) -> NodeID {
        NodeID(workweave: workweave, part: e.part, low: table(e.part)?.low(e.entry) ?? 0)
    }

    /// The directory an entry lies in; the root is its own parent.
    package func parent(_ e: LowerEntry) -> LowerEntry {
        if e.entry == 0, e.part != 0, let p = parts[e.part] { return LowerEntry(part: 0, entry: virtual.parent(p.attachment)) }
        return LowerEntry(part: e.part, entry: table(e.part)?.parent(e.entry) ?? 0)
    }

    package func withName<R, E: Error>(_ e: LowerEntry, _ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        if e.entry == 0, e.part != 0, let p = parts[e.part] { return try virtual.withName(p.attachment, body) }
        return try (table(e.part) ?? virtual).withName(e.entry, body)
    }

    /// Follows an attachment from the virtual tree into the repo.
    @inline(__always)
    private func attached(_ e: LowerEntry) -> LowerEntry {
        if e.part == 0, virtual.flags(e.entry).contains(.attachment) {
            return LowerEntry(part: UInt32(truncatingIfNeeded: virtual.contentOffset(e.entry)), entry: 0)
        }
        return e
    }

    package func child(_ directory: LowerEntry, _ name: Span<UInt8>) -> LowerEntry? {
        guard let t = table(directory.part), let e = t.child(directory.entry, name) else { return nil }
        return attached(LowerEntry(part: directory.part, entry: e))
    }

    package func childCount(_ directory: LowerEntry) -> Int { Int(table(directory.part)?.childCount(directory.entry) ?? 0) }

    /// The child number `index` (from 0) in name order.
    package func child(_ directory: LowerEntry, at index: Int) -> LowerEntry {
        let first = table(directory.part)?.firstChild(directory.entry) ?? 0
        return attached(LowerEntry(part: directory.part, entry: first + UInt32(index)))
    }

    package func isDirectory(_ e: LowerEntry) -> Bool { table(e.part)?.isDirectory(e.entry) ?? false }
    package func isReadOnly(_ e: LowerEntry) -> Bool { e.part != 0 && parts[e.part]?.isReadOnly ?? false }
    /// Whether it is a repo's `.git` file: all else of a repo is the same in every lower with that base.
    package func isGitFile(_ e: LowerEntry) -> Bool { table(e.part)?.flags(e.entry).contains(.gitFile) ?? false }

    package func mode(_ e: LowerEntry) -> UInt32 { table(e.part)?.mode(e.entry) ?? 0 }

    package func size(_ e: LowerEntry) -> UInt64 {
        guard let t = table(e.part) else { return 0 }
        if t.flags(e.entry).contains(.gitFile) { return UInt64(parts[e.part]?.gitFile.count ?? 0) }
        return t.size(e.entry)
    }

    /// Attributes as stat(2) shows them. Directories have one link, as those of overlayfs and btrfs.
    package func status(_ e: LowerEntry) -> FileStatus {
        var s = FileStatus()
        guard let t = table(e.part) else { return s }
        let when = t.modified(e.entry)
        s.ino = id(e).raw
        s.mode = t.mode(e.entry)
        s.nlink = 1
        s.uid = t.uid
        s.gid = t.gid
        s.size = t.isDirectory(e.entry) ? 4096 : size(e)
        s.blocks = (s.size + 511) / 512
        s.blksize = 4096
        (s.atime, s.mtime, s.ctime, s.btime) = (when.seconds, when.seconds, when.seconds, when.seconds)
        (s.atime_ns, s.mtime_ns, s.ctime_ns, s.btime_ns) = (when.nanoseconds, when.nanoseconds, when.nanoseconds, when.nanoseconds)
        return s
    }

    /// The path from the lower's root, for a redirect: "/a/b".
    package func path(_ e: LowerEntry) throws(Errno) -> [UInt8] {
        let buffer = PathBuffer()
        var at = e
        while !(at.part == 0 && at.entry == 0) {
            try withName(at) { n throws(Errno) in try buffer.prepend(n) }
            at = parent(at)
        }
        return [UInt8(ascii: "/")] + buffer.bytes
    }

    /// The entry at a path from the lower's root.
    package func find(path: Span<UInt8>) -> LowerEntry? {
        var at = LowerEntry(part: 0, entry: 0), start = 0
        for end in 0...path.count where end == path.count || path[end] == UInt8(ascii: "/") {
            if end > start {
                guard let next = child(at, path.extracting(start..<end)) else { return nil }
                at = next
            }
            start = end + 1
        }
        return at
    }

    /// Fills `buffer` with the entry's content from `offset` on; returns the number of bytes.
    /// - Throws: EIO when git cannot give the object.
    @safe package func read(_ e: LowerEntry, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        let total = Int64(size(e))
        guard offset >= 0, offset < total, let t = table(e.part) else { return 0 }
        let count = Int(min(Int64(buffer.count), total - offset))
        let wanted = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let flags = t.flags(e.entry)
        if flags.contains(.gitFile) {
            let text = parts[e.part]?.gitFile ?? []
            return unsafe copy(text.span, offset, wanted)
        }
        if flags.contains(.inline) { return t.inlineContent(e.entry) { unsafe copy($0, offset, wanted) } }
        guard let part = parts[e.part] else { throw .io }
        if flags.contains(.converted) {
            guard let file = part.converted else { throw .io }
            return try unsafe file.descriptor.read(at: t.contentOffset(e.entry) + offset, into: wanted)
        }
        return try unsafe part.blobs.read(t.object(e.entry), size: UInt64(total), at: offset, into: wanted)
    }

    private func copy(_ from: Span<UInt8>, _ offset: Int64, _ to: UnsafeMutableRawBufferPointer) -> Int {
        unsafe from.withUnsafeBytes { p in
            let n = max(0, min(to.count, p.count - Int(offset)))
            if n > 0 { unsafe to.copyMemory(from: UnsafeRawBufferPointer(rebasing: p[Int(offset)..<(Int(offset) + n)])) }
            return n
        }
    }

    /// The whole content; for links and small files.
    package func content(_ e: LowerEntry) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(size(e))) { p, n in
            do throws(Errno) { n = try read(e, at: 0, into: UnsafeMutableRawBufferPointer(p)) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
