package import Fuse
internal import Layers
internal import Syscalls

/// Requests for extended attributes. What the tree shows has none, but for marks that tell commands which weave a mount is of.
extension ProjectHandler {
    package func getAttribute(_ r: consuming Request, node: UInt64, name: String, size: Int) {
        counters.count(.getxattr)
        if node == ProjectTree.root, let mark = marks[name] { return r.reply(attribute: mark, asked: size) }
        if ProjectTree.isVirtual(node) { return r.fail(.noData) }
        do throws(Errno) {
            guard let value = try files.attribute(node, name, scratch) else { return r.fail(.noData) }
            r.reply(attribute: value, asked: size)
        } catch { r.fail(error) }
    }

    package func listAttributes(_ r: consuming Request, node: UInt64, size: Int) {
        counters.count(.listxattr)
        if ProjectTree.isVirtual(node) { return r.reply(attribute: [], asked: size) }
        do throws(Errno) {
            let names = try files.attributeNames(node, scratch)
            r.reply(attribute: names, asked: size)
        } catch { r.fail(error) }
    }

    package func setAttribute(_ r: consuming Request, node: UInt64, name: String, value: [UInt8], flags: Int32) {
        counters.count(.setxattr)
        if ProjectTree.isVirtual(node) { return r.fail(.notSupported) }
        // XATTR_CREATE (1) of a request that was carried out already would find its own work.
        let flags = r.isResent ? flags & ~1 : flags
        serve(r, node, changes: true) { id, s throws(Errno) in
            try files.setAttribute(id, name, value, flags: flags, s)
            noteMode(id, name)
        }
    }

    /// An access list says what the mode is (acl(5)), of which the kernel takes only the time of change to be another.
    private func noteMode(_ node: UInt64, _ name: String) {
        if name.hasPrefix("system.posix_acl_") { Worker.current?.session?.notifyOtherAttributes(node: node) }
    }

    package func removeAttribute(_ r: consuming Request, node: UInt64, name: String) {
        counters.count(.removexattr)
        if ProjectTree.isVirtual(node) { return r.fail(.noData) }
        let resent = r.isResent
        serve(r, node, changes: true) { id, s throws(Errno) in
            do throws(Errno) { try files.removeAttribute(id, name, s) } catch { if !resent || error != .noData { throw error } }
            noteMode(id, name)
        }
    }
}
