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
        let inner = s.inner
        try list(id, parent: id, name: nil, from: offset, s) { name, child, _, next, isLower in
            do throws(Errno) {
                let found: Found
                if isLower, let e = lower.resolve(child) {
                    return visit(name, Found(id: child, generation: generation, status: lower.status(e)), next)
                }
                found = try find(id, name, inner, counting: true)
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
        try listUpper(place, lowerCount, from: max(0, offset - Int64(lowerCount)), s, visit)
    }

    /// The names that the lower has, each where the lower has it, whether copied up meanwhile or not: so a name that is being changed
    /// while the directory is read is neither listed twice nor missed.
    private func listLower(_ directory: LowerEntry, _ place: Place, from start: Int, _ s: Scratch, _ visit: DirectoryVisitor) throws(Errno) -> Bool {
        for i in start..<lower.childCount(directory) {
            let e = lower.child(directory, at: i)
            let goesOn = try lower.withName(e) { name throws(Errno) -> Bool in
                if place.isUpper {
                    let length = s.path.count
                    try s.path.append(name)
                    defer { s.path.truncate(length) }
                    if let status = try upper.statusIfExists(s.path) {
                        if try isWhiteout(status, s.path, marked: place.marksWhiteouts) { return true }
                        let id = try identify(status, s.path, name, parentLower: directory, s).id
                        return visit(name, id, status.type.directoryRecordType, Int64(i + 1), false)
                    }
                }
                return visit(name, lower.id(e), UInt8(lower.mode(e) >> 12), Int64(i + 1), true)
            }
            if !goesOn { return false }
        }
        return true
    }

    private func listUpper(_ place: Place, _ lowerCount: Int, from cookie: Int64, _ s: Scratch, _ visit: DirectoryVisitor) throws(Errno) {
        let file = OwnedDescriptor(try openDirectory(s.path))
        if cookie > 0 { _ = try file.descriptor.seek(cookie, whence: 0) }
        while try s.directory.fill(from: file.descriptor) {
            var failure: Errno?
            let goesOn = s.directory.forEach { name, type, next, ino in
                if let directory = place.lower, lower.child(directory, name) != nil { return true }
                let offset = next > Int64.max - Int64(lowerCount) ? Int64.max : next + Int64(lowerCount)
                do throws(Errno) {
                    guard let (shown, type) = try identity(name, type, ino, place, s) else { return true }
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

    /// The id and type to list an upper entry of the directory at `s.path` under; nil for a whiteout.
    private func identity(_ name: Span<UInt8>, _ type: UInt8, _ ino: UInt64, _ place: Place, _ s: Scratch) throws(Errno) -> (NodeID, UInt8)? {
        let plain = type == FileType.fifo.directoryRecordType || type == FileType.socket.directoryRecordType
        if plain { return (NodeID(workweave: workweave, upper: ino), type) }
        let length = s.path.count
        try s.path.append(name)
        defer { s.path.truncate(length) }
        guard let status = try upper.statusIfExists(s.path) else { return nil }
        if try isWhiteout(status, s.path, marked: place.marksWhiteouts) { return nil }
        return (try identify(status, s.path, name, parentLower: place.lower, s).id, status.type.directoryRecordType)
    }
}
