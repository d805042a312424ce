package import Syscalls

extension Overlay {
    /// Finds `name` in the directory `parent`, and counts the kernel's reference to it.
    /// - Throws: ENOENT; ESTALE when the parent is no more.
    package func lookup(parent: NodeID, name: Span<UInt8>, _ s: Scratch) throws(Errno) -> Found {
        namespace.readLock()
        defer { namespace.unlock() }
        return try find(parent, name, s, counting: true)
    }

    /// The same under `namespace`; not counting when the kernel is not told.
    func find(_ parent: NodeID, _ name: Span<UInt8>, _ s: Scratch, counting: Bool) throws(Errno) -> Found {
        if name.count > 255 { throw .nameTooLong }
        let place = try locate(parent, name, s.path)
        guard place.state == .live else { throw .notFound }
        if place.isUpper, let status = try settledStatus(upper, s.path) {
            if try isWhiteout(status, s.path, marked: place.marksWhiteouts) { throw .notFound }
            let identity = try identify(status, s.path, name, parentLower: place.lower, s)
            return try enter(identity, parent, name, status, s, counting: counting)
        }
        guard let directory = place.lower, let e = lower.child(directory, name) else { throw .notFound }
        return Found(id: lower.id(e), generation: generation, status: lower.status(e))
    }

    /// Records a node of the upper directory, found at `parent`/`name`.
    func enter(_ identity: Identity, _ parent: NodeID, _ name: Span<UInt8>, _ status: FileStatus, _ s: Scratch, counting: Bool) throws(Errno) -> Found {
        var leaveOrphans = false
        let orphaned = table.withLock { () -> Bool in
            if let node = nodes[identity.id.raw] {
                if node.state == .live {
                    if node.isDirectory { (node.parent, node.name) = node.has(parent, name) ? (node.parent, node.name) : (parent, name.array) }
                    else { node.add(parent, name) }
                } else {
                    // A hard link that was unlinked under one name and is found under another; or the disk gave the number to another file.
                    leaveOrphans = node.state == .orphan
                    let fresh = UpperNode(id: identity.id, parent: parent, name: name.array, isDirectory: status.isDirectory, lowerID: identity.lowerID)
                    fresh.marksWhiteouts = identity.marksWhiteouts
                    (fresh.lookups, fresh.alias) = (node.lookups, node.alias)
                    nodes[identity.id.raw] = fresh
                }
                if counting { nodes[identity.id.raw]?.lookups += 1 }
            } else if counting {
                let node = UpperNode(id: identity.id, parent: parent, name: name.array, isDirectory: status.isDirectory, lowerID: identity.lowerID)
                node.marksWhiteouts = identity.marksWhiteouts
                node.lookups = 1
                nodes[identity.id.raw] = node
            }
            return leaveOrphans
        }
        var status = status
        if orphaned {
            s.third.reset()
            try s.third.prepend(hexadecimal: identity.id.raw)
            try? orphans.unlink(s.third)
            status.nlink -= 1
        }
        return found(identity.id, status)
    }

    /// An upper file's attributes as the view shows them.
    func found(_ id: NodeID, _ status: FileStatus) -> Found {
        var shown = status
        shown.ino = id.raw
        if status.isDirectory { shown.nlink = 1 }
        // Born-at tells apart two files that had the same inode number one after the other.
        let born = UInt64(bitPattern: status.btime) &* 1_000_000_007 &+ UInt64(status.btime_ns) &+ 2
        return Found(id: id, generation: id.isUpper ? born &+ (generation &- 1) &* 0x9E37_79B1 : generation, status: shown)
    }

    /// The kernel dropped `count` references.
    package func forget(_ id: NodeID, count: UInt64, _ s: Scratch) {
        let orphan = table.withLock { () -> Bool in
            guard let node = nodes[id.raw] else { return false }
            node.lookups -= Int64(clamping: count)
            guard node.lookups <= 0, id != root else { return false }
            switch node.state {
            case .orphan, .gone:
                nodes[id.raw] = nil
                if let alias = node.alias { aliases.withLock { $0[alias] = nil } }
                // Until it is unlinked, the space counts as about to come.
                if node.state == .orphan { lastRelease = .max }
                return node.state == .orphan
            case .live:
                // What was copied up stays on record: its id alone would say "in the lower".
                if id.isUpper, !node.isInherited { nodes[id.raw] = nil }
                return false
            }
        }
        if id.isUpper || orphan { files.drop(exactly: id.raw) }
        if orphan {
            s.third.reset()
            guard (try? s.third.prepend(hexadecimal: id.raw)) != nil else { return }
            try? orphans.unlink(s.third)
            table.withLock { lastRelease = monotonicNanoseconds() }
        }
    }

    /// The attributes of a node.
    package func attributes(_ id: NodeID, _ s: Scratch) throws(Errno) -> FileStatus {
        try onNode(id) { () throws(Errno) in try attributesLocked(id, s) }
    }

    func attributesLocked(_ id: NodeID, _ s: Scratch) throws(Errno) -> FileStatus {
        let place = try locate(id, nil, s.path)
        if place.state == .gone {
            if let e = place.lower {
                var status = lower.status(e)
                status.nlink = 0
                return status
            }
            var status = FileStatus()
            (status.ino, status.mode, status.blksize) = (id.raw, place.lastMode, 4096)
            (status.uid, status.gid) = (CurrentProcess.userID, CurrentProcess.groupID)
            return status
        }
        guard place.isUpper else {
            guard let e = place.lower else { throw .stale }
            return lower.status(e)
        }
        guard var status = try settledStatus(place.base, s.path) else { throw .notFound }
        if place.state == .orphan, status.nlink > 0 { status.nlink -= 1 }
        return found(id, status).status
    }

    /// The target of a symbolic link.
    package func readLink(_ id: NodeID, _ s: Scratch) throws(Errno) -> [UInt8] {
        try onNode(id) { () throws(Errno) in
            let place = try locate(id, nil, s.path)
            if place.isUpper { return try place.base.readLink(s.path) }
            guard let e = place.lower, lower.mode(e) & FileType.mask == FileType.symlink.rawValue else { throw .invalid }
            return try lower.content(e)
        }
    }
}
