package import Fuse
package import Layers
package import Syscalls

/// Answers for the mount `W/.workweaves`: its root lists the workweaves, and each of them is an ``Overlay``.
///
/// Every request is: count it, find the overlay by the node id, ask it, answer. No lock is held when the answer goes out.
package final class WorkweavesHandler: RequestHandler, @unchecked Sendable {
    /// What an entry of the root is.
    package enum Member: Sendable {
        case overlay(Overlay)
        /// A workweave of the checkout engine: a link to where it lies.
        case link(target: String)
        /// A workweave of the kernel engine: an empty directory, on which its overlay is mounted.
        case mountPoint
        /// A workweave that somebody else has for himself: a directory to mount on, and whatever is asked of it is EBUSY.
        case handedOut
    }

    /// Makes or removes a workweave because somebody said mkdir or rmdir; on a thread of its own, free to take long.
    package protocol Keeper: AnyObject, Sendable {
        func makeWorkweave(named name: String, umask: UInt32) throws(Errno)
        func removeWorkweave(named name: String) throws(Errno)
    }

    package let counters = Counters()
    private let lock = ReadWriteLock()
    private var overlays: [UInt32: Overlay] = [:]
    /// The numbers of those that are handed out.
    private var handedOut: Set<UInt32> = []
    private var members: [String: (id: UInt32, member: Member)] = [:]
    private var changed = Timestamp.current
    private let started = Timestamp.current
    /// Set once, before the first request.
    package weak var keeper: (any Keeper)?

    /// The part of a node id that stands for a link in the root.
    private static let linkPart = NodeID.maxPart
    private static let linkLow: UInt32 = 2, mountPointLow: UInt32 = 3, handedOutLow: UInt32 = 4

    package init() {}

    // MARK: Members

    /// Shows a workweave under a name. - Parameter id: its number, never used for another.
    package func add(_ name: String, id: UInt32, _ member: Member) {
        lock.withWriteLock {
            members[name] = (id, member)
            overlays[id] = nil
            handedOut.remove(id)
            switch member {
            case .overlay(let o): overlays[id] = o
            case .handedOut: handedOut.insert(id)
            case .link, .mountPoint: break
            }
            changed = .current
        }
    }

    /// Shows it no more. Requests for its nodes are answered ESTALE from now on.
    package func remove(_ name: String) {
        lock.withWriteLock {
            if let m = members.removeValue(forKey: name) {
                overlays[m.id] = nil
                handedOut.remove(m.id)
            }
            changed = .current
        }
    }

    package func overlay(named name: String) -> Overlay? {
        lock.withReadLock {
            guard case .overlay(let o)? = members[name]?.member else { return nil }
            return o
        }
    }

    /// Whether anything is shown under a name.
    package func shows(_ name: String) -> Bool { lock.withReadLock { members[name] != nil } }

    /// Whether a name is one that somebody else has for himself.
    package func isHandedOut(_ name: String) -> Bool {
        lock.withReadLock { if case .handedOut? = members[name]?.member { true } else { false } }
    }

    var anyOverlay: Overlay? { lock.withReadLock { overlays.values.first } }

    func overlay(_ node: UInt64) throws(Errno) -> Overlay {
        let id = NodeID(raw: node)
        let (overlay, isHandedOut) = lock.withReadLock { (overlays[id.workweave], handedOut.contains(id.workweave)) }
        guard let overlay else { throw isHandedOut ? .busy : .stale }
        return overlay
    }

    var scratch: Scratch { (Worker.current?.scratch as? Scratch) ?? Scratch() }

    // MARK: The root

    func rootStatus() -> FileStatus {
        var s = FileStatus()
        (s.ino, s.mode, s.nlink, s.blksize, s.size) = (1, FileType.directory.rawValue | 0o755, 1, 4096, 4096)
        (s.uid, s.gid) = (CurrentProcess.userID, CurrentProcess.groupID)
        let when = lock.withReadLock { changed }
        (s.atime, s.mtime, s.ctime, s.btime) = (when.seconds, when.seconds, when.seconds, started.seconds)
        (s.atime_ns, s.mtime_ns, s.ctime_ns) = (when.nanoseconds, when.nanoseconds, when.nanoseconds)
        return s
    }

    func rootEntry(_ name: Span<UInt8>, _ s: Scratch) throws(Errno) -> Entry {
        let text = name.text
        guard let (id, member) = lock.withReadLock({ members[text] }) else { throw .notFound }
        return try entry(id, member, s)
    }

    private func entry(_ id: UInt32, _ member: Member, _ s: Scratch) throws(Errno) -> Entry {
        switch member {
        case .overlay(let o): return Entry(node: o.root.raw, generation: o.generation, status: try o.attributes(o.root, s))
        case .link(let target): return Entry(node: linkNode(id), generation: 1, status: linkStatus(id, target))
        case .mountPoint, .handedOut:
            let status = if case .handedOut = member { mountPointStatus(id, Self.handedOutLow) } else { mountPointStatus(id, Self.mountPointLow) }
            return Entry(node: status.ino, generation: 1, status: status)
        }
    }

    private func linkNode(_ id: UInt32) -> UInt64 { NodeID(workweave: id, part: Self.linkPart, low: Self.linkLow).raw }

    private func mountPointStatus(_ id: UInt32, _ low: UInt32) -> FileStatus {
        var s = FileStatus()
        (s.ino, s.mode, s.nlink, s.blksize) = (NodeID(workweave: id, part: Self.linkPart, low: low).raw, FileType.directory.rawValue | 0o555, 1, 4096)
        (s.uid, s.gid) = (CurrentProcess.userID, CurrentProcess.groupID)
        (s.atime, s.mtime, s.ctime, s.btime) = (started.seconds, started.seconds, started.seconds, started.seconds)
        return s
    }

    /// The attributes of a directory in the root that is mounted on, by us or by somebody who has it for himself; nil if `node` is none.
    func mountPoint(_ node: UInt64) -> FileStatus? {
        let id = NodeID(raw: node)
        guard !id.isUpper, id.part == Self.linkPart, id.low == Self.mountPointLow || id.low == Self.handedOutLow else { return nil }
        return mountPointStatus(id.workweave, id.low)
    }

    /// Whether `node` is such a directory, and an empty one.
    func isEmptyMountPoint(_ node: UInt64) -> Bool {
        let id = NodeID(raw: node)
        return !id.isUpper && id.part == Self.linkPart && id.low == Self.mountPointLow
    }

    private func linkStatus(_ id: UInt32, _ target: String) -> FileStatus {
        var s = rootStatus()
        (s.ino, s.mode, s.size) = (linkNode(id), FileType.symlink.rawValue | 0o777, UInt64(target.utf8.count))
        return s
    }

    /// The target and attributes of a root link, if `node` is one.
    func rootLink(_ node: UInt64) -> (target: String, status: FileStatus)? {
        let id = NodeID(raw: node)
        guard !id.isUpper, id.part == Self.linkPart, id.low == Self.linkLow else { return nil }
        let member = lock.withReadLock { members.values.first { $0.id == id.workweave } }
        guard case .link(let target)? = member?.member else { return nil }
        return (target, linkStatus(id.workweave, target))
    }

    /// The members past an offset, in the order of their numbers, which is the order of offsets.
    func membersSorted(after offset: Int64) -> [(name: String, id: UInt32, member: Member)] {
        lock.withReadLock {
            members.filter { Int64($0.value.id) + 2 > offset }.map { ($0.key, $0.value.id, $0.value.member) }.sorted { $0.1 < $1.1 }
        }
    }

    func rootEntry(_ member: (name: String, id: UInt32, member: Member), _ s: Scratch) throws(Errno) -> Entry {
        try entry(member.id, member.member, s)
    }

    // MARK: Requests

    package func lookup(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.lookup)
        serveLookup(r, parent, name)
    }

    package func forget(node: UInt64, count: UInt64) {
        counters.count(.forget)
        guard let o = try? overlay(node) else { return }
        o.forget(NodeID(raw: node), count: count, scratch)
    }

    package func attributes(_ r: consuming Request, node: UInt64) {
        counters.count(.getattr)
        if node == 1 { return r.reply(attributes: rootStatus(), timeout: 1) }
        if let link = rootLink(node) { return r.reply(attributes: link.status) }
        if let status = mountPoint(node) { return r.reply(attributes: status) }
        do throws(Errno) {
            let status = try overlay(node).attributes(NodeID(raw: node), scratch)
            r.reply(attributes: status)
        } catch { r.fail(error) }
    }

    package func setAttributes(_ r: consuming Request, node: UInt64, change: AttributeChange) {
        counters.count(.setattr)
        if node == 1 { return r.fail(.permission) }
        do throws(Errno) {
            let o = try overlay(node), s = scratch
            let status = try whenFull(o) { () throws(Errno) in try o.setAttributes(NodeID(raw: node), change, s) }
            r.reply(attributes: status)
        } catch { r.fail(error) }
    }

    package func readLink(_ r: consuming Request, node: UInt64) {
        counters.count(.readlink)
        if let link = rootLink(node) { return r.reply(link: Array(link.target.utf8)) }
        do throws(Errno) {
            let target = try overlay(node).readLink(NodeID(raw: node), scratch)
            r.reply(link: target)
        } catch { r.fail(error) }
    }

    package func makeNode(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32, device: UInt64) {
        counters.count(.mknod)
        let resent = r.isResent
        serveNew(r, parent) { o, s throws(Errno) in try o.makeNode(parent: NodeID(raw: parent), name: name, mode: mode, wasSent: resent, s) }
    }

    package func makeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32) {
        counters.count(.mkdir)
        if parent == 1 {
            let umask = r.context.umask
            return serveRootChange(r, name.text) { keeper, name throws(Errno) in try keeper.makeWorkweave(named: name, umask: umask) }
        }
        let resent = r.isResent
        serveNew(r, parent) { o, s throws(Errno) in try o.makeDirectory(parent: NodeID(raw: parent), name: name, mode: mode, wasSent: resent, s) }
    }

    package func makeSymlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, target: [UInt8]) {
        counters.count(.symlink)
        let resent = r.isResent
        serveNew(r, parent) { o, s throws(Errno) in try o.makeSymlink(parent: NodeID(raw: parent), name: name, target: target, wasSent: resent, s) }
    }

    package func link(_ r: consuming Request, node: UInt64, newParent: UInt64, newName: Span<UInt8>) {
        counters.count(.link)
        if NodeID(raw: node).workweave != NodeID(raw: newParent).workweave { return r.fail(.crossDevice) }
        let resent = r.isResent
        serveNew(r, newParent) { o, s throws(Errno) in
            try o.link(NodeID(raw: node), newParent: NodeID(raw: newParent), newName: newName, wasSent: resent, s)
        }
    }

    package func unlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.unlink)
        let resent = r.isResent
        serveChange(r, parent) { o, s throws(Errno) in try o.unlink(parent: NodeID(raw: parent), name: name, wasSent: resent, s) }
    }

    package func removeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.rmdir)
        if parent == 1 {
            return serveRootChange(r, name.text) { keeper, name throws(Errno) in try keeper.removeWorkweave(named: name) }
        }
        let resent = r.isResent
        serveChange(r, parent) { o, s throws(Errno) in try o.removeDirectory(parent: NodeID(raw: parent), name: name, wasSent: resent, s) }
    }

    package func rename(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, newParent: UInt64, newName: Span<UInt8>, flags: UInt32) {
        counters.count(.rename)
        serveRename(r, parent, name, newParent, newName, flags)
    }
}
