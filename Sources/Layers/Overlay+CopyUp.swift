internal import Syscalls

extension Overlay {
    /// Puts a node into the upper directory, and before it the directories it lies in. Nothing to do if it is there.
    /// Call under `namespace`, with no stripe held.
    /// - Parameter keep: how many bytes of a file's content are wanted (0: it is about to be truncated).
    /// - Throws: EROFS in a read-only repo; ENOSPC; ESTALE. Nothing is changed then.
    func materialize(_ id: NodeID, _ s: Scratch, keep: Int64 = .max) throws(Errno) {
        try requireUnsealed()
        if isMaterialized(id) { return }
        let place = try locate(id, nil, s.path)
        if place.isUpper { return }
        guard let e = place.lower else { throw place.state == .gone ? .notFound : .stale }
        if lower.isReadOnly(e) { throw .readOnly }
        let parent = lower.id(lower.parent(e))
        var wasRemoved = false
        if place.state != .gone {
            do throws(Errno) { try materialize(parent, s) } catch {
                // Removed with the directory it was in, under a predecessor: nobody told us.
                guard error == .notFound, !lower.isDirectory(e) else { throw error }
                wasRemoved = true
            }
        }
        let stripe = stripe(id)
        stripe.lock()
        defer { stripe.unlock() }
        if isMaterialized(id) { return }
        // From here on nobody removes its name: that takes the stripe, too.
        let isGone = table.withLock { nodes[id.raw]?.state == .gone }
        if isGone { wasRemoved = true }
        if !wasRemoved { wasRemoved = try isTaken(id, s) }
        if wasRemoved, lower.isDirectory(e) { throw .notFound }
        try copyUp(e, id, parent, wasRemoved: wasRemoved, keep, s)
    }

    private func isMaterialized(_ id: NodeID) -> Bool {
        table.withLock { nodes[id.raw].map { $0.state != .gone } ?? false }
    }

    /// Makes the copy in the work directory and renames it into place, so that it is there whole or not at all.
    private func copyUp(_ e: LowerEntry, _ id: NodeID, _ parent: NodeID, wasRemoved: Bool, _ keep: Int64, _ s: Scratch) throws(Errno) {
        let temporary = s.other
        try self.temporary(temporary)
        let status = lower.status(e)
        do throws(Errno) {
            try makeCopy(e, id, status, keep, temporary)
            let alias = status.isSymlink && format.prefix == .user ? NodeID(workweave: workweave, upper: try work.status(temporary).ino).raw : nil
            if wasRemoved {
                // Unlinked while open: the copy has no name in the view.
                s.path.reset()
                try s.path.prepend(hexadecimal: id.raw)
                try work.rename(temporary, to: orphans, s.path)
                return record(id, root, [], .orphan, lowerID: nil, isDirectory: false, alias)
            }
            try keepingTimes(ofParent: parent, s) { () throws(Errno) in
                _ = try locate(id, nil, s.path)
                try work.rename(temporary, to: upper, s.path, flags: RenameFlags.noReplace)
            }
            let name = lower.withName(e) { $0.array }
            record(id, parent, name, .live, lowerID: status.isDirectory ? id : nil, isDirectory: status.isDirectory, alias)
        } catch {
            if status.isDirectory { try? work.removeDirectory(temporary) } else { try? work.unlink(temporary) }
            throw error
        }
    }

    /// Whether the place of a lower entry has something else in the upper (a whiteout, a new file): it was removed.
    private func isTaken(_ id: NodeID, _ s: Scratch) throws(Errno) -> Bool {
        _ = try locate(id, nil, s.path)
        return try upper.statusIfExists(s.path) != nil
    }

    private func record(_ id: NodeID, _ parent: NodeID, _ name: [UInt8], _ state: UpperNode.State, lowerID: NodeID?, isDirectory: Bool,
                        _ alias: UInt64?) {
        table.withLock {
            let known = nodes[id.raw]
            let node = UpperNode(id: id, parent: parent, name: name, isDirectory: isDirectory, lowerID: lowerID)
            node.state = state
            node.lookups = known?.lookups ?? 0
            if let alias {
                node.alias = alias
                aliases.withLock { $0[alias] = id }
            }
            nodes[id.raw] = node
        }
    }

    private func makeCopy(_ e: LowerEntry, _ id: NodeID, _ status: FileStatus, _ keep: Int64, _ temporary: PathBuffer) throws(Errno) {
        let times = Timestamp(seconds: status.mtime, nanoseconds: status.mtime_ns)
        switch status.type {
        case .directory:
            try work.makeDirectory(temporary, mode: status.permissions)
            try setOwner(status, temporary)
        case .symlink:
            try work.makeSymlink(temporary, target: try lower.content(e))
            try setOwner(status, temporary)
            if format.prefix == .trusted { try work.setAttribute(temporary, format.identity, hexadecimal(id)) }
        default:
            let file = OwnedDescriptor(try work.openBeneath(temporary, OpenFlags.create | OpenFlags.exclusive | OpenFlags.readWrite, mode: 0o600))
            try lower.copyContent(e, to: file.descriptor, size: min(keep, Int64(status.size)))
            try setOwner(status, temporary)
            try work.setAttribute(temporary, format.identity, hexadecimal(id))
            try file.descriptor.setMode(status.permissions)
        }
        try work.setTimes(temporary, access: times, modification: times)
    }

    private func hexadecimal(_ id: NodeID) -> [UInt8] { Array(String(id.raw, radix: 16).utf8) }

    private func setOwner(_ status: FileStatus, _ path: PathBuffer) throws(Errno) {
        if status.uid != CurrentProcess.userID || status.gid != CurrentProcess.groupID {
            do throws(Errno) { try work.setOwner(path, uid: status.uid, gid: status.gid) } catch where error == .permission {}
        }
    }

    /// Runs `body`, which adds to or takes from a directory of the upper what the view does not see change,
    /// and puts the directory's times back.
    private func keepingTimes(ofParent parent: NodeID, _ s: Scratch, _ body: () throws(Errno) -> Void) throws(Errno) {
        let stripe = directoryStripe(parent)
        stripe.lock()
        defer { stripe.unlock() }
        _ = try locate(parent, nil, s.third)
        let before = try upper.status(s.third)
        try lifting(upper, s.third, 0o300, body)
        try upper.setTimes(s.third, access: Timestamp(seconds: before.atime, nanoseconds: before.atime_ns),
                           modification: Timestamp(seconds: before.mtime, nanoseconds: before.mtime_ns))
    }
}
