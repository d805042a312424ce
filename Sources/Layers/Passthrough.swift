package import Syscalls

/// Directories of the weave shown as they are: the clones, the project directory and the writable root of a project mount.
///
/// Others change them too, so nothing is believed: a node is a place (parent and name) where a certain inode was seen last; whenever the
/// place is used, the inode is compared, and another one there is ESTALE. Directories in use are open (O_PATH), so they work wherever they
/// are moved to, and names are looked up in them one at a time, never following links: nothing leads out of a root.
/// A file whose last known name is removed through the mount is pinned by a handle until the kernel forgets it.
package final class Passthrough: @unchecked Sendable {
    /// A directory of the weave that is shown.
    struct Root {
        /// Relative to the weave.
        let path: [UInt8]
        /// The directory as it was found last, and its node.
        var top: PassthroughNode?
        var directory: SharedFile?
        /// The mount that it lies in (``FileStatus/mount``).
        var mount: UInt32 = 0
    }

    /// The weave's directory; roots are opened beneath it.
    let base: SharedFile
    /// Descriptors for reading, and handles of directories, by node id.
    let readers: DescriptorCache
    let directories: DescriptorCache
    /// Handles of files that the kernel was told of, or that were written to, of late, by node id: whoever has one open goes on with it when others
    /// move, replace or remove its name.
    let handles: DescriptorCache
    /// Descriptors of files that were made with, or given, a mode that would not let us open them again.
    let held = DescriptorCache(capacity: 128)
    let locks = FileLocks()
    let journal: NodeJournal?
    /// Follows directories; nil: nothing is followed.
    let watcher: DirectoryWatcher?
    /// The nodes and their fields, the roots and the journal. A leaf: nothing but the journal's write(2) happens under it.
    let table = Lock()
    private var nodes: [UInt64: PassthroughNode] = [:]
    private var roots: [Root] = []
    /// Nodes that the kernel was told of lately; see ``lookAgain(_:)``. Guarded by `table`, as ``all`` is.
    var polled: [PassthroughNode] = []
    /// How many names stand in ``PassthroughNode/absent`` of all nodes.
    var absentCount = 0
    var all: Dictionary<UInt64, PassthroughNode>.Values { nodes.values }

    /// - Parameters:
    ///   - weave: the weave's directory.
    ///   - journal: what a predecessor wrote is taken over.
    ///   - watcher: tells what others do in directories.
    ///   - capacity: how many files are kept open for reading, and how many directories.
    ///   - handles: how many files a handle is kept of.
    package init(weave: String, journal: NodeJournal?, watcher: DirectoryWatcher? = nil, capacity: Int, handles: Int) throws(Errno) {
        self.watcher = watcher
        base = SharedFile(try Files.open(weave, OpenFlags.path | OpenFlags.directory))
        readers = DescriptorCache(capacity: capacity)
        directories = DescriptorCache(capacity: capacity)
        self.handles = DescriptorCache(capacity: handles)
        self.journal = journal
        if let journal { restore(journal.read()) }
    }

    deinit { watcher?.end(owner: ObjectIdentifier(self)) }

    // MARK: Roots

    /// The number of a directory of the weave, the same for as long as the mount lives. - Throws: ENOSPC past 1,023 of them.
    package func root(_ path: String) throws(Errno) -> UInt16 {
        table.lock()
        defer { table.unlock() }
        let bytes = Array(path.utf8)
        if let i = roots.firstIndex(where: { $0.path == bytes }) { return UInt16(i + 1) }
        guard roots.count < 1023 else { throw .noSpace }
        roots.append(Root(path: bytes))
        var record: [UInt8] = []
        NodeJournal.encode(.root(index: UInt16(roots.count), path: bytes), to: &record)
        journal?.append(record)
        return UInt16(roots.count)
    }

    /// The root that a node lies in.
    package static func root(of id: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: id >> 52) & 1023 }

    /// Opens a root's directory where it is now, which may be another than last time. - Throws: ENOENT and the like when there is none.
    private func openRoot(_ index: UInt16, _ s: Scratch) throws(Errno) -> (SharedFile, FileStatus) {
        guard let path = table.withLock({ index > 0 && Int(index) <= roots.count ? roots[Int(index) - 1].path : nil }) else { throw .stale }
        s.path.reset()
        try s.path.prepend(path.span)
        let file = SharedFile(try base.descriptor.openBeneath(s.path, OpenFlags.path | OpenFlags.directory))
        return (file, try file.use { directory throws(Errno) in try directory.status() })
    }

    /// What a look-up finds at the top of a root.
    package func top(_ index: UInt16, counting: Bool, _ s: Scratch) throws(Errno) -> PassthroughFound {
        let (file, status) = try openRoot(index, s)
        table.lock()
        defer { table.unlock() }
        var record: [UInt8] = []
        roots[Int(index) - 1].mount = status.mount
        let node = enterLocked(index, nil, [], status, counting: counting, &record)
        journal?.append(record)
        roots[Int(index) - 1].directory = file
        roots[Int(index) - 1].top = node
        return PassthroughFound(node, status, namesAreFollowed: false, isFollowed: noteLocked(node, status))
    }

    /// The open directory of a node at the top of its root.
    func topDirectory(_ node: PassthroughNode, _ s: Scratch) throws(Errno) -> SharedFile {
        let known = table.withLock { roots[Int(node.root) - 1] }
        if let directory = known.directory, known.top === node { return directory }
        let (file, status) = try openRoot(node.root, s)
        guard node.isSame(status) else { throw .stale }
        return file
    }

    // MARK: Nodes

    /// - Throws: ESTALE for an id that nobody was given, or that was forgotten.
    func node(_ id: UInt64) throws(Errno) -> PassthroughNode {
        guard let node = table.withLock({ nodes[id] }) else { throw .stale }
        return node
    }

    /// The node of the file that `status` describes, if the kernel knows it.
    func known(_ root: UInt16, _ status: FileStatus) -> PassthroughNode? {
        table.withLock { nodes[freeID(root, status.ino)].flatMap { $0.isSame(status) ? $0 : nil } }
    }

    /// Remembers what stands at `name` in `parent`, and counts a reference of the kernel's.
    func enter(_ parent: PassthroughNode, _ name: [UInt8], _ status: FileStatus, counting: Bool = true) -> PassthroughFound {
        var record: [UInt8] = []
        let found = table.withLock { () -> PassthroughFound in
            let node = enterLocked(parent.root, parent, name, status, counting: counting, &record)
            journal?.append(record)
            return PassthroughFound(node, status, namesAreFollowed: parent.watch > 0, isFollowed: noteLocked(node, status))
        }
        return found
    }

    private func enterLocked(_ root: UInt16, _ parent: PassthroughNode?, _ name: [UInt8], _ status: FileStatus, counting: Bool,
                             _ record: inout [UInt8]) -> PassthroughNode {
        let id = freeID(root, status.ino)
        let old = nodes[id]
        let node: PassthroughNode
        if let old, old.isSame(status) {
            node = old
            if node.parent !== parent || node.name != name {
                hide(node)
                (node.parent, node.name) = (parent, name)
                Self.encode(node, &record)
            }
            node.pinned = nil
        } else {
            node = PassthroughNode(id: id, root: root, ino: status.ino, generation: PassthroughNode.generation(status), isDirectory: status.isDirectory,
                                   isElsewhere: ![0, status.mount].contains(roots[Int(root) - 1].mount), parent: parent, name: name)
            // The disk gave the number of a file that is gone to another one. The kernel makes its inode bad when it hears the new
            // generation, and forgets both under the same id.
            if let old {
                node.lookups = old.lookups
                node.isRestored = old.isRestored
                hide(old)
                endWatch(old)
                dropAbsent(old)
                doomed(id)
            }
            nodes[id] = node
            Self.encode(node, &record)
            compactIfLong()
        }
        if counting { node.lookups += 1 }
        parent?.shown[name] = id
        return node
    }

    /// The id of an inode: derived, or the next one that no other inode of the root has.
    private func freeID(_ root: UInt16, _ ino: UInt64) -> UInt64 {
        var id = PassthroughNode.id(root: root, ino: ino)
        while let other = nodes[id], other.ino != ino { id = id & ~((1 << 52) - 1) | (id + 1) & ((1 << 52) - 1) }
        return id
    }

    private func doomed(_ id: UInt64) {
        readers.drop(exactly: id)
        directories.drop(exactly: id)
        held.drop(exactly: id)
        handles.drop(exactly: id)
    }

    /// The kernel has dropped references.
    package func forget(_ id: UInt64, count: UInt64) {
        table.withLock {
            guard let node = nodes[id] else { return }
            if node.isRestored ? count <= node.lookups : count < node.lookups {
                node.lookups -= count
                return
            }
            endWatch(node)
            hide(node)
            dropAbsent(node)
            // As soon as nothing holds the file, the disk gives its number to another one, which must not lose what is held of it.
            doomed(id)
            nodes[id] = nil
            // It may stand in `polled` for a while.
            node.pinned = nil
        }
    }

    private func endWatch(_ node: PassthroughNode) {
        if node.watch > 0 { watcher?.end(node.watch, owner: ObjectIdentifier(self), node.id) }
        node.watch = PassthroughNode.notTried
    }

    /// Where a node was seen last, and the handle it is pinned by.
    func place(_ node: PassthroughNode) -> (parent: PassthroughNode?, name: [UInt8], pinned: SharedFile?) {
        table.withLock { (node.parent, node.name, node.pinned) }
    }

    /// Pins a node, or lets go of it.
    func pin(_ node: PassthroughNode, _ handle: SharedFile?) { table.withLock { node.pinned = handle } }

    /// The node was moved through the mount.
    func move(_ node: PassthroughNode, to parent: PassthroughNode, _ name: [UInt8]) {
        var record: [UInt8] = []
        table.withLock {
            hide(node)
            (node.parent, node.name) = (parent, name)
            parent.shown[name] = node.id
            Self.encode(node, &record)
            journal?.append(record)
        }
    }

    /// Others have moved the node. What the kernel was told of its names is as it was.
    func relocate(_ node: PassthroughNode, to parent: PassthroughNode, _ name: [UInt8]) {
        table.withLock {
            guard node.parent !== parent || node.name != name else { return }
            hide(node)
            (node.parent, node.name) = (parent, name)
            var record: [UInt8] = []
            Self.encode(node, &record)
            journal?.append(record)
        }
    }

    /// It is not what the kernel was told of last at its place; under `table`.
    private func hide(_ node: PassthroughNode) {
        if let parent = node.parent, parent.shown[node.name] == node.id { parent.shown[node.name] = nil }
    }

    /// The node that the kernel was told of at a name is there no more; under `table`.
    func noteLeft(_ name: [UInt8], of directory: PassthroughNode, now: PassthroughNode?) {
        if let id = directory.shown[name], id != now?.id { nodes[id]?.hasLeft = true }
    }

    /// Whether the kernel was told of a file, or another that is no directory, at a name; under `table`.
    func isShownAsFile(_ name: [UInt8], in directory: PassthroughNode) -> Bool {
        directory.shown[name].flatMap { nodes[$0] }?.isDirectory == false
    }

    /// What the kernel was to be told of a name it has not taken.
    package func noteNotTold(_ directory: UInt64, _ name: Span<UInt8>) {
        guard let node = try? node(directory) else { return }
        let bytes = name.array
        table.withLock { node.shown[bytes] = nil }
    }

    // MARK: Journal

    private static func encode(_ n: PassthroughNode, _ bytes: inout [UInt8]) {
        NodeJournal.encode(.node(id: n.id, root: n.root, ino: n.ino, generation: n.generation, isDirectory: n.isDirectory,
                                 parent: n.parent?.id ?? 0, name: n.name), to: &bytes)
    }

    /// Most of a long journal is of nodes that were forgotten.
    private func compactIfLong() {
        guard let journal, journal.size > 4 << 20, journal.size > nodes.count * 512 else { return }
        var bytes: [UInt8] = []
        for (i, root) in roots.enumerated() { NodeJournal.encode(.root(index: UInt16(i + 1), path: root.path), to: &bytes) }
        // A parent may be known by its children only.
        var written: Set<UInt64> = []
        for node in nodes.values {
            var at: PassthroughNode? = node
            while let n = at, written.insert(n.id).inserted {
                Self.encode(n, &bytes)
                for name in n.absent { NodeJournal.encode(.absent(parent: n.id, name: name), to: &bytes) }
                at = n.parent
            }
        }
        journal.rewrite(bytes)
    }

    private func restore(_ records: [NodeJournal.Record]) {
        var parents: [UInt64: UInt64] = [:]
        for record in records {
            switch record {
            case .root(_, let path): roots.append(Root(path: path))
            case .node(let id, let root, let ino, let generation, let isDirectory, let parent, let name):
                let node = PassthroughNode(id: id, root: root, ino: ino, generation: generation, isDirectory: isDirectory, parent: nil, name: name)
                node.isRestored = true
                nodes[id] = node
                parents[id] = parent
            case .absent(let parent, let name): _ = nodes[parent].map { addAbsent(name, $0) }
            }
        }
        for (id, node) in nodes { node.parent = parents[id].flatMap { nodes[$0] } }
        // What has lost its parent cannot be found.
        nodes = nodes.filter { $0.value.parent != nil || $0.value.name.isEmpty }
    }
}

/// What a look-up found: node id, generation and attributes (with the file's own inode number).
package struct PassthroughFound {
    package let id: UInt64
    package let generation: UInt64
    package let status: FileStatus
    /// Whether somebody will tell when the name means something else.
    package let namesAreFollowed: Bool
    /// Whether somebody will tell, for ``Passthrough/followedSeconds``, when the attributes are others.
    package let isFollowed: Bool

    init(_ node: PassthroughNode, _ status: FileStatus, namesAreFollowed: Bool, isFollowed: Bool) {
        (id, generation) = (node.id, UInt64(node.generation))
        self.status = status
        self.namesAreFollowed = namesAreFollowed
        self.isFollowed = isFollowed
    }
}
