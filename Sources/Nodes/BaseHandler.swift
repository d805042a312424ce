internal import Fuse
package import Layers
package import Syscalls

/// Answers for the base view: what the kernel's overlayfs lies upon.
///
///     NAME/      a workweave's own: its virtual directories and files, and at each repo's path a directory with nothing but its `.git` file
///     .b/N/      a layer: the path of a repo, and there all that base number N holds but the `.git` file
///
/// An overlay has a workweave's directory as its first lower and below it the layers of the workweave's repos. So workweaves on one base
/// share its directories and files: what one of them has looked at is in the kernel's memory for all of them.
/// Nothing ever changes in it but the lists of names and layers, so the kernel may keep everything.
package final class BaseHandler: RequestHandler, @unchecked Sendable {
    private struct Shown {
        let tree: LowerTree
        /// What the layers are made of.
        let layers: LowerTree
        /// The path and the base's key of each part of it.
        let repos: [UInt32: (path: String, key: String)]
        /// The numbers of the bases, by part.
        var numbers: [UInt32: UInt32] = [:]
    }

    private struct Layer {
        /// The lower of the workweave that showed the base first.
        let tree: LowerTree
        let part: UInt32
        /// The names on the way from the layer's root to the repo's.
        let way: [[UInt8]]
        /// The workweaves that lie upon it.
        var users: Set<UInt32> = []
    }

    /// The name of the directory of the layers. No workweave's name begins with a dot.
    package static let layers = ".b"

    package let counters = Counters()
    private let lock = ReadWriteLock()
    private var names: [String: UInt32] = [:]
    private var shown: [UInt32: Shown] = [:]
    private var layers: [UInt32: Layer] = [:]
    private var numbers: BaseNumbers?
    /// How often the kernel refers to the roots of workweaves and layers, as far as this server knows.
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
            (layers, references) = ([:], [:])
            let current = Set(names.values)
            shown = shown.filter { current.contains($0.key) }
            return names.compactMap { name, id in shown[id].map { (name, id, $0) } }
        }
        for (name, id, s) in all { try add(name, id: id, s.tree, layers: s.layers, repos: s.repos) }
        guard isInherited else { return }
        lock.withWriteLock {
            for s in shown.values { references[s.tree.root.raw, default: 0] += 1 }
            for base in layers.keys { references[BaseNode.way(base: base, depth: 0).raw, default: 0] += 1 }
        }
    }

    /// Shows a workweave's own under its name, and the layers of its repos.
    /// - Parameters:
    ///   - tree: what is its own. Must not change while an overlay lies upon it.
    ///   - layerTree: holds all repos.
    ///   - repos: the path and the base's key of each part of that.
    package func add(_ name: String, id: UInt32, _ tree: LowerTree, layers layerTree: LowerTree, repos: [UInt32: (path: String, key: String)]) throws(Errno) {
        var s = Shown(tree: tree, layers: layerTree, repos: repos)
        if let numbers = lock.withReadLock({ numbers }) {
            for (part, repo) in repos { s.numbers[part] = try numbers.number(of: repo.key) }
        }
        lock.withWriteLock {
            names[name] = id
            shown[id] = s
            for (part, number) in s.numbers {
                let way = (repos[part]?.path ?? "").split(separator: "/").map { Array($0.utf8) }
                layers[number, default: Layer(tree: layerTree, part: part, way: way)].users.insert(id)
            }
        }
    }

    /// Shows it no more; what the kernel knows of it is to be dropped by a notification for each name that is answered. Until the kernel has
    /// forgotten a root, nodes below it are still found: somebody may have an overlay upon it that was detached.
    package func remove(_ name: String) -> [(name: String, parent: UInt64)] {
        lock.withWriteLock {
            guard let id = names.removeValue(forKey: name), let s = shown[id] else { return [] }
            var gone: [(name: String, parent: UInt64)] = [(name, BaseNode.root.raw)]
            // Also layers of repos that it has no more.
            for number in layers.filter({ $0.value.users.contains(id) }).keys {
                layers[number]?.users.remove(id)
                guard layers[number]?.users.isEmpty ?? false else { continue }
                gone.append(("\(number)", BaseNode.layers.raw))
                if references[BaseNode.way(base: number, depth: 0).raw] == nil { layers[number] = nil }
            }
            if references[s.tree.root.raw] == nil { shown[id] = nil }
            return gone
        }
    }

    package func holds(_ name: String) -> Bool { lock.withReadLock { names[name] != nil } }

    /// The kernel is given a reference to an entry of `directory`: counted, where it is the root of a workweave or layer.
    func countRoot(_ e: Entry, in directory: UInt64) {
        guard directory <= BaseNode.layers.raw, e.node != BaseNode.layers.raw else { return }
        lock.withWriteLock { references[e.node, default: 0] += 1 }
    }

    package func forget(node: UInt64, count: UInt64) {
        counters.count(.forget)
        lock.withWriteLock {
            guard let known = references[node] else { return }
            references[node] = known > count ? known - count : nil
            guard known <= count else { return }
            switch BaseNode(raw: node) {
            case .own(let id) where !names.values.contains(id.workweave): shown[id.workweave] = nil
            case .way(let base, _) where layers[base]?.users.isEmpty ?? false: layers[base] = nil
            default: break
            }
        }
    }

    // MARK: Nodes

    /// An entry of a lower. - Parameter base: the number of the base in whose layer it is shown; nil: a workweave's own.
    struct Found {
        let tree: LowerTree
        let entry: LowerEntry
        let base: UInt32?
        func at(_ e: LowerEntry) -> Found { Found(tree: tree, entry: e, base: base) }
        /// Whether a name of this directory is shown here: those of a repo's root are shown in two places.
        func shows(_ child: LowerEntry) -> Bool { entry.part == 0 || entry.entry != 0 || tree.isGitFile(child) == (base == nil) }

        var node: BaseNode {
            let id = tree.id(entry)
            return if let base { .shared(base: base, low: id.low) } else { .own(id) }
        }

        var status: FileStatus {
            var s = tree.status(entry)
            s.ino = node.raw
            return s
        }

        func child(_ name: Span<UInt8>) -> Found? {
            guard let e = tree.child(entry, name), shows(e) else { return nil }
            return at(e)
        }
    }

    var generation: UInt64 { lock.withReadLock { numbers?.generation ?? 1 } }

    /// The entry that a node stands for; nil for the directories that lead to entries. - Throws: ESTALE.
    func find(_ node: UInt64) throws(Errno) -> Found? {
        switch BaseNode(raw: node) {
        case .root, .layers, .way: return nil
        case .own(let id):
            guard let s = lock.withReadLock({ shown[id.workweave] }), let e = s.tree.resolve(id) else { throw .stale }
            return Found(tree: s.tree, entry: e, base: nil)
        case .shared(let base, let low):
            guard let l = lock.withReadLock({ layers[base] }),
                  let e = l.tree.resolve(NodeID(workweave: l.tree.workweave, part: l.part, low: low)) else { throw .stale }
            return Found(tree: l.tree, entry: e, base: base)
        }
    }

    /// What the kernel is to know of a node. - Throws: ESTALE.
    func entry(_ node: BaseNode) throws(Errno) -> Entry {
        Entry(node: node.raw, generation: generation, status: try find(node.raw)?.status ?? made(node))
    }

    /// The attributes of a directory that leads to entries.
    func made(_ node: BaseNode) -> FileStatus {
        var s = FileStatus()
        (s.ino, s.mode, s.nlink, s.blksize, s.size) = (node.raw, FileType.directory.rawValue | 0o555, 1, 4096, 4096)
        (s.uid, s.gid) = (CurrentProcess.userID, CurrentProcess.groupID)
        (s.atime, s.mtime, s.ctime, s.btime) = (started.seconds, started.seconds, started.seconds, started.seconds)
        return s
    }

    /// A name in such a directory, and the offset in a listing that is past it.
    struct Lead {
        let name: [UInt8]
        let next: Int64
        let node: BaseNode
    }

    /// The node of a name in such a directory.
    func lead(_ directory: BaseNode, _ name: Span<UInt8>) -> BaseNode? {
        guard case .root = directory else {
            let bytes = name.array
            return leads(directory).first { $0.name == bytes }?.node
        }
        let text = name.text
        if text == Self.layers { return .layers }
        return lock.withReadLock { names[text].flatMap { shown[$0] }.map { .own($0.tree.root) } }
    }

    /// What such a directory holds, by offset.
    func leads(_ directory: BaseNode) -> [Lead] {
        lock.withReadLock {
            switch directory {
            case .root:
                let all = names.sorted { $0.value < $1.value }.compactMap { name, id in
                    shown[id].map { Lead(name: Array(name.utf8), next: Int64(id) + 2, node: .own($0.tree.root)) }
                }
                return all + [Lead(name: Array(Self.layers.utf8), next: .max, node: .layers)]
            case .layers:
                return layers.filter { !$0.value.users.isEmpty }.keys.sorted().map {
                    Lead(name: Array("\($0)".utf8), next: Int64($0) + 3, node: .way(base: $0, depth: 0))
                }
            case .way(let base, let depth):
                guard let l = layers[base], depth < l.way.count else { return [] }
                let root = BaseNode.shared(base: base, low: l.tree.root(ofPart: l.part).low)
                return [Lead(name: l.way[Int(depth)], next: 3, node: Int(depth) + 1 < l.way.count ? .way(base: base, depth: depth + 1) : root)]
            default: return []
            }
        }
    }
}
