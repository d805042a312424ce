internal import Syscalls

/// From a node to the file itself. Whatever is found at a place is compared with what was seen there.
extension Passthrough {
    /// Runs `body` with the open directory (O_PATH) of a node. - Throws: ESTALE when something else stands at its place.
    func withDirectory<R>(_ node: PassthroughNode, _ s: Scratch, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        let (parent, name, pinned) = place(node)
        if let pinned { return try pinned.use(body) }
        guard node.isDirectory else { throw .notDirectory }
        guard let parent else { return try topDirectory(node, s).use(body) }
        return try with(directories, node, open: { () throws(Errno) in try openDirectory(node, name, parent, s) }, body)
    }

    /// Runs `body` with a file that a cache holds, or takes from `open` and keeps if it may.
    private func with<R>(_ cache: DescriptorCache, _ node: PassthroughNode, open: () throws(Errno) -> FileDescriptor,
                         _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        guard node.isElsewhere else { return try cache.with(node.id, open: open, body) }
        let file = OwnedDescriptor(try open())
        return try body(file.descriptor)
    }

    /// Opens a directory from the nearest one above that is open, however deep it lies.
    private func openDirectory(_ node: PassthroughNode, _ name: [UInt8], _ parent: PassthroughNode, _ s: Scratch) throws(Errno) -> FileDescriptor {
        var below = [(node, name)]
        var at = parent
        var base: OwnedDescriptor
        while true {
            if let known = try? directories.with(at.id, open: { () throws(Errno) -> FileDescriptor in throw .stale }, { d throws(Errno) in try d.duplicate() }) {
                base = OwnedDescriptor(known)
                break
            }
            let (above, itsName, pinned) = place(at)
            var directory = pinned
            if directory == nil, above == nil { directory = try topDirectory(at, s) }
            if let directory {
                base = OwnedDescriptor(try directory.use { d throws(Errno) in try d.duplicate() })
                break
            }
            guard let above else { throw .stale }
            below.append((at, itsName))
            at = above
        }
        for (child, itsName) in below.reversed() {
            base = OwnedDescriptor(try open(child, itsName, in: base.descriptor, OpenFlags.path | OpenFlags.directory, s))
        }
        return base.release()
    }

    /// The same for the directory of an id, and a name in it, which `s.path` holds.
    func inDirectory<R>(_ id: UInt64, _ name: Span<UInt8>, _ s: Scratch,
                        _ body: (PassthroughNode, FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        if name.count > 255 { throw .nameTooLong }
        let node = try node(id)
        let bytes = name.array
        return try withDirectory(node, s) { directory throws(Errno) in
            try put(bytes, s)
            return try body(node, directory)
        }
    }

    func put(_ name: [UInt8], _ s: Scratch) throws(Errno) {
        s.path.reset()
        try s.path.prepend(name.span)
    }

    /// Opens what stands at `name` if it is the node's file.
    private func open(_ node: PassthroughNode, _ name: [UInt8], in directory: FileDescriptor, _ flags: Int32, _ s: Scratch) throws(Errno) -> FileDescriptor {
        try put(name, s)
        let file: FileDescriptor
        // openat2(2) takes nothing else with O_PATH. A FIFO must not be waited for.
        let all = flags & OpenFlags.path != 0 ? flags : flags | OpenFlags.nonBlocking
        do throws(Errno) { file = try directory.openBeneath(s.path, all) } catch {
            // Another kind of file than the one that was there.
            throw [.notFound, .notDirectory, .linkLoop].contains(error) ? .stale : error
        }
        do throws(Errno) {
            guard node.isSame(try file.status()) else { throw .stale }
        } catch {
            file.close()
            throw error
        }
        return file
    }

    /// Opens the file of a node, for I/O or as a handle.
    func open(_ node: PassthroughNode, _ flags: Int32, _ s: Scratch) throws(Errno) -> FileDescriptor {
        let (parent, name, pinned) = place(node)
        var known = pinned
        if known == nil, parent == nil { known = try topDirectory(node, s) }
        if let known {
            return try known.use { handle throws(Errno) in
                try flags & OpenFlags.path != 0 ? handle.duplicate() : handle.open(handleWith: flags | OpenFlags.nonBlocking)
            }
        }
        guard let parent else { throw .stale }
        do throws(Errno) { return try withDirectory(parent, s) { directory throws(Errno) in try open(node, name, in: directory, flags, s) } } catch {
            guard [.stale, .notFound].contains(error) else { throw error }
            return try withKept(node) { handle throws(Errno) in
                if flags & OpenFlags.path == 0, flags & 3 != OpenFlags.readOnly { try checkLeft(node, handle) }
                return try flags & OpenFlags.path != 0 ? handle.duplicate() : handle.open(handleWith: flags | OpenFlags.nonBlocking)
            }
        }
    }

    /// What is written to a file without a name is gone with it. That is for those who have had it open, not for those who open it by
    /// a name that the kernel does not yet know to be another's. Nobody may wait here to hear of that: who tells the kernel waits for the
    /// pages of this very file. - Throws: ESTALE as long as we have not heard of it.
    private func checkLeft(_ node: PassthroughNode, _ handle: FileDescriptor) throws(Errno) {
        guard try handle.status().nlink > 0 || table.withLock({ node.hasLeft }) else { throw .stale }
    }

    /// Runs `body` with the handle that is kept of a file. - Throws: ESTALE when none is.
    func withKept<R>(_ node: PassthroughNode, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        try handles.with(node.id, open: { () throws(Errno) -> FileDescriptor in throw .stale }, body)
    }

    /// The largest file that a handle is kept of because its name was looked up, in bytes: what others remove takes up room until the
    /// kernel has forgotten it.
    private static let mostKept: UInt64 = 16 << 20

    /// Keeps a handle of a node's open file.
    private func keep(_ node: PassthroughNode, _ file: FileDescriptor) {
        if !node.isElsewhere { try? handles.with(node.id, open: { () throws(Errno) in try file.open(handleWith: OpenFlags.path) }) { _ in } }
    }

    /// Keeps a handle of the file at `s.path` in a directory, which was found there as a node.
    func keep(_ id: UInt64, _ status: FileStatus, _ directory: FileDescriptor, _ s: Scratch) {
        guard status.isRegular, status.size <= Self.mostKept else { return }
        try? handles.with(id, open: { () throws(Errno) -> FileDescriptor in
            let handle = try directory.openBeneath(s.path, OpenFlags.path)
            if let now = try? handle.status(), let node = try? node(id), node.isSame(now), !node.isElsewhere { return handle }
            handle.close()
            throw .stale
        }) { _ in }
    }

    /// Runs `body` with a handle (O_PATH) of the node's file, of whatever kind.
    func withHandle<R>(_ node: PassthroughNode, _ s: Scratch, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        let (parent, name, pinned) = place(node)
        if let pinned { return try pinned.use(body) }
        if node.isDirectory { return try withDirectory(node, s, body) }
        guard let parent else { throw .stale }
        let handle = OwnedDescriptor(try withDirectory(parent, s) { directory throws(Errno) in try open(node, name, in: directory, OpenFlags.path, s) })
        return try body(handle.descriptor)
    }

    /// Runs `body` with the file open for reading; it stays open for the next request.
    func withReader<R>(_ node: PassthroughNode, _ s: Scratch, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        try with(readers, node, open: { () throws(Errno) in
            do throws(Errno) { return try open(node, OpenFlags.readOnly, s) } catch where error == .accessDenied { return try heldCopy(node, error) }
        }, body)
    }

    /// Runs `body` with the file open for writing. It is closed after that: while somebody has a program open for writing, nobody can run it.
    func withWriter<R>(_ node: PassthroughNode, _ s: Scratch, _ body: (FileDescriptor) throws(Errno) -> R) throws(Errno) -> R {
        let file: OwnedDescriptor
        do throws(Errno) { file = OwnedDescriptor(try open(node, OpenFlags.writeOnly, s)) } catch {
            guard error == .accessDenied else { throw error }
            file = OwnedDescriptor(try heldCopy(node, error))
        }
        keep(node, file.descriptor)
        return try body(file.descriptor)
    }

    private func heldCopy(_ node: PassthroughNode, _ error: Errno) throws(Errno) -> FileDescriptor {
        try held.with(node.id, open: { () throws(Errno) -> FileDescriptor in throw error }) { file throws(Errno) in try file.duplicate() }
    }

    /// Keeps a file open whose mode forbids to open it again: whoever has it open may go on reading and writing. Root may anyway.
    func hold(_ node: PassthroughNode, _ file: FileDescriptor) {
        held.drop(exactly: node.id)
        try? held.with(node.id, open: { () throws(Errno) in file }) { _ in }
    }
}
