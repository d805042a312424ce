package import Syscalls

/// Who a new file is made for, where the server has the right to give it away.
package struct NewOwner: Sendable {
    package let uid: UInt32
    package let gid: UInt32
    package init(uid: UInt32, gid: UInt32) {
        self.uid = uid
        self.gid = gid
    }
}

/// What is added, removed and moved. `wasSent`: a server that died may have done it already; finding it done is success then.
extension Passthrough {
    /// A regular file, FIFO, socket or device (mknod(2)); `mode` holds type and permissions. `umask`: the caller's, which the disk
    /// leaves out where the directory has a default ACL (umask(2)).
    package func makeNode(_ parent: UInt64, _ name: Span<UInt8>, mode: UInt32, umask: UInt32 = 0, major: UInt32, minor: UInt32, owner: NewOwner?, wasSent: Bool,
                          _ s: Scratch) throws(Errno) -> PassthroughFound {
        guard mode & FileType.mask == FileType.regular.rawValue else {
            return try add(parent, name, owner, wasSent, s) { directory throws(Errno) in
                try masked(umask) { () throws(Errno) in try directory.makeNode(s.path, mode: mode, major: major, minor: minor) }
            }
        }
        var file: OwnedDescriptor?
        let found = try add(parent, name, owner, wasSent, s) { directory throws(Errno) in
            file = OwnedDescriptor(try masked(umask) { () throws(Errno) in
                try directory.openBeneath(s.path, OpenFlags.readWrite | OpenFlags.create | OpenFlags.exclusive, mode: mode & 0o7777)
            })
        }
        if mode & ~umask & 0o600 != 0o600, CurrentProcess.userID != 0, let file = file.take(), let node = try? node(found.id) { hold(node, file.release()) }
        return found
    }

    package func makeDirectory(_ parent: UInt64, _ name: Span<UInt8>, mode: UInt32, umask: UInt32 = 0, owner: NewOwner?, wasSent: Bool, _ s: Scratch) throws(Errno) -> PassthroughFound {
        try add(parent, name, owner, wasSent, s) { directory throws(Errno) in
            try masked(umask) { () throws(Errno) in try directory.makeDirectory(s.path, mode: mode & 0o7777) }
        }
    }

    /// Runs `body` with this umask; the thread's own is 0.
    private func masked<R>(_ umask: UInt32, _ body: () throws(Errno) -> R) throws(Errno) -> R {
        if umask == 0 { return try body() }
        try CurrentProcess.setThreadUmask(umask)
        defer { try? CurrentProcess.setThreadUmask(0) }
        return try body()
    }

    package func makeSymlink(_ parent: UInt64, _ name: Span<UInt8>, target: [UInt8], owner: NewOwner?, wasSent: Bool, _ s: Scratch) throws(Errno) -> PassthroughFound {
        try add(parent, name, owner, wasSent, s) { directory throws(Errno) in try directory.makeSymlink(s.path, target: target) }
    }

    /// A further name for a file (link(2)), in the same root.
    package func link(_ id: UInt64, _ parent: UInt64, _ name: Span<UInt8>, wasSent: Bool, _ s: Scratch) throws(Errno) -> PassthroughFound {
        guard Self.root(of: id) == Self.root(of: parent) else { throw .crossDevice }
        let handle = OwnedDescriptor(try open(try node(id), OpenFlags.path, s))
        return try add(parent, name, nil, wasSent, s) { directory throws(Errno) in try handle.descriptor.link(handleTo: directory, s.path) }
    }

    private func add(_ parent: UInt64, _ name: Span<UInt8>, _ owner: NewOwner?, _ wasSent: Bool, _ s: Scratch,
                     _ make: (FileDescriptor) throws(Errno) -> Void) throws(Errno) -> PassthroughFound {
        try inDirectory(parent, name, s) { node, directory throws(Errno) in
            follow(node, directory)
            do throws(Errno) {
                try make(directory)
                if let owner {
                    // A set-group-id directory has given its group already.
                    let keepsGroup = try directory.status().permissions & 0o2000 != 0
                    try directory.setOwner(s.path, uid: owner.uid, gid: keepsGroup ? .max : owner.gid)
                }
            } catch { if error != .exists || !wasSent { throw error } }
            let status = try directory.status(s.path), found = enter(node, name.array, status)
            keep(found.id, status, directory, s)
            return found
        }
    }

    package func unlink(_ parent: UInt64, _ name: Span<UInt8>, wasSent: Bool, _ s: Scratch) throws(Errno) {
        try remove(parent, name, wasSent, s) { directory throws(Errno) in try directory.unlink(s.path) }
    }

    package func removeDirectory(_ parent: UInt64, _ name: Span<UInt8>, wasSent: Bool, _ s: Scratch) throws(Errno) {
        try remove(parent, name, wasSent, s) { directory throws(Errno) in try directory.removeDirectory(s.path) }
    }

    private func remove(_ parent: UInt64, _ name: Span<UInt8>, _ wasSent: Bool, _ s: Scratch, _ work: (FileDescriptor) throws(Errno) -> Void) throws(Errno) {
        try inDirectory(parent, name, s) { node, directory throws(Errno) in
            guard let status = try directory.statusIfExists(s.path) else {
                if wasSent { return }
                throw .notFound
            }
            let leaving = try pinBeforeLeaving(node.root, status, directory, s.path)
            do throws(Errno) { try work(directory) } catch {
                if let leaving { pin(leaving, nil) }
                throw error
            }
        }
    }

    /// A file that is about to lose its name stays reachable for those who have it open.
    private func pinBeforeLeaving(_ root: UInt16, _ status: FileStatus, _ directory: FileDescriptor, _ path: PathBuffer) throws(Errno) -> PassthroughNode? {
        guard let node = known(root, status), place(node).pinned == nil else { return nil }
        let handle = SharedFile(try directory.openBeneath(path, OpenFlags.path))
        guard node.isSame(try handle.use { file throws(Errno) in try file.status() }) else { return nil }
        pin(node, handle)
        return node
    }

    /// renameat2(2) with ``RenameFlags``, within one root.
    package func rename(_ parent: UInt64, _ name: Span<UInt8>, to newParent: UInt64, _ newName: Span<UInt8>, flags: UInt32, wasSent: Bool,
                        _ s: Scratch) throws(Errno) {
        guard Self.root(of: parent) == Self.root(of: newParent) else { throw .crossDevice }
        if newName.count > 255 { throw .nameTooLong }
        let target = try node(newParent), newBytes = newName.array
        let s2 = s.inner
        try withDirectory(target, s2) { newDirectory throws(Errno) in
            s.other.reset()
            try s.other.prepend(newBytes.span)
            try inDirectory(parent, name, s) { source, directory throws(Errno) in
                let replaced = try newDirectory.statusIfExists(s.other)
                guard let moving = try directory.statusIfExists(s.path) else {
                    if wasSent, replaced != nil { return }
                    throw .notFound
                }
                let isExchange = flags & RenameFlags.exchange != 0
                var leaving: PassthroughNode?
                if let replaced, !isExchange, replaced.ino != moving.ino { leaving = try pinBeforeLeaving(target.root, replaced, newDirectory, s.other) }
                do throws(Errno) { try directory.rename(s.path, to: newDirectory, s.other, flags: flags) } catch {
                    if let leaving { pin(leaving, nil) }
                    throw error
                }
                if let node = known(source.root, moving) { move(node, to: target, newBytes) }
                if isExchange, let replaced, let node = known(source.root, replaced) { move(node, to: source, name.array) }
            }
        }
    }
}
