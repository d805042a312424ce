package import Syscalls

extension Overlay {
    /// What readdir(3) says of an entry; `offset` is where the next call goes on, `isLower` whether only the lower has it.
    package typealias DirectoryVisitor = (_ name: Span<UInt8>, _ id: NodeID, _ type: UInt8, _ offset: Int64, _ isLower: Bool) -> Bool

    /// Lists a directory from `offset` on (0: from its start), until `visit` returns false. "." and ".." are not among them.
    ///
    /// There is no open directory to remember anything, so an offset means the same for ever: 1…n are the lower's entries, which never
    /// change; past them come the upper's own cookies (`d_off`), which the disk keeps stable while entries come and go.
    package func list(_ id: NodeID, from offset: Int64, _ s: Scratch, _ visit: DirectoryVisitor) throws(Errno) {
        namespace.readLock()
        defer { namespace.unlock() }
        try list(id, parent: id, name: nil, from: offset, s, visit)
    }

    /// The same with attributes, and each entry that `visit` takes counted as a reference of the kernel (READDIRPLUS).
    package func listWithStatus(_ id: NodeID, from offset: Int64, _ s: Scratch, _ visit: (_ name: Span<UInt8>, _ found: Found, _ offset: Int64) -> Bool) throws(Errno) {
        namespace.readLock()
        defer { namespace.unlock() }
        var failure: Errno?
        let inner = Scratch()
        try list(id, parent: id, name: nil, from: offset, s) { name, child, _, next, isLower in
            do throws(Errno) {
                let found: Found
                if isLower, let e = lower.resolve(child) {
                    found = Found(id: child, generation: 1, status: lower.status(e))
                } else {
                    found = try find(id, name, inner, counting: true)
                }
                if visit(name, found, next) { return true }
                forget(found.id, count: 1, inner)
                return false
            } catch {
                if error == .notFound { return true }
                failure = error
                return false
            }
        }
        if let failure { throw failure }
    }

    /// The same, under `namespace`. A directory of the upper that is not on record is found through `parent` and `name`.
    func list(_ id: NodeID, parent: NodeID, name: Span<UInt8>?, from offset: Int64, _ s: Scratch, _ visit: DirectoryVisitor) throws(Errno) {
        var place = try locate(id, nil, s.path)
        if place.state == .gone { return }
        if !place.isUpper, let name {
            // Not on record: it may be in the upper all the same.
            let above = try locate(parent, name, s.path)
            if above.isUpper { place.isUpper = try upper.statusIfExists(s.path) != nil }
        }
        let lowerCount = place.lower.map { lower.childCount($0) } ?? 0
        if let directory = place.lower, offset < Int64(lowerCount) {
            if try !listLower(directory, place, from: Int(offset), s, visit) { return }
        }
        guard place.isUpper else { return }
        try listUpper(place, id, lowerCount, from: max(0, offset - Int64(lowerCount)), s, visit)
    }

    private func listLower(_ directory: LowerEntry, _ place: Place, from start: Int, _ s: Scratch, _ visit: DirectoryVisitor) throws(Errno) -> Bool {
        let file: FileDescriptor? = place.isUpper ? try upper.openBeneath(s.path, OpenFlags.directory) : nil
        defer { file?.close() }
        for i in start..<lower.childCount(directory) {
            let e = lower.child(directory, at: i)
            if let file {
                s.other.reset()
                try lower.withName(e) { n throws(Errno) in try s.other.prepend(n) }
                if try file.statusIfExists(s.other) != nil { continue }
            }
            let type = UInt8(lower.mode(e) >> 12)
            if !lower.withName(e, { visit($0, lower.id(e), type, Int64(i + 1), true) }) { return false }
        }
        return true
    }

    private func listUpper(_ place: Place, _ id: NodeID, _ lowerCount: Int, from cookie: Int64, _ s: Scratch, _ visit: DirectoryVisitor) throws(Errno) {
        let file = OwnedDescriptor(try upper.openBeneath(s.path, OpenFlags.directory))
        if cookie > 0 { _ = try file.descriptor.seek(cookie, whence: 0) }
        let base = s.path.bytes
        while try s.directory.fill(from: file.descriptor) {
            var failure: Errno?
            let goesOn = s.directory.forEach { name, type, next, ino in
                let offset = next > Int64.max - Int64(lowerCount) ? Int64.max : next + Int64(lowerCount)
                do throws(Errno) {
                    guard let (shown, type) = try identity(name, type, ino, place, base, s) else { return true }
                    return visit(name, shown, type, offset, false)
                } catch {
                    // It went away while we were reading.
                    if error == .notFound { return true }
                    failure = error
                    return false
                }
            }
            if let failure { throw failure }
            if !goesOn { return }
        }
    }

    /// The id and type to list an upper entry under; nil for a whiteout.
    private func identity(_ name: Span<UInt8>, _ type: UInt8, _ ino: UInt64, _ place: Place, _ base: [UInt8], _ s: Scratch) throws(Errno) -> (NodeID, UInt8)? {
        let plain = type == FileType.fifo.directoryRecordType || type == FileType.socket.directoryRecordType
        if plain { return (NodeID(workweave: workweave, upper: ino), type) }
        s.other.reset()
        try s.other.prepend(name)
        if !base.isEmpty { try s.other.prepend(base.span) }
        guard let status = try upper.statusIfExists(s.other) else { return nil }
        if try isWhiteout(status, s.other, marked: place.marksWhiteouts) { return nil }
        return (try identify(status, s.other, name, parentLower: place.lower).id, status.type.directoryRecordType)
    }
}
