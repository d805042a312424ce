package import Syscalls

extension Overlay {
    /// Whether space may come free by itself: unlinked files are kept because the kernel may still use them, or were removed just now.
    package var mayGainSpace: Bool {
        table.withLock { lastRelease > monotonicNanoseconds() - 200_000_000 || nodes.values.contains { $0.state == .orphan } }
    }

    /// Removes a name that is not a directory (unlink(2)).
    package func unlink(parent: NodeID, name: Span<UInt8>, wasSent: Bool, _ s: Scratch) throws(Errno) {
        namespace.readLock()
        defer { namespace.unlock() }
        try requireUnsealed()
        while true {
            let place = try locate(parent, name, s.path)
            guard place.state == .live else { throw .notFound }
            let shadowed = place.lower.flatMap { lower.child($0, name) }
            if place.isUpper, let status = try settledStatus(upper, s.path) {
                if try isWhiteout(status, s.path, marked: place.marksWhiteouts) { throw wasSent ? .again : .notFound }
                if status.isDirectory { throw .isDirectory }
                let id = try identify(status, s.path, name, parentLower: place.lower, s).id
                return try takeAway(id, parent, name, leavesWhiteout: shadowed != nil, s)
            }
            guard let e = shadowed else { throw wasSent ? .again : .notFound }
            if lower.isDirectory(e) { throw .isDirectory }
            if try hide(e, parent, name, s) { return }
        }
    }

    /// Takes the upper file at `s.path` out of the view: for good, or into the orphans when the kernel may still use it.
    private func takeAway(_ id: NodeID, _ parent: NodeID, _ name: Span<UInt8>, leavesWhiteout: Bool, _ s: Scratch) throws(Errno) {
        if leavesWhiteout { try prepareForWhiteouts(parent, s) }
        let stripe = stripe(id), directory = directoryStripe(parent)
        stripe.lock()
        defer { stripe.unlock() }
        directory.lock()
        defer { directory.unlock() }
        guard leavesWhiteout else { return try retire(id, parent, name, from: upper, s.path, s) }
        try temporary(s.other)
        try makeWhiteout(work: s.other)
        do throws(Errno) { try work.rename(s.other, to: upper, s.path, flags: RenameFlags.exchange) } catch {
            try? work.unlink(s.other)
            throw error
        }
        try retire(id, parent, name, from: work, s.other, s)
    }

    /// Puts a whiteout over an entry that only the lower has. False when it has been copied up meanwhile.
    private func hide(_ e: LowerEntry, _ parent: NodeID, _ name: Span<UInt8>, _ s: Scratch) throws(Errno) -> Bool {
        if lower.isReadOnly(e) { throw .readOnly }
        try materialize(parent, s)
        try prepareForWhiteouts(parent, s)
        let id = lower.id(e), stripe = stripe(id), directory = directoryStripe(parent)
        stripe.lock()
        defer { stripe.unlock() }
        directory.lock()
        defer { directory.unlock() }
        _ = try locate(parent, name, s.path)
        if try upper.statusIfExists(s.path) != nil { return false }
        if format.whiteout == .device {
            try upper.makeNode(s.path, mode: FileType.character.rawValue)
        } else {
            try temporary(s.other)
            try makeWhiteout(work: s.other)
            try work.rename(s.other, to: upper, s.path)
        }
        let node = UpperNode(id: id, parent: parent, name: name.array, isDirectory: lower.isDirectory(e), lowerID: nil)
        node.state = .gone
        node.lastMode = lower.mode(e)
        table.withLock { nodes[id.raw] = node }
        return true
    }

    /// Removes the file at `path`, the last step of taking its name away; under its stripe.
    private func retire(_ id: NodeID, _ parent: NodeID, _ name: Span<UInt8>, from directory: FileDescriptor, _ path: PathBuffer, _ s: Scratch) throws(Errno) {
        let mayBeUsed = table.withLock { () -> Bool in
            guard let node = nodes[id.raw], !node.isDirectory else { return false }
            if node.remove(parent, name) { return false }
            node.state = .orphan
            return true
        }
        guard mayBeUsed else { return try directory.unlink(path) }
        s.third.reset()
        try s.third.prepend(hexadecimal: id.raw)
        try directory.rename(path, to: orphans, s.third)
        // FORGET may have come in between.
        if table.withLock({ nodes[id.raw] == nil }) { try? orphans.unlink(s.third) }
    }

    /// Removes an empty directory (rmdir(2)). - Throws: ENOTEMPTY, ENOTDIR.
    package func removeDirectory(parent: NodeID, name: Span<UInt8>, wasSent: Bool, _ s: Scratch) throws(Errno) {
        namespace.readLock()
        defer { namespace.unlock() }
        try requireUnsealed()
        let found: Found
        do throws(Errno) { found = try find(parent, name, s, counting: false) } catch {
            throw wasSent && error == .notFound ? .again : error
        }
        guard found.status.isDirectory else { throw .notDirectory }
        guard try isEmpty(found.id, parent, name, s) else { throw .notEmpty }
        let place = try locate(parent, name, s.path)
        let shadowed = place.lower.flatMap { lower.child($0, name) }
        guard place.isUpper, try upper.statusIfExists(s.path) != nil else {
            guard let e = shadowed else { throw .notFound }
            if try hide(e, parent, name, s) { return }
            _ = try locate(parent, name, s.path)
            return try removeUpperDirectory(found, parent, leavesWhiteout: true, s)
        }
        try removeUpperDirectory(found, parent, leavesWhiteout: shadowed != nil, s)
    }

    private func removeUpperDirectory(_ found: Found, _ parent: NodeID, leavesWhiteout: Bool, _ s: Scratch) throws(Errno) {
        if leavesWhiteout { try prepareForWhiteouts(parent, s) }
        let stripe = stripe(found.id), directory = directoryStripe(parent)
        stripe.lock()
        defer { stripe.unlock() }
        directory.lock()
        defer { directory.unlock() }
        try takeAwayDirectory(leavesWhiteout: leavesWhiteout, s)
        markGone(found.id, mode: found.status.mode)
    }

    /// Removes the directory at `s.path`, which shows nothing, from the upper. The parent is prepared for whiteouts.
    func takeAwayDirectory(leavesWhiteout: Bool, _ s: Scratch) throws(Errno) {
        if leavesWhiteout {
            try temporary(s.other)
            try makeWhiteout(work: s.other)
            do throws(Errno) { try work.rename(s.other, to: upper, s.path, flags: RenameFlags.exchange) } catch {
                try? work.unlink(s.other)
                throw error
            }
            return try removeTree(work: s.other)
        }
        do throws(Errno) { try upper.removeDirectory(s.path) } catch {
            // It shows nothing, but holds whiteouts.
            guard error == .notEmpty || error == .exists else { throw error }
            try temporary(s.other)
            try upper.rename(s.path, to: work, s.other)
            try removeTree(work: s.other)
        }
    }

    func markGone(_ id: NodeID, mode: UInt32) {
        table.withLock {
            let node = UpperNode(id: id, parent: root, name: [], isDirectory: true, lowerID: nil)
            node.state = .gone
            node.lastMode = mode
            node.lookups = nodes[id.raw]?.lookups ?? 0
            nodes[id.raw] = node
        }
    }

    /// Whether a directory shows nothing. `parent` and `name` say where it is when it is not on record.
    func isEmpty(_ id: NodeID, _ parent: NodeID, _ name: Span<UInt8>, _ s: Scratch) throws(Errno) -> Bool {
        var empty = true
        try list(id, parent: parent, name: name, from: 0, s) { _, _, _, _, _ in
            empty = false
            return false
        }
        return empty
    }
}
