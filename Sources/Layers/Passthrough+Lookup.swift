package import Syscalls

extension Passthrough {
    /// Finds `name` in a directory, and counts a reference of the kernel's to what is there. Nil: there is nothing.
    package func lookup(_ parent: UInt64, _ name: Span<UInt8>, _ s: Scratch) throws(Errno) -> PassthroughFound? {
        try inDirectory(parent, name, s) { node, directory throws(Errno) in
            follow(node, directory)
            guard let status = try directory.statusIfExists(s.path) else { return nil }
            let found = enter(node, name.array, status)
            keep(found.id, status, directory, s)
            return found
        }
    }

    /// stat(2) of a node.
    package func attributes(_ id: UInt64, _ s: Scratch) throws(Errno) -> FileStatus {
        let node = try node(id)
        let (parent, name, pinned) = place(node)
        if let pinned { return try pinned.use { handle throws(Errno) in try handle.status() } }
        if node.isDirectory { return try withDirectory(node, s) { d throws(Errno) in try d.status() } }
        guard let parent else { throw .stale }
        let there = try withDirectory(parent, s) { directory throws(Errno) in
            try put(name, s)
            return try directory.statusIfExists(s.path)
        }
        if let there, node.isSame(there) { return there }
        // Moved or removed behind our back, but open here.
        do throws(Errno) { return try withKept(node) { handle throws(Errno) in try handle.status() } } catch where error == .stale {
            return try readers.with(id, open: { () throws(Errno) -> FileDescriptor in throw .stale }) { file throws(Errno) in try file.status() }
        }
    }

    package func readLink(_ id: UInt64, _ s: Scratch) throws(Errno) -> [UInt8] {
        try withHandle(try node(id), s) { handle throws(Errno) in try handle.readLinkOfHandle() }
    }

    /// Hands out the entries of a directory from an offset on (0: the first; otherwise one that was handed out) but for "." and "..",
    /// until `body` returns false. Offsets are the disk's own.
    package func list(_ id: UInt64, from offset: Int64, _ s: Scratch,
                      _ body: (_ name: Span<UInt8>, _ ino: UInt64, _ type: UInt8, _ next: Int64) -> Bool) throws(Errno) {
        try listing(try node(id), from: offset, s) { _, name, ino, type, next in body(name, ino, type, next) }
    }

    /// The inode numbers of "." and ".." as the disk has them.
    package func inodesOfDots(_ id: UInt64, _ s: Scratch) throws(Errno) -> (own: UInt64, parent: UInt64) {
        try withDirectory(try node(id), s) { handle throws(Errno) in
            s.path.reset()
            try s.path.prepend([UInt8](repeating: UInt8(ascii: "."), count: 2).span)
            let own = try handle.status().ino
            // Of a directory that may be read and not entered nobody is told where it lies.
            return (own, (try? handle.status(s.path).ino) ?? own)
        }
    }

    /// The same with what a look-up would find; the kernel gets a reference to each entry that `body` took. An entry that vanishes meanwhile is left out.
    /// Nil is found where the directory may be read and not entered.
    package func listWithStatus(_ id: UInt64, from offset: Int64, _ s: Scratch,
                                _ body: (_ name: Span<UInt8>, _ ino: UInt64, _ type: UInt8, _ found: PassthroughFound?, _ next: Int64) -> Bool) throws(Errno) {
        let node = try node(id)
        try listing(node, from: offset, s) { directory, name, ino, type, next in
            s.path.reset()
            let there: FileStatus?
            do throws(Errno) {
                try s.path.prepend(name)
                there = try directory.statusIfExists(s.path)
            } catch { return body(name, ino, type, nil, next) }
            guard let status = there else { return true }
            let found = enter(node, name.array, status)
            keep(found.id, status, directory, s)
            if body(name, ino, type, found, next) { return true }
            forget(found.id, count: 1)
            noteNotTold(id, name)
            return false
        }
    }

    private func listing(_ node: PassthroughNode, from offset: Int64, _ s: Scratch,
                         _ body: (FileDescriptor, Span<UInt8>, UInt64, UInt8, Int64) -> Bool) throws(Errno) {
        let opened = try withDirectory(node, s) { handle throws(Errno) in
            try handle.open(handleWith: OpenFlags.readOnly | OpenFlags.directory)
        }
        let directory = OwnedDescriptor(opened)
        follow(node, directory.descriptor)
        if offset > 0 { _ = try directory.descriptor.seek(offset, whence: 0) }
        while try s.directory.fill(from: directory.descriptor) {
            let goesOn = s.directory.forEach { name, type, next, ino in body(directory.descriptor, name, ino, type, next) }
            if !goesOn { return }
        }
    }

    /// statfs(2) of the file system that a node lies on.
    package func fileSystemStatus(_ id: UInt64, _ s: Scratch) throws(Errno) -> FileSystemStatus {
        try withHandle(try node(id), s) { handle throws(Errno) in try handle.fileSystemStatus() }
    }
}
