internal import Syscalls

/// Reading the upper's records.
extension Overlay {
    func isWhiteout(_ s: FileStatus, _ path: PathBuffer, marked: Bool) throws(Errno) -> Bool {
        if s.isWhiteoutDevice { return true }
        guard marked, s.isRegular, s.size == 0 else { return false }
        return try lifting(upper, path, 0o400) { () throws(Errno) in
            try upper.hasAttribute(path, format.whiteoutMark)
        }
    }

    func hasWhiteoutMark(_ path: PathBuffer) throws(Errno) -> Bool {
        format.whiteout == .attribute ? try upper.attribute(path, format.opaque) == [UInt8(ascii: "x")] : false
    }

    /// What an entry of the upper directory is: its id, and for a directory what shows through.
    struct Identity {
        let id: NodeID
        var lowerID: NodeID?
        var marksWhiteouts = false
    }

    /// Reads the attributes of the entry at `path`, whose parent merges with `parentLower`. `path` may be one of the scratch's.
    func identify(_ status: FileStatus, _ path: PathBuffer, _ name: Span<UInt8>, parentLower: LowerEntry?, _ s: Scratch) throws(Errno) -> Identity {
        let fresh = NodeID(workweave: workweave, upper: status.ino)
        // An ordinary owner cannot read the attributes of what he cannot read.
        if status.isDirectory {
            return try lifting(upper, path, 0o400) { () throws(Errno) in try identifyDirectory(fresh, path, name, parentLower: parentLower, s) }
        }
        if status.isRegular || format.prefix == .trusted {
            return Identity(id: try lifting(upper, path, 0o400) { () throws(Errno) in try recordedID(path, s) } ?? fresh)
        }
        if status.isSymlink { return Identity(id: aliases.withLock { $0[fresh.raw] } ?? fresh) }
        return Identity(id: fresh)
    }

    private func identifyDirectory(_ fresh: NodeID, _ path: PathBuffer, _ name: Span<UInt8>, parentLower: LowerEntry?, _ s: Scratch) throws(Errno) -> Identity {
        let mark = try s.value.withValue(upper, path, format.opaque) { v throws(Errno) -> UInt8? in
            guard let v, v.count == 1 else { return nil }
            return v[0]
        }
        if mark == UInt8(ascii: "y") { return Identity(id: fresh) }
        let redirected = try s.value.withValue(upper, path, format.redirect) { v throws(Errno) -> LowerEntry?? in
            guard let v else { return .none }
            if !v.isEmpty, v[0] == UInt8(ascii: "/") { return .some(lower.find(path: v)) }
            return .some(parentLower.flatMap { lower.child($0, v) })
        }
        let e = redirected ?? parentLower.flatMap { lower.child($0, name) }
        let marks = mark == UInt8(ascii: "x")
        guard let e, lower.isDirectory(e) else { return Identity(id: fresh, marksWhiteouts: marks) }
        let id = lower.id(e)
        return Identity(id: met.withLock { $0.contains(fresh.raw) } ? fresh : id, lowerID: id, marksWhiteouts: marks)
    }

    /// The number that a copied-up file keeps; nil where it has none (or cannot have any).
    private func recordedID(_ path: PathBuffer, _ s: Scratch) throws(Errno) -> NodeID? {
        do throws(Errno) {
            guard let raw = try s.value.withValue(upper, path, format.identity, { v throws(Errno) in v?.hexadecimalValue }) else { return nil }
            let id = NodeID(raw: raw)
            return id.workweave == workweave ? id : nil
        } catch {
            if error == .notSupported || error == .permission { return nil }
            throw error
        }
    }

    /// Finds what lies beneath directories that were in the upper alone when the kernel was told of them. Under `table`.
    func meetLower() {
        let s = Scratch()
        for node in nodes.values where node.isDirectory && node.state == .live && node.id != root && node.lowerID.flatMap(lower.resolve) == nil {
            var path = node.name, at = node.parent
            while at != root, let parent = nodes[at.raw] {
                path = parent.name + [UInt8(ascii: "/")] + path
                at = parent.parent
            }
            // Above a repo every directory is in the lower by its path, if at all.
            if at != root, let e = lower.resolve(at) {
                var above = e
                while lower.id(above) != root {
                    lower.withName(above) { n in path = n.array + [UInt8(ascii: "/")] + path }
                    above = lower.parent(above)
                }
            }
            guard let e = lower.find(path: path.span), lower.isDirectory(e) else { continue }
            s.path.reset()
            guard (try? s.path.prepend(path.span)) != nil, let status = try? upper.statusIfExists(s.path),
                  let identity = try? identify(status, s.path, node.name.span, parentLower: lower.parent(e), s) else { continue }
            (node.lowerID, node.marksWhiteouts) = (identity.lowerID, identity.marksWhiteouts)
            if node.id.isUpper { met.withLock { _ = $0.insert(node.id.raw) } }
        }
    }

    /// Reads the whole upper directory for the nodes it has. Under `table`. What cannot be read is passed over: its ids are stale then.
    func scan() {
        for entry in (try? orphans.directoryEntries()) ?? [] {
            guard let raw = entry.name.span.hexadecimalValue else { continue }
            let node = UpperNode(id: NodeID(raw: raw), parent: root, name: [], isDirectory: false, lowerID: nil)
            node.state = .orphan
            nodes[raw] = node
        }
        scan(upper, root, [], lower.resolve(root), marked: nodes[root.raw]?.marksWhiteouts ?? false, Scratch())
    }

    private func scan(_ directory: FileDescriptor, _ parent: NodeID, _ prefix: [UInt8], _ parentLower: LowerEntry?, marked: Bool, _ s: Scratch) {
        guard let entries = try? directory.directoryEntries() else { return }
        for entry in entries {
            let full = prefix.isEmpty ? entry.name : prefix + [UInt8(ascii: "/")] + entry.name
            s.path.reset()
            guard (try? s.path.prepend(full.span)) != nil, let status = try? upper.statusIfExists(s.path),
                  (try? isWhiteout(status, s.path, marked: marked)) == false,
                  let identity = try? identify(status, s.path, entry.name.span, parentLower: parentLower, s) else { continue }
            if let known = nodes[identity.id.raw], !status.isDirectory {
                if known.state == .live { known.add(parent, entry.name.span) } else { adopt(known, parent, entry.name) }
                continue
            }
            let node = UpperNode(id: identity.id, parent: parent, name: entry.name, isDirectory: status.isDirectory, lowerID: identity.lowerID)
            node.isInherited = true
            node.marksWhiteouts = identity.marksWhiteouts
            nodes[identity.id.raw] = node
            if status.isDirectory, let child = try? upper.openBeneath(s.path, OpenFlags.directory) {
                scan(child, identity.id, full, identity.lowerID.flatMap(lower.resolve), marked: identity.marksWhiteouts, s)
                child.close()
            }
        }
    }

    /// An orphan that has a name after all: it was unlinked under another one.
    private func adopt(_ node: UpperNode, _ parent: NodeID, _ name: [UInt8]) {
        (node.parent, node.name, node.otherNames, node.state) = (parent, name, [], .live)
        let path = PathBuffer()
        guard (try? path.prepend(hexadecimal: node.id.raw)) != nil else { return }
        try? orphans.unlink(path)
    }
}
