package import Syscalls

/// A copy-on-write view: an immutable lower, and one plain directory that holds what differs from it, in the kernel
/// overlayfs on-disk format. Everything acknowledged is in that directory; this object can be thrown away at any time and made again.
///
/// Locks, in the order in which they may be taken (docs/locks.md):
///  1. `namespace`: shared by everything that builds paths; exclusive for what moves a directory.
///  2. a stripe: one node's copy-up, attributes and last name. Never two at once: an ancestor's is given back before its descendant's is taken.
///  3. a directory stripe: what is added to and taken from one directory of the upper, and its times. Never two at once.
///  4. `lifts`: see there.
///  5. `table`: the map of upper nodes. A leaf; nothing slow happens under it, except the scan after a restart.
/// The kernel itself serialises changes to one directory, and renames of directories with one another.
package final class Overlay: @unchecked Sendable {
    package let workweave: UInt32
    package let root: NodeID
    package let format: UpperFormat
    let upper: FileDescriptor
    let work: FileDescriptor
    let orphans: FileDescriptor
    let files: DescriptorCache
    let namespace = ReadWriteLock()
    let table = Lock()
    let lifts = Lifts()
    private let stripes = (0..<64).map { _ in Lock() }
    private let directoryStripes = (0..<64).map { _ in Lock() }

    /// Guarded by `namespace`.
    private(set) var lower: LowerTree
    /// Of the nodes that the kernel is given; another one after somebody else has had the directory.
    package let generation: UInt64
    /// Whether somebody else has the directory now. Guarded by `namespace`.
    private var isClosed = false
    /// Whether nothing may be changed at the moment. Guarded by `namespace`.
    private var isSealed = false
    /// Guarded by `table`.
    var nodes: [UInt64: UpperNode] = [:]
    /// Whether the kernel may know nodes that a predecessor gave out, and the upper directory has not been read for them yet. Guarded by `table`.
    private var needsScan: Bool
    /// Ids of directories that the kernel knew before anything lay beneath them, which keep them: see ``meetLower()``. Its lock is a leaf.
    let met = Locked<Set<UInt64>>([])
    /// What number a copied-up link keeps that cannot carry it as an attribute, by the id of its inode. Its lock is a leaf, below `table`.
    let aliases = Locked<[UInt64: NodeID]>([:])
    private var temporaries: UInt64 = 0
    /// When an orphan was last removed (monotonic ns); `.max` while one is being. Guarded by `table`.
    var lastRelease: Int64 = 0

    /// - Parameters:
    ///   - directory: the workweave's state directory, which holds `upper` and `work`; both are opened here.
    ///   - generation: from 1 on.
    ///   - isInherited: the mount was served by another process before: its node ids must keep their meaning.
    /// - Throws: ENOENT and the like when the directories are not there.
    package init(lower: LowerTree, directory: String, format: UpperFormat, files: DescriptorCache, generation: UInt64 = 1, isInherited: Bool) throws(Errno) {
        self.lower = lower
        self.format = format
        self.files = files
        self.generation = generation
        workweave = lower.workweave
        root = lower.root
        needsScan = isInherited
        upper = try Files.open(directory + "/upper", OpenFlags.directory | OpenFlags.noFollow)
        work = try Files.open(directory + "/work", OpenFlags.directory | OpenFlags.noFollow)
        do throws(Errno) { try Files.makeDirectory(directory + "/work/orphans", mode: 0o700) } catch where error == .exists {}
        orphans = try Files.open(directory + "/work/orphans", OpenFlags.directory | OpenFlags.noFollow)
        try sweep(isInherited ? [work] : [orphans, work])
        nodes[root.raw] = UpperNode(id: root, parent: root, name: [], isDirectory: true, lowerID: root)
        nodes[root.raw]?.marksWhiteouts = try hasWhiteoutMark(PathBuffer())
    }

    deinit {
        upper.close()
        work.close()
        orphans.close()
    }

    /// Removes what a predecessor left in the work directory and nobody can reach any more. Orphans of an inherited mount may be in use.
    private func sweep(_ directories: [FileDescriptor]) throws(Errno) {
        let path = PathBuffer()
        for directory in directories {
            for entry in try directory.directoryEntries() where directory == orphans || (entry.text != "orphans" && entry.text != "work") {
                path.reset()
                try path.prepend(entry.name.span)
                if (try? directory.unlink(path)) == nil, directory == work { try? removeTree(work: path) }
            }
        }
    }

    private static func slot(_ id: NodeID) -> Int { Int(truncatingIfNeeded: (id.raw ^ id.raw >> 7) & 63) }
    func stripe(_ id: NodeID) -> Lock { stripes[Self.slot(id)] }
    /// Held around what changes the entries of an upper directory, so that a copy-up in it can put its times back.
    func directoryStripe(_ id: NodeID) -> Lock { directoryStripes[Self.slot(id)] }

    /// Replaces the lower by one with other repos (sync), which `make` makes; it may also move what lies in `upper` for those that left.
    /// No request is under way meanwhile, and those that come wait. - Throws: what `make` throws; nothing is replaced then.
    package func replaceLower<E: Error>(_ make: () throws(E) -> LowerTree) throws(E) {
        try namespace.withWriteLock { () throws(E) in
            lower = try make()
            table.withLock { meetLower() }
        }
    }

    /// Lets go of the directory: when this returns no request is under way, and those that come are answered ESTALE.
    package func close() {
        namespace.withWriteLock { isClosed = true }
    }

    /// Refuses changes (EROFS), or takes them again: when this returns no change is under way.
    package func setSealed(_ isSealed: Bool) {
        namespace.withWriteLock { self.isSealed = isSealed }
    }

    /// Call under `namespace`, before anything is changed. - Throws: EROFS while it is sealed.
    func requireUnsealed() throws(Errno) {
        if isSealed { throw .readOnly }
    }

    // MARK: Places

    /// Where a node lies: what a path was built for.
    struct Place {
        /// The directory that the path is relative to: the upper, or the orphans.
        var base: FileDescriptor
        /// Whether the node itself is in `base`.
        var isUpper: Bool
        /// The lower entry: of a file that is not in the upper, or the directory that shows through.
        var lower: LowerEntry?
        var marksWhiteouts = false
        var state = UpperNode.State.live
        var lastMode: UInt32 = 0
    }

    /// Builds the path of `id`, and of `name` in it if given, in `path`. Takes `table`; call under `namespace`.
    /// - Throws: ESTALE when the id names nothing (any more); ENAMETOOLONG.
    func locate(_ id: NodeID, _ name: Span<UInt8>? = nil, _ path: PathBuffer) throws(Errno) -> Place {
        table.lock()
        defer { table.unlock() }
        if isClosed { throw .stale }
        if needsScan {
            needsScan = false
            scan()
        }
        path.reset()
        if let name { try path.prepend(name) }
        var place: Place
        if let node = nodes[id.raw] {
            place = Place(base: upper, isUpper: node.state != .gone, lower: node.lowerID.flatMap(lower.resolve),
                          marksWhiteouts: node.marksWhiteouts, state: node.state, lastMode: node.lastMode)
            if node.state == .orphan {
                place.base = orphans
                try path.prepend(hexadecimal: id.raw)
                return place
            }
            if node.state == .gone {
                if !node.isDirectory { place.lower = lower.resolve(id) }
                return place
            }
        } else {
            guard let e = lower.resolve(id) else { throw .stale }
            place = Place(base: upper, isUpper: false, lower: e)
        }
        var at = id
        while at != root {
            if let node = nodes[at.raw] {
                try path.prepend(node.name.span)
                at = node.parent
            } else {
                guard let e = lower.resolve(at) else { throw .stale }
                try lower.withName(e) { n throws(Errno) in try path.prepend(n) }
                at = lower.id(lower.parent(e))
            }
        }
        return place
    }

    static func orphanName(_ id: NodeID) -> [UInt8] { Array(String(id.raw, radix: 16).utf8) }

    /// A fresh name in the work directory, put into `path`.
    func temporary(_ path: PathBuffer) throws(Errno) {
        let number = table.withLock { temporaries += 1; return temporaries }
        path.reset()
        try path.prepend(hexadecimal: number)
        try path.prependToName(UInt8(ascii: "t"))
    }
}
