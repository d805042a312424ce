package import Syscalls

extension Overlay {
    /// Moves an entry (renameat2(2)); `flags` as ``RenameFlags`` (0, NOREPLACE, EXCHANGE).
    ///
    /// A directory that merges with the lower gets a redirect, so a move costs the same whatever it holds, and is never EXDEV.
    /// - Throws: EEXIST, ENOTEMPTY, EROFS, EINVAL for other flags.
    package func rename(parent: NodeID, name: Span<UInt8>, newParent: NodeID, newName: Span<UInt8>, flags: UInt32, wasSent: Bool, _ s: Scratch) throws(Errno) {
        guard flags == 0 || flags == RenameFlags.noReplace || flags == RenameFlags.exchange else { throw .invalid }
        if newName.count > 255 { throw .nameTooLong }
        // Copies first, under the shared lock: they can take long.
        try prepareRename(parent, name, newParent, newName, flags, wasSent, s)
        namespace.writeLock()
        defer { namespace.unlock() }
        try requireUnsealed()
        let source = try find(parent, name, s, counting: false)
        let target: Found?
        do throws(Errno) { target = try find(newParent, newName, s, counting: false) } catch {
            guard error == .notFound else { throw error }
            target = nil
        }
        if flags == RenameFlags.exchange {
            guard let target else { throw .notFound }
            return try exchange(source, parent, name, target, newParent, newName, s)
        }
        if target != nil, flags == RenameFlags.noReplace { throw .exists }
        if let target, target.id == source.id {
            // Two names of one file, and nothing is to be done; but the kernel does not ask for that: a predecessor died half way.
            if wasSent { try finishMove(source, parent, name, s) }
            return
        }
        if let target {
            if target.status.isDirectory {
                guard source.status.isDirectory else { throw .isDirectory }
                guard try isEmpty(target.id, newParent, newName, s) else { throw .notEmpty }
                try clearTarget(target, newParent, newName, s)
            } else if source.status.isDirectory { throw .notDirectory } else { try saveTarget(target, newParent, newName, s) }
        }
        try move(source, parent, name, newParent, newName, s)
        moved(source.id, parent, name, newParent, newName)
    }

    private func prepareRename(_ parent: NodeID, _ name: Span<UInt8>, _ newParent: NodeID, _ newName: Span<UInt8>, _ flags: UInt32,
                               _ wasSent: Bool, _ s: Scratch) throws(Errno) {
        namespace.readLock()
        defer { namespace.unlock() }
        let source: Found
        do throws(Errno) { source = try find(parent, name, s, counting: false) } catch {
            throw wasSent && error == .notFound ? .again : error
        }
        try materialize(newParent, s)
        try materialize(parent, s)
        try bringUp(source.id, parent, name, s)
        if flags == RenameFlags.exchange {
            try bringUp(try find(newParent, newName, s, counting: false).id, newParent, newName, s)
        } else if let target = try? find(newParent, newName, s, counting: false), !target.id.isUpper, let e = lower.resolve(target.id), lower.isReadOnly(e) {
            throw .readOnly
        } else if let target = try? find(newParent, newName, s, counting: false), target.status.isDirectory != source.status.isDirectory {
            throw target.status.isDirectory ? .isDirectory : .notDirectory
        }
    }

    /// Materializes a node that may be in the upper without being on record.
    private func bringUp(_ id: NodeID, _ parent: NodeID, _ name: Span<UInt8>, _ s: Scratch) throws(Errno) {
        let place = try locate(parent, name, s.path)
        if place.isUpper, try upper.statusIfExists(s.path) != nil {
            _ = try find(parent, name, s, counting: true)
            table.withLock { nodes[id.raw]?.lookups -= 1 }
            return
        }
        try materialize(id, s)
    }

    /// Makes the directory's contents its own at a new place: a redirect to what shows through it, or opaque where
    /// something else would begin to show.
    private func fixLower(_ node: Found, at newParent: NodeID, _ newName: Span<UInt8>, path: PathBuffer, _ s: Scratch) throws(Errno) {
        guard node.status.isDirectory else { return }
        let place = try locate(newParent, newName, s.third)
        if let lowerID = table.withLock({ nodes[node.id.raw]?.lowerID }), let e = lower.resolve(lowerID) {
            let target = try lower.path(e)
            try lifting(upper, path, 0o200) { () throws(Errno) in try upper.setAttribute(path, format.redirect, target) }
        } else if let directory = place.lower, lower.child(directory, newName) != nil {
            try lifting(upper, path, 0o200) { () throws(Errno) in try upper.setAttribute(path, format.opaque, [UInt8(ascii: "y")]) }
        }
    }

    private func exchange(_ a: Found, _ parent: NodeID, _ name: Span<UInt8>, _ b: Found, _ newParent: NodeID, _ newName: Span<UInt8>, _ s: Scratch) throws(Errno) {
        _ = try locate(parent, name, s.path)
        _ = try locate(newParent, newName, s.other)
        try fixLower(a, at: newParent, newName, path: s.path, s)
        try fixLower(b, at: parent, name, path: s.other, s)
        try upper.rename(s.path, to: upper, s.other, flags: RenameFlags.exchange)
        moved(a.id, parent, name, newParent, newName)
        moved(b.id, newParent, newName, parent, name)
    }

    /// An empty directory gives way: what remains at its name is a whiteout or nothing.
    private func clearTarget(_ target: Found, _ newParent: NodeID, _ newName: Span<UInt8>, _ s: Scratch) throws(Errno) {
        let place = try locate(newParent, newName, s.path)
        let shadowed = place.lower.flatMap { lower.child($0, newName) }
        if let e = shadowed, lower.isReadOnly(e) { throw .readOnly }
        if try upper.statusIfExists(s.path) != nil {
            if shadowed != nil { try prepareForWhiteouts(newParent, s) }
            try takeAwayDirectory(leavesWhiteout: shadowed != nil, s)
        }
        markGone(target.id, mode: target.status.mode)
    }

    /// A file that is about to be replaced keeps a name among the orphans, so that who has it open can go on. The replacing itself stays one step.
    private func saveTarget(_ target: Found, _ newParent: NodeID, _ newName: Span<UInt8>, _ s: Scratch) throws(Errno) {
        let place = try locate(newParent, newName, s.path)
        guard place.isUpper, try upper.statusIfExists(s.path) != nil else {
            // Only in the lower: its content stays readable through its id.
            table.withLock {
                let node = UpperNode(id: target.id, parent: root, name: [], isDirectory: false, lowerID: nil)
                node.state = .gone
                node.lastMode = target.status.mode
                nodes[target.id.raw] = node
            }
            return
        }
        let mayBeUsed = table.withLock { () -> Bool in
            guard let node = nodes[target.id.raw] else { return false }
            if node.remove(newParent, newName) { return false }
            node.state = .orphan
            return true
        }
        guard mayBeUsed else { return }
        s.third.reset()
        try s.third.prepend(hexadecimal: target.id.raw)
        do throws(Errno) { try upper.link(s.path, to: orphans, s.third) } catch where error == .exists {}
    }

    /// The move itself. The target's name is free, a whiteout, or a file to be replaced.
    private func move(_ source: Found, _ parent: NodeID, _ name: Span<UInt8>, _ newParent: NodeID, _ newName: Span<UInt8>, _ s: Scratch) throws(Errno) {
        let from = try locate(parent, name, s.path)
        let to = try locate(newParent, newName, s.other)
        let leavesWhiteout = from.lower.flatMap { lower.child($0, name) } != nil
        try fixLower(source, at: newParent, newName, path: s.path, s)
        if leavesWhiteout { try prepareForWhiteouts(parent, s) }
        let present = try upper.statusIfExists(s.other)
        var isWhiteout = false
        if let present { isWhiteout = try self.isWhiteout(present, s.other, marked: to.marksWhiteouts) }
        if isWhiteout, source.status.isDirectory || leavesWhiteout {
            // The whiteout changes places with what moves: one step, and it lies where one is needed.
            try upper.rename(s.path, to: upper, s.other, flags: RenameFlags.exchange)
            if !leavesWhiteout { try upper.unlink(s.path) }
        } else if !leavesWhiteout {
            try upper.rename(s.path, to: upper, s.other)
        } else if format.renamesWithWhiteout {
            try upper.rename(s.path, to: upper, s.other, flags: RenameFlags.whiteout)
        } else {
            try moveInSteps(source, to: newParent, s)
        }
    }

    /// What ``moveInSteps(_:_:)`` had still to do: the old name goes, and shows nothing of the lower.
    private func finishMove(_ source: Found, _ parent: NodeID, _ name: Span<UInt8>, _ s: Scratch) throws(Errno) {
        let place = try locate(parent, name, s.path)
        if place.lower.flatMap({ lower.child($0, name) }) != nil {
            try prepareForWhiteouts(parent, s)
            try temporary(s.other)
            try makeWhiteout(work: s.other)
            try work.rename(s.other, to: upper, s.path)
        } else { try upper.unlink(s.path) }
        table.withLock { _ = nodes[source.id.raw]?.remove(parent, name) }
    }

    /// Where the disk cannot leave a whiteout behind in the same step: at no moment is the file nowhere.
    private func moveInSteps(_ source: Found, to target: NodeID, _ s: Scratch) throws(Errno) {
        if source.status.isDirectory {
            guard try locate(target, nil, s.third).lower != nil else {
                // A directory of the upper alone has no whiteouts.
                try temporary(s.third)
                try upper.rename(s.path, to: upper, s.other)
                try makeWhiteout(work: s.third)
                return try work.rename(s.third, to: upper, s.path)
            }
            // A whiteout at the target first, which shows nothing now, and then both change places in one step.
            try prepareForWhiteouts(target, s)
            try temporary(s.third)
            try makeWhiteout(work: s.third)
            try work.rename(s.third, to: upper, s.other)
            return try upper.rename(s.path, to: upper, s.other, flags: RenameFlags.exchange)
        }
        try temporary(s.third)
        try upper.link(s.path, to: work, s.third)
        do throws(Errno) { try work.rename(s.third, to: upper, s.other) } catch {
            try? work.unlink(s.third)
            throw error
        }
        try makeWhiteout(work: s.third)
        try work.rename(s.third, to: upper, s.path)
    }

    private func moved(_ id: NodeID, _ parent: NodeID, _ name: Span<UInt8>, _ newParent: NodeID, _ newName: Span<UInt8>) {
        table.withLock {
            guard let node = nodes[id.raw] else { return }
            if node.otherNames.isEmpty || node.isDirectory {
                (node.parent, node.name) = (newParent, newName.array)
            } else {
                _ = node.remove(parent, name)
                node.add(newParent, newName)
            }
        }
    }
}
