internal import Syscalls

/// What a git index records of a file beside its name and object, as lstat(2) would give it.
package struct IndexStat: Sendable, Hashable {
    /// Seconds and nanoseconds; git stores the low 32 bits.
    package var mtimeSeconds: Int64, mtimeNanoseconds: UInt32
    package var ctimeSeconds: Int64, ctimeNanoseconds: UInt32
    /// The low 32 bits of st_dev (git does not compare it) and st_ino.
    package var device: UInt32, inode: UInt32
    package var uid: UInt32, gid: UInt32
    /// The low 32 bits of the size in bytes of what is checked out.
    package var size: UInt32

    package init(mtimeSeconds: Int64, mtimeNanoseconds: UInt32, ctimeSeconds: Int64, ctimeNanoseconds: UInt32,
                 device: UInt32 = 0, inode: UInt32, uid: UInt32, gid: UInt32, size: UInt32) {
        self.mtimeSeconds = mtimeSeconds
        self.mtimeNanoseconds = mtimeNanoseconds
        self.ctimeSeconds = ctimeSeconds
        self.ctimeNanoseconds = ctimeNanoseconds
        self.device = device
        self.inode = inode
        self.uid = uid
        self.gid = gid
        self.size = size
    }
}

/// The git index of a clean checkout, made without a checkout (git's Documentation/gitformat-index.txt).
package enum IndexFile {
    /// Writes the index of `listing` with exactly the stat data given, and the TREE extension, so that `git status` compares
    /// one object id with HEAD. Version 2, or 3 when an entry is skip-worktree. Atomic (rename(2)); mode 0666 & ~umask.
    /// Not synced to the disk: it can be made again.
    /// - Parameters:
    ///   - stat: called for each entry of ``TreeListing/fileOrder``, in that order, with the entry's index.
    ///   - skipWorktree: whether a sparse checkout leaves the entry out.
    package static func write(to path: String, _ listing: TreeListing, stat: (_ entry: Int) -> IndexStat,
                              skipWorktree: (_ entry: Int) -> Bool = { _ in false }) throws(GitError) {
        let bytes = contents(listing, stat: stat, skipWorktree: skipWorktree)
        try onDisk("cannot write the index \(path)") { () throws(Errno) in
            try Files.writeAtomically(path, bytes, mode: 0o666, durable: false)
        }
    }

    /// The bytes that ``write(to:_:stat:skipWorktree:)`` writes.
    package static func contents(_ listing: TreeListing, stat: (_ entry: Int) -> IndexStat,
                                 skipWorktree: (_ entry: Int) -> Bool = { _ in false }) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(64 + listing.fileCount * 112)
        var extended = false
        out += Array("DIRC".utf8)
        append(UInt32(2), to: &out)
        append(UInt32(listing.fileCount), to: &out)
        listing.forEachFile { _, index, path in
            let skipped = skipWorktree(index)
            extended = extended || skipped
            appendEntry(listing.entries[index], path, stat(index), skipped, to: &out)
        }
        if extended { out[7] = 3 }
        let tree = cacheTree(listing)
        out += Array("TREE".utf8)
        append(UInt32(tree.count), to: &out)
        out += tree
        out += unsafe out.withUnsafeBytes { p in unsafe SHA1.hash(p) }
        return out
    }

    /// Whether the file is an index whose checksum is right.
    package static func isIntact(_ path: String) throws(GitError) -> Bool {
        let bytes = try onDisk("cannot read the index \(path)") { () throws(Errno) in try Files.read(path) }
        guard bytes.count >= 32, bytes.starts(with: Array("DIRC".utf8)) else { return false }
        let hash = unsafe bytes.withUnsafeBytes { p in unsafe SHA1.hash(UnsafeRawBufferPointer(rebasing: p.dropLast(20))) }
        return bytes.suffix(20).elementsEqual(hash)
    }

    private static func append(_ value: UInt32, to out: inout [UInt8]) {
        unsafe withUnsafeBytes(of: value.bigEndian) { p in unsafe out.append(contentsOf: p) }
    }

    private static func appendEntry(_ entry: TreeListing.Entry, _ path: borrowing [UInt8], _ stat: IndexStat, _ skipped: Bool,
                                    to out: inout [UInt8]) {
        let start = out.count
        let id = entry.oid
        let words: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
            pair(UInt32(truncatingIfNeeded: stat.ctimeSeconds), stat.ctimeNanoseconds),
            pair(UInt32(truncatingIfNeeded: stat.mtimeSeconds), stat.mtimeNanoseconds),
            pair(stat.device, stat.inode), pair(entry.mode, stat.uid), pair(stat.gid, stat.size))
        unsafe withUnsafeBytes(of: words) { p in unsafe out.append(contentsOf: p) }
        unsafe id.withBytes { p in unsafe out.append(contentsOf: p) }
        let flags = UInt16(min(path.count, 0xfff)) | (skipped ? 0x4000 : 0)
        out.append(UInt8(flags >> 8))
        out.append(UInt8(flags & 0xff))
        if skipped { out.append(0x40); out.append(0) }
        out.append(contentsOf: copy path)
        let padding = 8 - (out.count - start) % 8
        for _ in 0..<padding { out.append(0) }
    }

    @inline(__always)
    private static func pair(_ first: UInt32, _ second: UInt32) -> UInt64 { (UInt64(first) << 32 | UInt64(second)).bigEndian }

    /// The TREE extension: for each directory, depth first, its name, a zero, "FILES SUBDIRECTORIES\n" and its tree's id.
    private static func cacheTree(_ listing: TreeListing) -> [UInt8] {
        // Entries come after their directory, so sums are complete when walked backwards.
        var files = [UInt32](repeating: 0, count: listing.entries.count)
        var directories = files
        for i in listing.entries.indices.dropFirst().reversed() {
            let entry = listing.entries[i]
            files[Int(entry.parent)] += entry.isDirectory ? files[i] : 1
            if entry.isDirectory { directories[Int(entry.parent)] += 1 }
        }
        var out: [UInt8] = []
        var stack = [0]
        while let i = stack.popLast() {
            out += listing.name(i)
            out.append(0)
            out += Array("\(files[i]) \(directories[i])\n".utf8)
            unsafe listing.entries[i].oid.withBytes { p in unsafe out.append(contentsOf: p) }
            if directories[i] > 0 {
                for child in listing.entries[i].children.reversed() where listing.entries[child].isDirectory { stack.append(child) }
            }
        }
        return out
    }
}
