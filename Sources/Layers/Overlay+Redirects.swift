package import Syscalls

/// The upper directory as an ordinary user's overlayfs (`userxattr`) can take it: it follows no redirects, and lists whiteouts where
/// nothing lies below.
extension Overlay {
    /// Copies up everything that shows through moved directories, which then need no redirect, and takes away whiteouts that hide nothing.
    /// What the view shows stays the same at every step. On an overlay that nobody else uses.
    /// - Throws: ENOSPC and the like; what is done then is done, the rest is as it was.
    package func dissolveRedirects() throws(Errno) {
        let s = Scratch()
        namespace.readLock()
        defer { namespace.unlock() }
        if try hasRedirect([], s) { try dissolve(root, isMoved: false, s) }
        try sweepWhiteouts([], lower.resolve(root), s)
    }

    /// Whether a directory of the upper, or one below it, is marked as moved.
    private func hasRedirect(_ path: [UInt8], _ s: Scratch) throws(Errno) -> Bool {
        for entry in try entries(path, s) where entry.type == FileType.directory.directoryRecordType {
            let child = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
            if try redirect(child, s) != nil { return true }
            if try hasRedirect(child, s) { return true }
        }
        return false
    }

    /// - Parameter isMoved: it, or a directory above it, shows what lies below another name: all of it is copied.
    private func dissolve(_ id: NodeID, isMoved: Bool, _ s: Scratch) throws(Errno) {
        var all: [(id: NodeID, isDirectory: Bool, isLower: Bool)] = []
        try list(id, parent: id, name: nil, from: 0, s) { _, child, type, _, isLower in
            all.append((child, type == FileType.directory.directoryRecordType, isLower))
            return true
        }
        for entry in all {
            if entry.isLower {
                if !isMoved { continue }
                try materialize(entry.id, s)
            }
            guard entry.isDirectory else { continue }
            _ = try locate(entry.id, nil, s.path)
            let path = s.path.bytes
            let hasRedirect = try redirect(path, s) != nil
            try dissolve(entry.id, isMoved: isMoved || hasRedirect, s)
            if hasRedirect { try makeOpaque(entry.id, path, s) }
        }
    }

    /// All that showed through is there. Opaque first: with either mark, or both, the view is the same.
    private func makeOpaque(_ id: NodeID, _ path: [UInt8], _ s: Scratch) throws(Errno) {
        try set(s.path, path)
        try lifting(upper, s.path, 0o200) { () throws(Errno) in
            try upper.setAttribute(s.path, format.opaque, [UInt8(ascii: "y")])
            try upper.removeAttribute(s.path, format.redirect)
        }
        table.withLock { nodes[id.raw]?.lowerID = nil }
    }

    /// In directories of the upper alone, a whiteout hides nothing.
    private func sweepWhiteouts(_ path: [UInt8], _ below: LowerEntry?, _ s: Scratch) throws(Errno) {
        var hasSwept = false
        try set(s.path, path)
        let before = try upper.status(s.path)
        for entry in try entries(path, s) {
            let child = path.isEmpty ? entry.name : path + [UInt8(ascii: "/")] + entry.name
            try set(s.path, child)
            switch entry.type {
            case FileType.character.directoryRecordType where below == nil:
                guard try upper.status(s.path).isWhiteoutDevice else { continue }
                try set(s.third, path)
                try lifting(upper, s.third, 0o300) { () throws(Errno) in try upper.unlink(s.path) }
                hasSwept = true
            case FileType.directory.directoryRecordType:
                let through = try below.flatMap { lower.child($0, entry.name.span) }.flatMap { e throws(Errno) in
                    let mark = try lifting(upper, s.path, 0o400) { () throws(Errno) in try upper.attribute(s.path, format.opaque) }
                    return lower.isDirectory(e) && mark == nil ? e : nil
                }
                try sweepWhiteouts(child, through, s)
            default: continue
            }
        }
        guard hasSwept else { return }
        try set(s.path, path)
        try upper.setTimes(s.path, access: Timestamp(seconds: before.atime, nanoseconds: before.atime_ns),
                           modification: Timestamp(seconds: before.mtime, nanoseconds: before.mtime_ns))
    }

    private func redirect(_ path: [UInt8], _ s: Scratch) throws(Errno) -> [UInt8]? {
        try set(s.path, path)
        return try lifting(upper, s.path, 0o400) { () throws(Errno) in try upper.attribute(s.path, format.redirect) }
    }

    private func entries(_ path: [UInt8], _ s: Scratch) throws(Errno) -> [DirectoryEntry] {
        try set(s.path, path)
        let directory = OwnedDescriptor(try openDirectory(s.path))
        return try directory.descriptor.directoryEntries()
    }

    private func set(_ buffer: PathBuffer, _ path: [UInt8]) throws(Errno) {
        buffer.reset()
        if !path.isEmpty { try buffer.prepend(path.span) }
    }
}
