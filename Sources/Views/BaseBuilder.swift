internal import Git
internal import Layers
internal import Syscalls

/// Makes a base: metadata and git index, from one pass over one tree, so that they cannot disagree.
struct BaseBuilder {
    /// What shapes the checkout beside the tree.
    struct Settings {
        let umask: UInt32
        let uid: UInt32
        let gid: UInt32
        /// Files that git writes otherwise than the blob says: the size on disk, and where that lies in the content file.
        var converted: [Int: (size: UInt64, offset: Int64)] = [:]
        /// Entries that a sparse checkout leaves out.
        var skipped: Set<Int> = []
        /// Links are checked out as files (core.symlinks=false).
        var linksAreFiles = false
    }

    let listing: TreeListing
    let sizes: [UInt64]
    let settings: Settings
    /// Seconds: of every entry. Never later than two seconds before the index is written, so that no entry is racy.
    let time: Int64

    /// An entry's time: the same for equal objects, told apart by nanoseconds where contents differ.
    func modified(_ i: Int) -> Timestamp {
        Timestamp(seconds: time, nanoseconds: listing.entries[i].oid.low % 1_000_000_000)
    }

    func mode(_ i: Int) -> UInt32 {
        let e = listing.entries[i]
        if e.isDirectory || e.isGitlink { return FileType.directory.rawValue | (0o777 & ~settings.umask) }
        if e.isSymlink, !settings.linksAreFiles { return FileType.symlink.rawValue | 0o777 }
        let executable = e.mode & 0o111 != 0 && e.isFile
        return FileType.regular.rawValue | ((executable ? 0o777 : 0o666) & ~settings.umask)
    }

    func size(_ i: Int) -> UInt64 { settings.converted[i]?.size ?? sizes[i] }

    /// The metadata block without the index's size and time, and the inode numbers of the listing's entries.
    func table(seed: [UInt8], key: [UInt8]) -> (finish: (_ indexSize: UInt64, _ indexModified: Timestamp) -> [UInt8], lows: [UInt32]) {
        let kept = keptEntries()
        let gitFile = Array(".git".utf8)
        // The place of `.git` among the root's children.
        let before = listing.entries[0].children.filter { kept[$0] && listing.name($0).lexicographicallyPrecedes(gitFile) }.count
        var numbers = [UInt32](repeating: 0, count: listing.entries.count)
        var next: UInt32 = 0
        for i in listing.entries.indices where kept[i] {
            if next == UInt32(before + 1), i > 0 { next += 1 }
            numbers[i] = next
            next += 1
        }
        let count = kept.lazy.filter { $0 }.count + 1
        var lows = [UInt32](repeating: 0, count: listing.entries.count)
        var writer = BaseTable.Writer(count: count, seed: seed)
        var written = 0
        func addGitFile() {
            writer.add(.init(name: gitFile, parent: 0, mode: FileType.regular.rawValue | (0o666 & ~settings.umask),
                             modified: Timestamp(seconds: time, nanoseconds: 0), flags: .gitFile))
            written += 1
        }
        for i in listing.entries.indices where kept[i] {
            if written == before + 1 { addGitFile() }
            let e = listing.entries[i]
            let children = e.isDirectory ? e.children.filter { kept[$0] } : []
            var first = children.first.map { numbers[$0] } ?? 0
            var childCount = UInt32(children.count)
            if i == 0 {
                childCount += 1
                first = 1
            }
            var flags: BaseTable.Flags = e.isGitlink ? .submodule : []
            if settings.converted[i] != nil { flags.insert(.converted) }
            lows[i] = writer.add(.init(name: Array(listing.name(i)), parent: i == 0 ? 0 : numbers[Int(e.parent)], mode: mode(i),
                                       size: e.isGitlink ? 0 : size(i), modified: modified(i), object: e.oid, flags: flags,
                                       content: settings.converted[i]?.offset ?? 0, firstChild: first, childCount: childCount))
            written += 1
        }
        if written == before + 1, written < count { addGitFile() }
        let (uid, gid) = (settings.uid, settings.gid)
        let finished = writer
        return ({ size, modified in finished.finish(uid: uid, gid: gid, key: key, indexSize: size, indexModified: modified) }, lows)
    }

    /// Every entry that is checked out: not skipped, and directories that hold one.
    private func keptEntries() -> [Bool] {
        var kept = [Bool](repeating: settings.skipped.isEmpty, count: listing.entries.count)
        kept[0] = true
        if settings.skipped.isEmpty { return kept }
        for f in listing.fileOrder where !settings.skipped.contains(Int(f)) {
            var at = Int(f)
            while !kept[at] {
                kept[at] = true
                at = Int(listing.entries[at].parent)
            }
        }
        return kept
    }

    /// What the index says of an entry: exactly what the view's lstat(2) will.
    func stat(_ i: Int, _ low: UInt32) -> IndexStat {
        let when = modified(i)
        let e = listing.entries[i]
        return IndexStat(mtimeSeconds: when.seconds, mtimeNanoseconds: when.nanoseconds, ctimeSeconds: when.seconds, ctimeNanoseconds: when.nanoseconds,
                         inode: low, uid: settings.uid, gid: settings.gid, size: e.isGitlink ? 0 : UInt32(truncatingIfNeeded: size(i)))
    }
}
