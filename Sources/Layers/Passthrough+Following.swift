package import Syscalls

/// What the kernel knows and is no longer so.
package enum PassthroughChange: Hashable, Sendable {
    /// A name in a directory means something else, or nothing.
    case name([UInt8], in: UInt64)
    /// There is nothing at a name where there was a file, which nobody needs unless he has it open.
    case gone([UInt8], in: UInt64)
    /// Attributes, contents or listing of a node.
    case node(UInt64)
}

/// Following what others do to the files of a clone, so that the kernel may keep for long what it knows.
///
/// Names: the directory has an inotify watch, placed before anything is looked up in it. Attributes: inotify tells most changes, and what it
/// cannot tell (stores into a mapping, another name of the file, an entry of a directory that nobody has looked into) a look at each file
/// that the kernel was told of lately, every half a second. A file is compared by its change time (ctime) and size, which any change moves;
/// but it moves them before the contents, so what was told meanwhile is told once more.
///
/// Who tells the kernel waits, between seeing a change and telling, for the requests under way: what they answer may be older.
extension Passthrough {
    /// Seconds for which files are looked at again after the kernel was told of them.
    package static let followedSeconds: Int64 = 20
    /// Nanoseconds that a change of contents may take after its time was set, to be seen nevertheless where nothing tells of its end.
    private static let freshness: Int64 = 200_000_000
    /// How many are looked at, at most; the kernel keeps others for a moment only.
    static let mostFollowed = 20_000

    /// Makes sure that a directory is followed, if it can be. Before anything is looked up in it.
    func follow(_ node: PassthroughNode, _ directory: FileDescriptor) {
        guard let watcher, table.withLock({ node.watch == PassthroughNode.notTried }) else { return }
        let isLocal = isLocal(directory)
        let watch = isLocal ? watcher.watch(directory, self, node.id) : nil
        table.withLock { if node.watch == PassthroughNode.notTried { node.watch = watch ?? PassthroughNode.notFollowed } }
    }

    /// Whether all changes in a directory come through this kernel: not those of network file systems and the like (statfs(2)).
    private func isLocal(_ directory: FileDescriptor) -> Bool {
        guard let type = try? directory.fileSystemStatus().type else { return false }
        return FileSystemStatus.local.contains(type)
    }

    /// Notes what the kernel is about to be told of a node; under `table`. - Returns: whether it may be kept for ``followedSeconds``.
    func noteLocked(_ node: PassthroughNode, _ status: FileStatus) -> Bool {
        let told = PassthroughNode.Told(status)
        node.told = told
        node.isFresh = !node.isDirectory && told != node.own && Self.isFresh(status)
        guard let watcher, node.pinned == nil, (node.parent?.watch ?? node.watch) > 0 else { return false }
        if !node.isPolled {
            guard polled.count < Self.mostFollowed else { return false }
            node.isPolled = true
            polled.append(node)
            if polled.count == 1 { watcher.stir() }
        }
        node.toldAt = monotonicNanoseconds()
        return true
    }

    /// The same, from outside.
    package func note(_ id: UInt64, _ status: FileStatus) -> Bool {
        guard let node = try? node(id) else { return false }
        return table.withLock { noteLocked(node, status) }
    }

    private static func isFresh(_ status: FileStatus) -> Bool {
        let now = Timestamp.current
        let age = (now.seconds - status.ctime) * 1_000_000_000 + Int64(now.nanoseconds) - Int64(status.ctime_ns)
        return (0..<freshness).contains(age)
    }

    /// The kernel has changed a file through us and knows it.
    func noteOwnChange(_ node: PassthroughNode, _ file: FileDescriptor) {
        guard table.withLock({ node.isPolled }), let status = try? file.status() else { return }
        noteOwnChange(node, status)
    }

    func noteOwnChange(_ node: PassthroughNode, _ status: FileStatus) {
        let told = PassthroughNode.Told(status)
        table.withLock { (node.told, node.own, node.isFresh) = (told, told, false) }
    }

    /// What an event means for the kernel.
    package func changes(_ directory: UInt64, _ event: Inotify.Event, _ s: Scratch) -> [PassthroughChange] {
        guard let node = try? node(directory) else { return [] }
        if event.isAny(of: .end) {
            // What it holds is followed no more.
            table.withLock { node.watch = PassthroughNode.notTried }
            return below(node)
        }
        if event.name.isEmpty { return changed(node, try? attributes(directory, s)) }
        let there = status(of: event.name, in: node, s)
        var known: PassthroughNode?
        if let there { known = self.known(node.root, there) }
        var all: [PassthroughChange] = []
        if let known, let there {
            all = changed(known, there)
            // The kernel may have been told the time of this write before its end.
            if all.isEmpty, event.isAny(of: .writing), table.withLock({ known.told != nil && known.own != PassthroughNode.Told(there) }) { all = [.node(known.id)] }
        }
        if event.isAny(of: .names) {
            all.append(.node(directory))
            if let known, event.isAny(of: .movedTo) { relocate(known, to: node, event.name) }
            let (isAsKnown, wasFile) = table.withLock {
                noteLeft(event.name, of: node, now: known)
                return (!removeAbsent(event.name, node) && known != nil && node.shown[event.name] == known?.id, there == nil && isShownAsFile(event.name, in: node))
            }
            if !isAsKnown { all.append(wasFile ? .gone(event.name, in: directory) : .name(event.name, in: directory)) }
        }
        return all
    }

    private func status(of name: [UInt8], in directory: PassthroughNode, _ s: Scratch) -> FileStatus? {
        do throws(Errno) {
            return try withDirectory(directory, s) { d throws(Errno) in
                try put(name, s)
                return try d.statusIfExists(s.path)
            }
        } catch { return nil }
    }

    /// A node whose file is not as the kernel was told, if so.
    private func changed(_ node: PassthroughNode, _ status: FileStatus?) -> [PassthroughChange] {
        let seen = status.map { PassthroughNode.Told($0) }
        return table.withLock {
            guard node.told != nil, node.told != seen else { return [] }
            node.told = seen
            return [.node(node.id)]
        }
    }

    /// Looks at the files that the kernel was told of lately. - Returns: those that have changed.
    package func lookAgain(_ s: Scratch) -> [PassthroughChange] {
        let now = monotonicNanoseconds()
        let nodes = table.withLock {
            // A second more than the kernel keeps them.
            polled.removeAll { node in
                node.isPolled = now - node.toldAt < (Self.followedSeconds + 1) * 1_000_000_000
                return !node.isPolled
            }
            return polled
        }
        let fresh = table.withLock {
            nodes.filter(\.isFresh).map { node in
                node.isFresh = false
                return PassthroughChange.node(node.id)
            }
        }
        return fresh + nodes.flatMap { changed($0, try? attributes($0.id, s)) }
    }

    /// Whether there is anything for ``lookAgain(_:)``.
    package var isFollowing: Bool { table.withLock { !polled.isEmpty } }

    /// All that the kernel may know, to be told of. Names that were absent are forgotten thereby.
    package func takeEverything() -> [PassthroughChange] {
        table.withLock { all.flatMap { Self.changes(of: $0) + tellAbsent($0) } }
    }

    private func below(_ directory: PassthroughNode) -> [PassthroughChange] {
        table.withLock { all.filter { $0.parent === directory }.flatMap { Self.changes(of: $0) } + tellAbsent(directory) }
    }

    private static func changes(of node: PassthroughNode) -> [PassthroughChange] {
        [.node(node.id)] + (node.parent.map { [.name(node.name, in: $0.id)] } ?? [])
    }
}

extension FileSystemStatus {
    /// ext2 to ext4, XFS, btrfs, F2FS, bcachefs, ZFS, tmpfs, overlayfs.
    static let local: Set<UInt64> = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0xca45_1a4e, 0x2fc1_2fc1, 0x0102_1994, overlay]
}
