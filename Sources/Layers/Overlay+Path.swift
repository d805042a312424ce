package import Syscalls

extension Overlay {
    /// Finds the node at a path from the view's root, for the server's own use; counts no reference. Nil when there is nothing.
    package func find(path: String, _ s: Scratch) throws(Errno) -> NodeID? {
        namespace.readLock()
        defer { namespace.unlock() }
        var at = root
        for name in path.split(separator: "/") {
            let bytes = Array(name.utf8)
            do throws(Errno) {
                let found = try find(at, bytes.span, s, counting: true)
                // Keep it on record, so that its children are found; the kernel's references stay as they are.
                table.withLock { nodes[found.id.raw]?.lookups -= 1 }
                at = found.id
            } catch {
                if error == .notFound { return nil }
                throw error
            }
        }
        return at
    }

    /// Whether a path can lead to what the lower has below it: it is a directory through which the lower shows, or nothing.
    /// - Parameter ifHidden: the answer where the lower is hidden there.
    package func isOpen(path: String, ifHidden: Bool) throws(Errno) -> Bool {
        let s = Scratch()
        if let id = try find(path: path, s), try !attributes(id, s).isDirectory { return false }
        s.path.reset()
        try s.path.prepend(Array(path.utf8).span)
        do throws(Errno) {
            guard let status = try upper.statusIfExists(s.path) else { return true }
            guard status.isDirectory else { return ifHidden }
            // `x` only announces whiteouts.
            let mark = try upper.attribute(s.path, format.opaque), isOpaque = mark != nil && mark != [UInt8(ascii: "x")]
            let isMoved = try upper.hasAttribute(s.path, format.redirect)
            return !(isOpaque || isMoved) || ifHidden
        } catch where error == .notDirectory { return ifHidden }
    }

    /// The content of the file at a path; nil when there is none.
    package func readFile(path: String) throws(Errno) -> [UInt8]? {
        let s = Scratch()
        guard let id = try find(path: path, s) else { return nil }
        let size = Int(try attributes(id, s).size)
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { p, n in
            do throws(Errno) { n = try read(id, at: 0, into: UnsafeMutableRawBufferPointer(p), s) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
