internal import Fuse
package import Layers
package import Syscalls

/// Answers for one project mount: a ``ProjectTree`` on top, ``Passthrough`` below.
///
/// Others change what is shown, so names and attributes are valid for less than a second. The tree can be replaced while requests are
/// under way: each takes the one that is current when it begins. A listing goes on with the tree that it began with.
package final class ProjectHandler: RequestHandler, @unchecked Sendable {
    /// Composes trees; free to read the disk, but for the mount itself.
    package protocol Source: AnyObject, Sendable {
        /// What the project is now, or nil when that cannot be said, or is what `current` is already.
        func refreshed(_ current: ProjectTree) -> ProjectTree?
        /// Makes another project the one that is shown, for somebody who wrote its name into `.rwv-active`; puts the tree into the handler.
        /// - Throws: EINVAL for one that does not exist.
        func activate(named name: [UInt8]) throws(Errno) -> [ProjectTree.Change]
        /// Tells the kernel of what has changed. Never called from a request handler's thread.
        func tellKernel(_ changes: [ProjectTree.Change])
    }

    package let counters = Counters()
    package let files: Passthrough
    /// Extended attributes of the mount's root, which are not listed.
    let marks: [String: [UInt8]]
    private let lock = ReadWriteLock()
    private var tree: ProjectTree
    private var changed = Timestamp.current
    private var checked: Int64 = 0
    /// Trees that were replaced, for listings that began with them; the newest last.
    private var former: [ProjectTree] = []
    private let owner = (uid: CurrentProcess.userID, gid: CurrentProcess.groupID)
    /// Set once, before the first request.
    package weak var source: (any Source)?

    package var isOnlyWriter: Bool { false }

    /// Seconds that the kernel may keep names and attributes of the weave's files, and of what the tree shows.
    static let timeout = 0.9
    static let treeTimeout = 0.5
    /// The same for what is followed, so that we shall tell when it is no longer so.
    static let followedName = 86_400.0
    static let followedAttributes = Double(Passthrough.followedSeconds)
    /// Nanoseconds between two looks at what the tree is made of.
    private static let interval: Int64 = 250_000_000

    package init(marks: [String: [UInt8]], files: Passthrough, tree: ProjectTree) {
        self.marks = marks
        self.files = files
        self.tree = tree
    }

    // MARK: The tree

    /// The tree as it is, without a look at the disk.
    package var current: ProjectTree { lock.withReadLock { tree } }

    /// The tree, looked at again if that is due.
    func fresh() -> ProjectTree {
        let now = monotonicNanoseconds()
        let (known, isDue) = lock.withReadLock { (tree, now - checked > Self.interval) }
        guard isDue else { return known }
        let isOurs = lock.withWriteLock { () -> Bool in
            if now - checked <= Self.interval { return false }
            checked = now
            return true
        }
        guard isOurs, let new = source?.refreshed(known) else { return known }
        // A switch that came between is newer.
        lock.withWriteLock { if tree.version == known.version { put(new) } }
        return current
    }

    /// Shows another tree from here on. - Returns: what the kernel has to be told.
    package func replace(by new: ProjectTree) -> [ProjectTree.Change] {
        lock.withWriteLock {
            let changes = new.changes(since: tree)
            put(new)
            return changes
        }
    }

    private func put(_ new: ProjectTree) {
        former = former.suffix(7) + [tree]
        tree = new
        changed = .current
    }

    /// The tree that a listing began with; nil when that is too long ago.
    func tree(version: UInt32) -> ProjectTree? {
        lock.withReadLock { tree.version == version ? tree : former.last { $0.version == version } }
    }

    // MARK: Helpers of all requests

    var scratch: Scratch { (Worker.current?.scratch as? Scratch) ?? Scratch() }

    /// The node of the directory that holds what is written at the mount's top.
    func upper(_ tree: ProjectTree, _ s: Scratch) throws(Errno) -> UInt64 {
        try files.top(tree.upper, counting: false, s).id
    }

    /// The same for who has no requests to answer; nil when it is not there.
    package var topNode: UInt64? { try? upper(current, Scratch()) }

    /// The directory of the weave that a request for `node` means; the mount's root stands for its writable part.
    /// - Throws: EPERM for other directories that are made up.
    func real(_ node: UInt64, _ s: Scratch) throws(Errno) -> UInt64 {
        if node == ProjectTree.root { return try upper(current, s) }
        if ProjectTree.isVirtual(node) { throw .permission }
        return node
    }

    /// - Throws: EROFS for files of repos that may not be changed.
    func checkWritable(_ node: UInt64) throws(Errno) {
        // Who stands in a repo may not look at the tree for a long time.
        if fresh().readOnly.contains(Passthrough.root(of: node)) { throw .readOnly }
    }

    /// Attributes of a directory, link or file of the tree.
    func status(_ entry: ProjectTree.Entry, _ tree: ProjectTree, _ s: Scratch) -> FileStatus {
        var out = FileStatus()
        let when = lock.withReadLock { changed }
        (out.ino, out.nlink, out.blksize, out.uid, out.gid) = (entry.id, 1, 4096, owner.uid, owner.gid)
        (out.mtime, out.mtime_ns) = (when.seconds, when.nanoseconds)
        switch entry.item {
        case .link(let target): (out.mode, out.size) = (FileType.symlink.rawValue | 0o777, UInt64(target.count))
        case .file(let bytes): (out.mode, out.size) = (FileType.regular.rawValue | 0o644, UInt64(bytes.count))
        case .directory, .attachment: (out.mode, out.size) = (FileType.directory.rawValue | (entry.id == ProjectTree.root ? 0o755 : 0o555), 4096)
        }
        // What is written at the top changes the top.
        if entry.id == ProjectTree.root, let below = try? files.top(tree.upper, counting: false, s).status,
           (below.mtime, below.mtime_ns) > (out.mtime, out.mtime_ns) { (out.mtime, out.mtime_ns) = (below.mtime, below.mtime_ns) }
        (out.ctime, out.ctime_ns, out.atime, out.atime_ns, out.btime) = (out.mtime, out.mtime_ns, out.mtime, out.mtime_ns, out.mtime)
        return out
    }

    func entry(_ found: PassthroughFound) -> Entry {
        Entry(node: found.id, generation: found.generation, status: found.status,
              timeout: found.namesAreFollowed ? Self.followedName : Self.timeout,
              attributeTimeout: found.isFollowed ? Self.followedAttributes : Self.timeout)
    }

    /// An entry of the mount's top, which stands there for one tree only.
    func topEntry(_ found: PassthroughFound) -> Entry {
        var entry = entry(found)
        entry.timeout = Self.timeout
        return entry
    }

    func entry(_ entry: ProjectTree.Entry, _ tree: ProjectTree, _ s: Scratch) throws(Errno) -> Entry {
        if case .attachment(let root) = entry.item { return topEntry(try files.top(root, counting: true, s)) }
        return Entry(node: entry.id, generation: 1, status: status(entry, tree, s), timeout: Self.treeTimeout)
    }

    /// Who is to own what a request makes: its sender, where we have the right to say so.
    func newOwner(_ r: borrowing Request) -> NewOwner? {
        guard owner.uid == 0 else { return nil }
        let context = r.context
        return context.uid == 0 && context.gid == owner.gid ? nil : NewOwner(uid: context.uid, gid: context.gid)
    }
}
