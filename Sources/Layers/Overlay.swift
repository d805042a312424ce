package import Syscalls

/// A copy-on-write view: an immutable lower, and one plain directory that holds what differs from it, in the kernel
/// overlayfs on-disk format. Everything acknowledged is in that directory; this object can be thrown away at any time and made again.
///
/// Locks, in the order in which they may be taken (docs/locks.md):
///  1. `namespace`: shared by everything that builds paths; exclusive for what moves a directory.
///  2. a stripe: one node's copy-up and attributes. Never two at once, but for an ancestor's before its descendant's is taken.
///  3. `table`: the map of upper nodes. A leaf; nothing slow happens under it, except the scan after a restart.
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
    private let stripes = (0..<64).map { _ in Lock() }

    /// Guarded by `namespace`.
    private(set) var lower: LowerTree
    /// Guarded by `table`.
    var nodes: [UInt64: UpperNode] = [:]
    /// Whether the kernel may know nodes that a predecessor gave out, and the upper directory has not been read for them yet. Guarded by `table`.
    private var needsScan: Bool
    private var temporaries: UInt64 = 0

    /// - Parameters:
    ///   - directory: the workweave's state directory, which holds `upper` and `work`; both are opened here.
    ///   - isInherited: the mount was served by another process before: its node ids must keep their meaning.
    /// - Throws: ENOENT and the like when the directories are not there.
    package init(lower: LowerTree, directory: String, format: UpperFormat, files: DescriptorCache, isInherited: Bool) throws(Errno) {
        self.lower = lower
        self.format = format
        self.files = files
        workweave = lower.workweave
        root = lower.root
        needsScan = isInherited
        upper = try Files.open(directory + "/upper", OpenFlags.directory | OpenFlags.noFollow)
        work = try Files.open(directory + "/work", OpenFlags.directory | OpenFlags.noFollow)
        do throws(Errno) { try Files.makeDirectory(directory + "/work/orphans", mode: 0o700) } catch where error == .exists {}
        orphans = try Files.open(directory + "/work/orphans", OpenFlags.directory | OpenFlags.noFollow)
        if !isInherited { try sweep() }
        nodes[root.raw] = UpperNode(id: root, parent: root, name: [], isDirectory: true, lowerID: root)
        nodes[root.raw]?.marksWhiteouts = try hasWhiteoutMark(PathBuffer())
    }

    deinit {
        upper.close()
        work.close()
        orphans.close()
    }

    /// Removes what a predecessor left in the work directory and nobody can reach any more.
    private func sweep() throws(Errno) {
        let path = PathBuffer()
        for directory in [orphans, work] {
            for entry in try directory.directoryEntries() where directory == orphans || (entry.text != "orphans" && entry.text != "work") {
                path.reset()
                try path.prepend(entry.name.span)
                try? directory.unlink(path)
                try? removeTree(work: path)
            }
        }
    }

    func stripe(_ id: NodeID) -> Lock { stripes[Int(truncatingIfNeeded: (id.raw ^ id.raw >> 7) & 63)] }

    /// Replaces the lower by one that has the same entries and more (a repo added by sync). Waits for requests under way.
    package func replaceLower(_ new: LowerTree) {
        namespace.withWriteLock { lower = new }
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
                try path.prepend(Self.orphanName(id).span)
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
        try path.prepend(Array("t\(String(number, radix: 16))".utf8).span)
    }

    // MARK: Reading the upper's records

    func isWhiteout(_ s: FileStatus, _ path: PathBuffer, marked: Bool) throws(Errno) -> Bool {
        if s.isWhiteoutDevice { return true }
        guard marked, s.isRegular, s.size == 0 else { return false }
        return try upper.attribute(path, format.whiteoutMark) != nil
    }

    func hasWhiteoutMark(_ path: PathBuffer) throws(Errno) -> Bool {
        format.whiteout == .attribute ? try upper.attribute(path, format.opaque) == [UInt8(ascii: "x")] : false
    }

    /// What an entry of the upper directory is: its id, and for a directory what shows through.
    struct Identity {
        let id: NodeID
        let lowerID: NodeID?
        let marksWhiteouts: Bool
    }

    /// Reads the attributes of the entry at `path`, whose parent merges with `parentLower`.
    func identify(_ s: FileStatus, _ path: PathBuffer, _ name: Span<UInt8>, parentLower: LowerEntry?) throws(Errno) -> Identity {
        let fresh = NodeID(workweave: workweave, upper: s.ino)
        if s.isDirectory {
            let opaque = try upper.attribute(path, format.opaque)
            if opaque == [UInt8(ascii: "y")] { return Identity(id: fresh, lowerID: nil, marksWhiteouts: false) }
            let marks = opaque == [UInt8(ascii: "x")]
            var e: LowerEntry?
            if let redirect = try upper.attribute(path, format.redirect) {
                if redirect.first == UInt8(ascii: "/") { e = lower.find(path: redirect) } else if let parentLower {
                    e = lower.child(parentLower, redirect.span)
                }
            } else if let parentLower {
                e = lower.child(parentLower, name)
            }
            guard let e, lower.isDirectory(e) else { return Identity(id: fresh, lowerID: nil, marksWhiteouts: marks) }
            return Identity(id: lower.id(e), lowerID: lower.id(e), marksWhiteouts: marks)
        }
        if s.isRegular || format.prefix == .trusted, let text = try identityAttribute(path),
           let raw = UInt64(String(decoding: text, as: UTF8.self), radix: 16), NodeID(raw: raw).workweave == workweave {
            return Identity(id: NodeID(raw: raw), lowerID: nil, marksWhiteouts: false)
        }
        return Identity(id: fresh, lowerID: nil, marksWhiteouts: false)
    }

    private func identityAttribute(_ path: PathBuffer) throws(Errno) -> [UInt8]? {
        do throws(Errno) { return try upper.attribute(path, format.identity) } catch {
            if error == .notSupported || error == .permission { return nil }
            throw error
        }
    }

    /// Reads the whole upper directory for the nodes it has. Under `table`. What cannot be read is passed over: its ids are stale then.
    private func scan() {
        for entry in (try? orphans.directoryEntries()) ?? [] {
            guard let raw = UInt64(entry.text, radix: 16) else { continue }
            let node = UpperNode(id: NodeID(raw: raw), parent: root, name: [], isDirectory: false, lowerID: nil)
            node.state = .orphan
            nodes[raw] = node
        }
        scan(upper, root, [], lower.resolve(root), marked: nodes[root.raw]?.marksWhiteouts ?? false)
    }

    private func scan(_ directory: FileDescriptor, _ parent: NodeID, _ prefix: [UInt8], _ parentLower: LowerEntry?, marked: Bool) {
        guard let entries = try? directory.directoryEntries() else { return }
        let path = PathBuffer()
        for entry in entries {
            let full = prefix.isEmpty ? entry.name : prefix + [UInt8(ascii: "/")] + entry.name
            path.reset()
            guard (try? path.prepend(full.span)) != nil, let s = try? upper.statusIfExists(path),
                  (try? isWhiteout(s, path, marked: marked)) == false,
                  let identity = try? identify(s, path, entry.name.span, parentLower: parentLower) else { continue }
            if let known = nodes[identity.id.raw], known.state == .live, !s.isDirectory {
                known.add(parent, entry.name.span)
                continue
            }
            let node = UpperNode(id: identity.id, parent: parent, name: entry.name, isDirectory: s.isDirectory, lowerID: identity.lowerID)
            node.marksWhiteouts = identity.marksWhiteouts
            nodes[identity.id.raw] = node
            if s.isDirectory, let child = try? upper.openBeneath(path, OpenFlags.directory) {
                scan(child, identity.id, full, identity.lowerID.flatMap(lower.resolve), marked: identity.marksWhiteouts)
                child.close()
            }
        }
    }
}
