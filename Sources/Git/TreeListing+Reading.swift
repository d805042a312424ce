internal import CGit2

extension TreeListing {
    /// More entries than any checkout could hold; a small object can name trees that unfold without end.
    static let entryLimit = 50_000_000

    /// Reads all trees below `tree` (git_odb_read).
    /// - Throws: objectMissing; damaged for what is not a tree; unsafeTree for names that git would not check out.
    package init(_ repository: Repository, tree: ObjectID) throws(GitError) {
        self.init(tree: tree)
        let objects = try repository.objects
        entries.append(Entry(parent: 0, nameOffset: 0, nameLength: 0, mode: FileMode.directory, oid: tree))
        var unordered: Set<UInt32> = []
        var next = 0
        while next < entries.count {
            defer { next += 1 }
            guard entries[next].isDirectory, entries[next].oid != .emptyTree else { continue }
            if try !readDirectory(next, objects) { unordered.insert(UInt32(next)) }
        }
        orderFiles(unordered)
    }

    /// Appends the entries of one directory. Returns false when git's order of them is not the bytewise one.
    private mutating func readDirectory(_ index: Int, _ objects: ObjectDatabase) throws(GitError) -> Bool {
        let first = entries.count
        let id = entries[index].oid
        var sorted = true
        let failure: GitError? = try unsafe objects.withObject(id, type: .tree) { bytes in
            do throws(GitError) {
                sorted = try unsafe parse(bytes, parent: UInt32(index))
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
        entries[index].firstChild = UInt32(first)
        entries[index].childCount = UInt32(entries.count - first)
        if entries.count > Self.entryLimit {
            throw GitError(.unsafeTree, "the tree \(tree.short) unfolds to more than \(Self.entryLimit) entries")
        }
        if !sorted { try sortByName(first..<entries.count) }
        return sorted
    }

    /// Parses a tree object: for each entry the mode in octal, a space, the name, a zero, 20 bytes of object id.
    private mutating func parse(_ bytes: UnsafeRawBufferPointer, parent: UInt32) throws(GitError) -> Bool {
        var at = 0, sorted = true
        var previous = 0..<0
        while at < bytes.count {
            var mode: UInt32 = 0
            while at < bytes.count, unsafe bytes[at] != UInt8(ascii: " ") {
                let digit = unsafe bytes[at] &- UInt8(ascii: "0")
                if digit > 7 || mode > 0o1777777 { throw broken(parent) }
                mode = mode << 3 | UInt32(digit)
                at += 1
            }
            at += 1
            let start = at
            while at < bytes.count, unsafe bytes[at] != 0 { at += 1 }
            let end = at
            guard at + 1 + ObjectID.byteCount <= bytes.count, let base = bytes.baseAddress else { throw broken(parent) }
            let name = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            let canonical = FileMode.canonical(mode)
            if let why = unsafe TreeName.refusal(of: name, isSymlink: canonical == FileMode.symlink) { throw refused(unsafe Array(name), parent, why) }
            let offset = names.count
            guard offset + name.count < UInt32.max else { throw broken(parent) }
            unsafe names.append(contentsOf: name)
            if !previous.isEmpty, !follows(offset..<names.count, previous) { sorted = false }
            previous = offset..<names.count
            entries.append(Entry(parent: parent, nameOffset: UInt32(offset), nameLength: UInt32(end - start), mode: canonical,
                                 oid: unsafe ObjectID(raw: base + end + 1)))
            at = end + 1 + ObjectID.byteCount
        }
        return sorted
    }

    private func follows(_ name: Range<Int>, _ previous: Range<Int>) -> Bool {
        names[previous].lexicographicallyPrecedes(names[name])
    }

    private mutating func sortByName(_ range: Range<Int>) throws(GitError) {
        let copy = entries[range].sorted { a, b in
            names[Int(a.nameOffset)..<Int(a.nameOffset + a.nameLength)]
                .lexicographicallyPrecedes(names[Int(b.nameOffset)..<Int(b.nameOffset + b.nameLength)])
        }
        entries.replaceSubrange(range, with: copy)
        for i in range.dropFirst() where name(i).elementsEqual(name(i - 1)) {
            throw GitError(.damaged, "the tree \(tree.short) has two entries \(text(i))")
        }
    }

    /// Fills ``fileOrder``: depth first, where a directory sorts as if its name ended in a slash.
    private mutating func orderFiles(_ unordered: Set<UInt32>) {
        fileOrder.reserveCapacity(entries.count)
        var stack: [(indices: [UInt32], next: Int, range: Range<Int>)] = [frame(0, unordered)]
        while let top = stack.indices.last {
            guard let at = stack[top].range.popFirst() else { stack.removeLast(); continue }
            let index = stack[top].indices.isEmpty ? at : Int(stack[top].indices[at])
            if entries[index].isDirectory { stack.append(frame(index, unordered)) } else { fileOrder.append(UInt32(index)) }
        }
    }

    /// A directory's entries in git's order: as indices where it is not the bytewise one.
    private func frame(_ directory: Int, _ unordered: Set<UInt32>) -> (indices: [UInt32], next: Int, range: Range<Int>) {
        let children = entries[directory].children
        guard unordered.contains(UInt32(directory)) else { return ([], 0, children) }
        func key(_ index: UInt32) -> [UInt8] {
            name(Int(index)) + (entries[Int(index)].isDirectory ? [UInt8(ascii: "/")] : [])
        }
        let sorted = children.map { (UInt32($0), key(UInt32($0))) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }.map(\.0)
        return (sorted, 0, sorted.indices)
    }

    private func broken(_ directory: UInt32) -> GitError {
        GitError(.damaged, "the tree object \(entries[Int(directory)].oid.hex) is damaged", hint: "git fsck")
    }

    private func refused(_ name: [UInt8], _ directory: UInt32, _ why: String) -> GitError {
        let above = text(Int(directory))
        let shown = String(decoding: name, as: UTF8.self)
        return GitError(.unsafeTree, "the tree \(tree.short) holds an entry that git would not check out: \(above.isEmpty ? "" : above + "/")\(shown) (\(why))")
    }
}
