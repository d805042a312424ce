package import Fuse
internal import Layers
internal import Syscalls

/// Listings. Offsets in directories of the weave are the disk's own, two further. In those of the tree they say which tree a listing began
/// with (31 bits) and where it is (32 bits): the number of an entry of the tree, or, with the top bit, a hash of the name of one that was
/// written at the mount's top, so that what comes and goes meanwhile moves nothing else.
extension ProjectHandler {
    package func readDirectory(_ r: consuming Request, node: UInt64, offset: Int64, size: Int, plus: Bool) {
        counters.count(.readdir)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        let s = scratch
        buffer.start(limit: size)
        do throws(Errno) {
            if ProjectTree.isVirtual(node) { try listTree(r, node, offset, plus, buffer, s) } else { try list(r, node, offset, plus, buffer, s) }
        } catch {
            if buffer.isEmpty { return r.fail(error) }
        }
        r.reply(buffer)
    }

    private func addDots(_ r: borrowing Request, _ node: UInt64, _ count: Int, _ next: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        let name = [UInt8](repeating: UInt8(ascii: "."), count: count)
        return addEntry(r, name.span, ino: node, type: FileType.directory.directoryRecordType, next: next, plus, buffer)
    }

    /// A name whose node the kernel is told nothing of.
    private func addEntry(_ r: borrowing Request, _ name: Span<UInt8>, ino: UInt64, type: UInt8, next: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        if !plus { return r.add(name: name, node: ino, type: type, next: next, to: buffer) }
        var status = FileStatus()
        (status.ino, status.mode) = (ino, UInt32(type) << 12)
        return r.add(name: name, entry: Entry(node: 0, generation: 0, status: status), next: next, to: buffer)
    }

    private func list(_ r: borrowing Request, _ node: UInt64, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer, _ s: Scratch) throws(Errno) {
        // The last entry of an ext4 directory has the largest offset there is.
        func past(_ offset: Int64) -> Int64 { offset > Int64.max - 2 ? .max : offset + 2 }
        if offset == Int64.max { return }
        if offset <= 1 {
            let inodes = try files.inodesOfDots(node, s)
            if offset == 0, !addDots(r, inodes.own, 1, 1, plus, buffer) { return }
            if !addDots(r, inodes.parent, 2, 2, plus, buffer) { return }
        }
        let from = max(offset - 2, 0)
        guard plus else {
            return try files.list(node, from: from, s) { name, ino, type, next in
                r.add(name: name, node: ino, type: type, next: past(next), to: buffer)
            }
        }
        try files.listWithStatus(node, from: from, s) { name, ino, type, found, next in
            guard let found else { return addEntry(r, name, ino: ino, type: type, next: past(next), plus, buffer) }
            return r.add(name: name, entry: entry(found), next: past(next), to: buffer)
        }
    }

    private static let ofUpper: UInt32 = 1 << 31

    private func listTree(_ r: borrowing Request, _ node: UInt64, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer, _ s: Scratch) throws(Errno) {
        let tree: ProjectTree
        if offset == 0 { tree = fresh() } else {
            // Too long ago: better an end than a mixture.
            guard let begun = self.tree(version: UInt32(truncatingIfNeeded: offset >> 32)) else { return }
            tree = begun
        }
        guard let directory = tree.entry(node) else { throw .stale }
        func next(_ at: UInt32) -> Int64 { Int64(tree.version) << 32 | Int64(at) }
        let from = UInt32(truncatingIfNeeded: offset)
        let written = node == ProjectTree.root ? try entriesOfUpper(tree, directory, s) : []
        if from & Self.ofUpper == 0 {
            for at in Int(from)..<max(Int(from), directory.children.count + 2) {
                if at < 2 {
                    guard addDots(r, node, at + 1, next(UInt32(at + 1)), plus, buffer) else { return }
                    continue
                }
                let own = tree.entries[directory.children[at - 2]]
                if written.contains(where: { $0.name == own.name }) { continue }
                guard add(r, own, next(UInt32(at + 1)), plus, buffer, s) else { return }
            }
        }
        for e in written where from & Self.ofUpper == 0 || e.hash > from & ~Self.ofUpper {
            guard addEntry(r, e.name.span, ino: e.ino, type: e.type, next: next(e.hash | Self.ofUpper), plus, buffer) else { return }
        }
    }

    /// Adds an entry of the tree. Also that of a clone that is gone just now: the kernel keeps the listing for as long as the tree stays
    /// the same, which it does if the clone is back when it is looked at next.
    private func add(_ r: borrowing Request, _ own: ProjectTree.Entry, _ next: Int64, _ plus: Bool, _ buffer: ReplyBuffer, _ s: Scratch) -> Bool {
        var ino = own.id
        let type: FileType
        switch own.item {
        case .directory: type = .directory
        case .file: type = .regular
        case .link: type = .symlink
        case .attachment(let root):
            if let found = try? files.top(root, counting: false, s) { ino = found.status.ino }
            type = .directory
        }
        return addEntry(r, own.name.span, ino: ino, type: type.directoryRecordType, next: next, plus, buffer)
    }

    /// What was written at the mount's top and is not hidden, in the order of the names' hashes.
    private func entriesOfUpper(_ tree: ProjectTree, _ top: ProjectTree.Entry, _ s: Scratch) throws(Errno) -> [(hash: UInt32, name: [UInt8], ino: UInt64, type: UInt8)] {
        var all: [(hash: UInt32, name: [UInt8], ino: UInt64, type: UInt8)] = []
        try files.list(try upper(tree, s), from: 0, s) { name, ino, type, _ in
            if tree.child(top, name).map({ $0.isLink }) ?? true { all.append((Self.hash(name), name.array, ino, type)) }
            return true
        }
        return all.sorted { $0.hash < $1.hash }
    }

    private static func hash(_ name: Span<UInt8>) -> UInt32 {
        var h: UInt32 = 2_166_136_261
        for i in name.indices { h = (h ^ UInt32(name[i])) &* 16_777_619 }
        return h & ~ofUpper
    }
}
