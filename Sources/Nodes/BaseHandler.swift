package import Fuse
package import Layers
package import Syscalls

/// Answers for the base view: a directory for each workweave of the `kernel` engine that shows its lower, for the kernel's overlayfs to lie upon.
///
/// Nothing ever changes in it but its root, so the kernel may keep everything. Files are shared: see ``BaseNode``.
package final class BaseHandler: RequestHandler, @unchecked Sendable {
    private struct Shown {
        let tree: LowerTree
        /// The keys of the bases, by part.
        let keys: [UInt32: String]
        /// Their numbers.
        var numbers: [UInt32: UInt32] = [:]
    }

    package let counters = Counters()
    private let lock = ReadWriteLock()
    private var names: [String: UInt32] = [:]
    private var shown: [UInt32: Shown] = [:]
    /// Who shows a base, and as which part of his.
    private var holders: [UInt32: [UInt32: UInt32]] = [:]
    private var numbers: BaseNumbers?
    /// How often the kernel refers to each workweave's directory, as far as this server knows.
    private var references: [UInt64: UInt64] = [:]
    private let started = Timestamp.current

    package init() {}

    // MARK: Members

    /// Begins a mount: before its first request.
    /// - Parameter isInherited: the kernel may refer to any directory; it tells when it does so no more.
    /// - Throws: ENOSPC and the like, from ``BaseNumbers``.
    package func begin(_ numbers: BaseNumbers, isInherited: Bool) throws(Errno) {
        // Others may be adding workweaves at the same time: from here on with the new numbers.
        let all = lock.withWriteLock {
            self.numbers = numbers
            (holders, references) = ([:], [:])
            let current = Set(names.values)
            shown = shown.filter { current.contains($0.key) }
            return names.compactMap { name, id in shown[id].map { (name, id, $0) } }
        }
        for (name, id, s) in all {
            try add(name, id: id, s.tree, keys: s.keys)
            if isInherited { count(s.tree.root.raw) }
        }
    }

    /// Shows a workweave's lower under its name. - Parameter keys: of the bases, by part.
    package func add(_ name: String, id: UInt32, _ tree: LowerTree, keys: [UInt32: String]) throws(Errno) {
        var s = Shown(tree: tree, keys: keys)
        if let numbers = lock.withReadLock({ numbers }) {
            for (part, key) in keys { s.numbers[part] = try numbers.number(of: key) }
        }
        lock.withWriteLock {
            names[name] = id
            shown[id] = s
            for (part, number) in s.numbers { holders[number, default: [:]][id] = part }
        }
    }

    /// Shows it no more; what the kernel knows of it is to be dropped by a notification for the root. Until the kernel has forgotten its
    /// directory, nodes in it are still found: an overlay may hold a shared file by the name that it has there, and would answer
    /// ESTALE for good if that failed.
    package func remove(_ name: String) {
        lock.withWriteLock {
            guard let id = names.removeValue(forKey: name), let root = shown[id]?.tree.root.raw else { return }
            if references[root] == nil { forgetTree(id) }
        }
    }

    /// Under `lock`.
    private func forgetTree(_ id: UInt32) {
        guard let s = shown.removeValue(forKey: id) else { return }
        for number in s.numbers.values {
            holders[number]?[id] = nil
            if holders[number]?.isEmpty ?? false { holders[number] = nil }
        }
    }

    /// The kernel is given a reference to a workweave's directory.
    private func count(_ node: UInt64) {
        lock.withWriteLock { references[node, default: 0] += 1 }
    }

    package func holds(_ name: String) -> Bool { lock.withReadLock { names[name] != nil } }

    // MARK: Nodes

    private struct Place {
        let shown: Shown
        let entry: LowerEntry
        let generation: UInt64
        var tree: LowerTree { shown.tree }
    }

    private func find(_ node: UInt64) throws(Errno) -> Place {
        let found = lock.withReadLock { () -> (Shown, NodeID, UInt64)? in
            switch BaseNode(raw: node) {
            case .own(let id): return shown[id.workweave].map { ($0, id, numbers?.generation ?? 1) }
            case .shared(let base, let low):
                guard let (owner, part) = holders[base]?.first, let s = shown[owner] else { return nil }
                return (s, NodeID(workweave: owner, part: part, low: low), numbers?.generation ?? 1)
            }
        }
        guard let (s, id, generation) = found, let e = s.tree.resolve(id) else { throw .stale }
        return Place(shown: s, entry: e, generation: generation)
    }

    private func status(_ p: Place, _ e: LowerEntry) -> FileStatus {
        var s = p.tree.status(e)
        if p.tree.isShared(e), let number = p.shown.numbers[e.part] { s.ino = BaseNode.shared(base: number, low: UInt32(truncatingIfNeeded: s.ino)).raw }
        return s
    }

    private func entry(_ p: Place, _ e: LowerEntry) -> Entry {
        let s = status(p, e)
        return Entry(node: s.ino, generation: p.generation, status: s)
    }

    private func rootStatus() -> FileStatus {
        var s = FileStatus()
        (s.ino, s.mode, s.nlink, s.blksize, s.size) = (1, FileType.directory.rawValue | 0o555, 1, 4096, 4096)
        (s.uid, s.gid) = (CurrentProcess.userID, CurrentProcess.groupID)
        (s.atime, s.mtime, s.ctime, s.btime) = (started.seconds, started.seconds, started.seconds, started.seconds)
        return s
    }

    private func member(_ id: UInt32) throws(Errno) -> Place {
        guard let s = lock.withReadLock({ shown[id] }) else { throw .notFound }
        return try find(s.tree.root.raw)
    }

    // MARK: Requests

    package func lookup(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.lookup)
        do throws(Errno) {
            let e = try child(parent, name)
            if parent == 1 { count(e.node) }
            _ = r.reply(e)
        } catch { error == .notFound ? r.replyNegative(timeout: parent == 1 ? 0 : Entry.forEver) : r.fail(error) }
    }

    private func child(_ parent: UInt64, _ name: Span<UInt8>) throws(Errno) -> Entry {
        if parent == 1 {
            let text = name.text
            guard let id = lock.withReadLock({ names[text] }) else { throw .notFound }
            let p = try member(id)
            return entry(p, p.entry)
        }
        let p = try find(parent)
        guard let e = p.tree.child(p.entry, name) else { throw .notFound }
        return entry(p, e)
    }

    package func forget(node: UInt64, count: UInt64) {
        counters.count(.forget)
        lock.withWriteLock {
            guard let known = references[node] else { return }
            references[node] = known > count ? known - count : nil
            let id = NodeID(raw: node).workweave
            if known <= count, !names.values.contains(id) { forgetTree(id) }
        }
    }

    package func attributes(_ r: consuming Request, node: UInt64) {
        counters.count(.getattr)
        if node == 1 { return r.reply(attributes: rootStatus()) }
        do throws(Errno) {
            let p = try find(node)
            r.reply(attributes: status(p, p.entry))
        } catch { r.fail(error) }
    }

    package func readLink(_ r: consuming Request, node: UInt64) {
        counters.count(.readlink)
        do throws(Errno) {
            let p = try find(node)
            r.reply(link: try p.tree.content(p.entry))
        } catch { r.fail(error) }
    }

    package func read(_ r: consuming Request, node: UInt64, offset: Int64, size: Int) {
        counters.count(.read)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        do throws(Errno) {
            let p = try find(node)
            buffer.start(limit: size)
            try buffer.fill { b throws(Errno) in try p.tree.read(p.entry, at: offset, into: b) }
            r.reply(buffer)
        } catch { r.fail(error) }
    }

    package func fileSystemStatus(_ r: consuming Request, node: UInt64) {
        counters.count(.statfs)
        r.reply(FileSystemStatus())
    }

    // A base has no attributes. ENOSYS would save the questions, but then what lies on it could not be asked either.
    package func getAttribute(_ r: consuming Request, node: UInt64, name: String, size: Int) {
        counters.count(.getxattr)
        r.fail(.noData)
    }

    package func listAttributes(_ r: consuming Request, node: UInt64, size: Int) {
        counters.count(.listxattr)
        r.reply(attribute: [], asked: size)
    }

    package func readDirectory(_ r: consuming Request, node: UInt64, offset: Int64, size: Int, plus: Bool) {
        counters.count(.readdir)
        guard let buffer = Worker.current?.reply else { return r.fail(.io) }
        buffer.start(limit: size)
        do throws(Errno) { if node == 1 { listRoot(r, offset, plus, buffer) } else { list(r, try find(node), offset, plus, buffer) } } catch { return r.fail(error) }
        r.reply(buffer)
    }

    /// "." and "..", which overlayfs wants: offsets 1 and 2 are past them. False when the answer is full.
    private func addDots(_ r: borrowing Request, _ node: UInt64, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        var status = FileStatus()
        for (i, name) in [[UInt8(ascii: ".")], [UInt8(ascii: "."), UInt8(ascii: ".")]].enumerated() where offset <= Int64(i) {
            (status.ino, status.mode) = (i == 0 ? node : 1, FileType.directory.rawValue)
            let fits = plus ? r.add(name: name.span, entry: Entry(node: 0, generation: 0, status: status), next: Int64(i + 1), to: buffer)
                : r.add(name: name.span, node: status.ino, type: FileType.directory.directoryRecordType, next: Int64(i + 1), to: buffer)
            if !fits { return false }
        }
        return true
    }

    private func add(_ r: borrowing Request, _ name: Span<UInt8>, _ e: Entry, _ next: Int64, _ plus: Bool, _ buffer: ReplyBuffer) -> Bool {
        plus ? r.add(name: name, entry: e, next: next, to: buffer) : r.add(name: name, node: e.node, type: UInt8(e.status.mode >> 12), next: next, to: buffer)
    }

    private func listRoot(_ r: borrowing Request, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer) {
        guard addDots(r, 1, offset, plus, buffer) else { return }
        for (name, id) in lock.withReadLock({ names.sorted { $0.value < $1.value } }) where Int64(id) + 2 > offset {
            guard let p = try? member(id) else { continue }
            let e = entry(p, p.entry)
            if !add(r, Array(name.utf8).span, e, Int64(id) + 2, plus, buffer) { return }
            if plus { count(e.node) }
        }
    }

    private func list(_ r: borrowing Request, _ p: Place, _ offset: Int64, _ plus: Bool, _ buffer: ReplyBuffer) {
        guard addDots(r, status(p, p.entry).ino, offset, plus, buffer) else { return }
        let count = p.tree.childCount(p.entry)
        var i = Int(max(0, offset - 2))
        while i < count {
            let e = p.tree.child(p.entry, at: i)
            let fits = p.tree.withName(e) { name in add(r, name, entry(p, e), Int64(i + 3), plus, buffer) }
            if !fits { return }
            i += 1
        }
    }
}
