package import Syscalls

extension Overlay {
    /// Makes a regular file, FIFO or socket (mknod(2)); `mode` holds type and permissions.
    /// - Throws: EEXIST, EROFS, ENOSPC; EPERM for devices.
    package func makeNode(parent: NodeID, name: Span<UInt8>, mode: UInt32, wasSent: Bool, _ s: Scratch) throws(Errno) -> Found {
        let type = FileType(rawValue: mode & FileType.mask) ?? .regular
        guard type != .character, type != .block else { throw .permission }
        return try add(parent, name, type, wasSent, s) { directory, path throws(Errno) in
            if type == .regular {
                try directory.openBeneath(path, OpenFlags.create | OpenFlags.exclusive | OpenFlags.writeOnly, mode: mode & 0o7777).close()
            } else {
                try directory.makeNode(path, mode: mode)
            }
        }
    }

    package func makeDirectory(parent: NodeID, name: Span<UInt8>, mode: UInt32, wasSent: Bool, _ s: Scratch) throws(Errno) -> Found {
        try add(parent, name, .directory, wasSent, s) { directory, path throws(Errno) in try directory.makeDirectory(path, mode: mode & 0o7777) }
    }

    package func makeSymlink(parent: NodeID, name: Span<UInt8>, target: [UInt8], wasSent: Bool, _ s: Scratch) throws(Errno) -> Found {
        try add(parent, name, .symlink, wasSent, s) { directory, path throws(Errno) in try directory.makeSymlink(path, target: target) }
    }

    /// A new entry: `make` puts it at a path that is free. Where a whiteout is in the way, it is made aside and takes the whiteout's place in one step.
    private func add(_ parent: NodeID, _ name: Span<UInt8>, _ type: FileType, _ wasSent: Bool, _ s: Scratch,
                     _ make: (FileDescriptor, PathBuffer) throws(Errno) -> Void) throws(Errno) -> Found {
        if name.count > 255 { throw .nameTooLong }
        namespace.readLock()
        defer { namespace.unlock() }
        try materialize(parent, s)
        let stripe = directoryStripe(parent)
        stripe.lock()
        defer { stripe.unlock() }
        let place = try locate(parent, name, s.path)
        guard place.state == .live else { throw .notFound }
        let present = try upper.statusIfExists(s.path)
        if let present {
            guard try isWhiteout(present, s.path, marked: place.marksWhiteouts) else {
                // The server that first got this request carried it out and died before it answered.
                if wasSent, present.type == type { return try find(parent, name, s, counting: true) }
                throw .exists
            }
            try replaceWhiteout(type, parent, s, make)
        } else {
            if let directory = place.lower, lower.child(directory, name) != nil { throw .exists }
            try make(upper, s.path)
        }
        let status = try upper.status(s.path)
        let identity = Identity(id: NodeID(workweave: workweave, upper: status.ino))
        return try enter(identity, parent, name, status, s, counting: true)
    }

    /// Makes the entry in the work directory and swaps it with the whiteout at `s.path`.
    private func replaceWhiteout(_ type: FileType, _ parent: NodeID, _ s: Scratch, _ make: (FileDescriptor, PathBuffer) throws(Errno) -> Void) throws(Errno) {
        _ = try locate(parent, nil, s.third)
        let above = try upper.status(s.third)
        try temporary(s.other)
        try make(work, s.other)
        do throws(Errno) {
            if above.permissions & 0o2000 != 0 {
                // What the disk does for an entry that is made in a set-group-id directory.
                let made = try work.status(s.other)
                try work.setOwner(s.other, uid: .max, gid: above.gid)
                if type == .directory { try work.setMode(s.other, made.permissions | 0o2000) }
            }
            if type == .directory {
                try work.setAttribute(s.other, format.opaque, [UInt8(ascii: "y")])
                try work.rename(s.other, to: upper, s.path, flags: RenameFlags.exchange)
                try work.unlink(s.other)
            } else {
                try work.rename(s.other, to: upper, s.path)
            }
        } catch {
            if type == .directory { try? work.removeDirectory(s.other) } else { try? work.unlink(s.other) }
            throw error
        }
    }

    /// A further name for a file (link(2)).
    package func link(_ id: NodeID, newParent: NodeID, newName: Span<UInt8>, wasSent: Bool, _ s: Scratch) throws(Errno) -> Found {
        if newName.count > 255 { throw .nameTooLong }
        namespace.readLock()
        defer { namespace.unlock() }
        try materialize(newParent, s)
        try materialize(id, s)
        let stripe = directoryStripe(newParent)
        stripe.lock()
        defer { stripe.unlock() }
        let place = try locate(newParent, newName, s.path)
        guard place.state == .live else { throw .notFound }
        let source = try locate(id, nil, s.other)
        guard source.state == .live else { throw .notFound }
        if let present = try upper.statusIfExists(s.path) {
            guard try isWhiteout(present, s.path, marked: place.marksWhiteouts) else {
                if wasSent { return try find(newParent, newName, s, counting: true) }
                throw .exists
            }
            try temporary(s.third)
            try upper.link(s.other, to: work, s.third)
            do throws(Errno) { try work.rename(s.third, to: upper, s.path) } catch {
                try? work.unlink(s.third)
                throw error
            }
        } else {
            if let directory = place.lower, lower.child(directory, newName) != nil { throw .exists }
            try upper.link(s.other, to: upper, s.path)
        }
        let status = try upper.status(s.path)
        return try enter(Identity(id: id), newParent, newName, status, s, counting: true)
    }
}
