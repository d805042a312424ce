package import Fuse
internal import Layers
internal import Syscalls

/// Requests for what stands in directories.
extension ProjectHandler {
    /// What the mount's own file is called that says which project is shown.
    static let activeName = Array(".rwv-active".utf8)

    package func lookup(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.lookup)
        let s = scratch
        do throws(Errno) {
            guard let found = try find(parent, name, s) else {
                let isFollowed = !ProjectTree.isVirtual(parent) && files.noteAbsent(parent, name)
                return r.replyNegative(timeout: isFollowed ? Self.followedName : Self.treeTimeout)
            }
            let node = found.node
            if !r.reply(found) {
                forgetReal(node)
                if !ProjectTree.isVirtual(parent) { files.noteNotTold(parent, name) }
            }
        } catch { r.fail(error) }
    }

    private func forgetReal(_ node: UInt64) { if !ProjectTree.isVirtual(node) { files.forget(node, count: 1) } }

    package func forget(node: UInt64, count: UInt64) {
        counters.count(.forget)
        if !ProjectTree.isVirtual(node) { files.forget(node, count: count) }
    }

    private func find(_ parent: UInt64, _ name: Span<UInt8>, _ s: Scratch) throws(Errno) -> Entry? {
        guard ProjectTree.isVirtual(parent) else { return try files.lookup(parent, name, s).map { entry($0) } }
        let tree = fresh()
        guard let directory = tree.entry(parent) else { throw .stale }
        let own = tree.child(directory, name)
        // At the top a file of the user's stands before a link of ours, but before nothing else.
        if parent == ProjectTree.root, own?.isLink ?? true, let found = try files.lookup(try upper(tree, s), name, s) { return topEntry(found) }
        guard let own else { return nil }
        do throws(Errno) { return try entry(own, tree, s) } catch {
            // A clone that is not there (any more), or no directory.
            if [.notFound, .notDirectory, .linkLoop].contains(error) { return nil }
            throw error
        }
    }

    /// Refuses to make, replace or remove what the mount itself shows. Links may be hidden by files. - Throws: `error` where it may not.
    private func checkFree(_ parent: UInt64, _ name: Span<UInt8>, mayHideLink: Bool, _ error: Errno) throws(Errno) {
        guard parent == ProjectTree.root else { return }
        let tree = current
        guard let top = tree.entry(parent), let own = tree.child(top, name) else { return }
        if mayHideLink, own.isLink { return }
        throw error
    }

    package func makeNode(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32, device: UInt64) {
        counters.count(.mknod)
        let resent = r.isResent, owner = newOwner(r), umask = r.context.umask
        serveNew(r, parent, name) { real, s throws(Errno) in
            try files.makeNode(real, name, mode: mode, umask: umask, major: UInt32(truncatingIfNeeded: device >> 8) & 0xfff,
                               minor: UInt32(truncatingIfNeeded: device & 0xff | device >> 12 & 0xfff00), owner: owner, wasSent: resent, s)
        }
    }

    package func makeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, mode: UInt32) {
        counters.count(.mkdir)
        let resent = r.isResent, owner = newOwner(r), umask = r.context.umask
        serveNew(r, parent, name) { real, s throws(Errno) in try files.makeDirectory(real, name, mode: mode, umask: umask, owner: owner, wasSent: resent, s) }
    }

    package func makeSymlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, target: [UInt8]) {
        counters.count(.symlink)
        let resent = r.isResent, owner = newOwner(r)
        serveNew(r, parent, name) { real, s throws(Errno) in try files.makeSymlink(real, name, target: target, owner: owner, wasSent: resent, s) }
    }

    package func link(_ r: consuming Request, node: UInt64, newParent: UInt64, newName: Span<UInt8>) {
        counters.count(.link)
        if ProjectTree.isVirtual(node) { return r.fail(.permission) }
        let resent = r.isResent
        serveNew(r, newParent, newName) { real, s throws(Errno) in try files.link(node, real, newName, wasSent: resent, s) }
    }

    private func serveNew(_ r: consuming Request, _ parent: UInt64, _ name: Span<UInt8>,
                          _ work: (UInt64, Scratch) throws(Errno) -> PassthroughFound) {
        let s = scratch
        do throws(Errno) {
            try checkFree(parent, name, mayHideLink: false, .exists)
            let real = try real(parent, s)
            try checkWritable(real)
            let found = try work(real, s)
            if r.reply(parent == ProjectTree.root ? topEntry(found) : entry(found)) { files.noteThere(real, name) } else { files.forget(found.id, count: 1) }
        } catch { r.fail(error) }
    }

    package func unlink(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.unlink)
        let resent = r.isResent
        serveRemoval(r, parent, name) { real, s throws(Errno) in try files.unlink(real, name, wasSent: resent, s) }
    }

    package func removeDirectory(_ r: consuming Request, parent: UInt64, name: Span<UInt8>) {
        counters.count(.rmdir)
        let resent = r.isResent
        serveRemoval(r, parent, name) { real, s throws(Errno) in try files.removeDirectory(real, name, wasSent: resent, s) }
    }

    private func serveRemoval(_ r: consuming Request, _ parent: UInt64, _ name: Span<UInt8>, _ work: (UInt64, Scratch) throws(Errno) -> Void) {
        let s = scratch
        do throws(Errno) {
            try checkFree(parent, name, mayHideLink: true, .permission)
            let real = try real(parent, s)
            try checkWritable(real)
            do throws(Errno) { try work(real, s) } catch {
                // A link of ours, hidden by nothing.
                throw error == .notFound && parent == ProjectTree.root ? try isShown(name) ? .permission : error : error
            }
            r.succeed()
        } catch { r.fail(error) }
    }

    private func isShown(_ name: Span<UInt8>) throws(Errno) -> Bool {
        let tree = current
        return tree.entry(ProjectTree.root).flatMap { tree.child($0, name) } != nil
    }

    package func rename(_ r: consuming Request, parent: UInt64, name: Span<UInt8>, newParent: UInt64, newName: Span<UInt8>, flags: UInt32) {
        counters.count(.rename)
        let s = scratch, resent = r.isResent
        let isExchange = flags & RenameFlags.exchange != 0
        if newParent == ProjectTree.root, newName.equals(Self.activeName.span), !isExchange { return serveActivation(r, byMoving: name, from: parent, s) }
        do throws(Errno) {
            try checkFree(parent, name, mayHideLink: true, .permission)
            try checkFree(newParent, newName, mayHideLink: !isExchange, .permission)
            let source = try real(parent, s), target = try real(newParent, s)
            try checkWritable(source)
            try checkWritable(target)
            try files.rename(source, name, to: target, newName, flags: flags, wasSent: resent, s)
            r.succeed()
        } catch { r.fail(error) }
    }
}
