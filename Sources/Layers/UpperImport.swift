package import Syscalls

/// Makes an upper directory of a plain tree: what the lower has just so is left to it, everything else is linked into the upper (the tree
/// stays as it is), and what the lower has and the tree has not becomes a whiteout. One thread.
package struct UpperImport {
    private let lower: LowerTree
    private let format: UpperFormat
    package let position = WalkPosition()

    package init(lower: LowerTree, format: UpperFormat) {
        self.lower = lower
        self.format = format
    }

    /// Fills `upper`, an empty directory on the file system of `tree`.
    /// - Throws: EACCES for what the user may not read; EINVAL for what an upper directory cannot hold (a device 0/0, attributes of overlayfs);
    ///   ENOSPC; EIO when git cannot give an object.
    package func read(_ tree: FileDescriptor, into upper: FileDescriptor) throws(Errno) {
        _ = try take(tree, lower.resolve(lower.root), upper)
        let here = PathBuffer()
        try PlainTree.copyAttributes(tree, here, to: upper, here)
        try PlainTree.imitate(try tree.status(), upper)
    }

    /// Takes the entries of one directory over. - Returns: whether the upper has any of them, or a whiteout.
    private func take(_ tree: FileDescriptor, _ directory: LowerEntry?, _ upper: FileDescriptor) throws(Errno) -> Bool {
        let path = PathBuffer()
        var isNeeded = false
        var seen: Set<[UInt8]> = []
        for entry in try tree.directoryEntries() {
            seen.insert(entry.name)
            path.reset()
            try path.prepend(entry.name.span)
            let below = directory.flatMap { lower.child($0, entry.name.span) }
            let isKept = try position.at(entry.name) { () throws(Errno) -> Bool in
                let status = try tree.status(path)
                if status.isDirectory { return try takeDirectory(tree, path, status, below, upper) }
                if let below, try isSame(tree, path, status, below) { return false }
                try check(tree, path, status)
                try tree.link(path, to: upper, path)
                return true
            }
            if isKept { isNeeded = true }
        }
        guard let directory else { return isNeeded }
        var isMarked = false
        for i in 0..<lower.childCount(directory) {
            let name = lower.withName(lower.child(directory, at: i)) { $0.array }
            if seen.contains(name) { continue }
            if !isMarked, format.whiteout == .attribute {
                path.reset()
                try upper.setAttribute(path, format.opaque, [UInt8(ascii: "x")])
                isMarked = true
            }
            path.reset()
            try path.prepend(name.span)
            try position.at(name) { () throws(Errno) in try format.makeWhiteout(in: upper, path) }
            isNeeded = true
        }
        return isNeeded
    }

    private func takeDirectory(_ tree: FileDescriptor, _ path: PathBuffer, _ status: FileStatus, _ below: LowerEntry?, _ upper: FileDescriptor) throws(Errno) -> Bool {
        let merged = below.flatMap { lower.isDirectory($0) ? $0 : nil }
        try upper.makeDirectory(path, mode: 0o700)
        let from = OwnedDescriptor(try tree.openBeneath(path, OpenFlags.directory)), to = OwnedDescriptor(try upper.openBeneath(path, OpenFlags.directory))
        let isNeeded = try take(from.descriptor, merged, to.descriptor)
        let attributes = try PlainTree.names(tree, path).filter { $0 != Self.label }
        if attributes.contains(where: PlainTree.isLayers) { throw .invalid }
        if !isNeeded, attributes.isEmpty, let merged, hasSameOwnerAndMode(status, lower.status(merged)) {
            try upper.removeDirectory(path)
            return false
        }
        try PlainTree.copyAttributes(tree, path, to: upper, path)
        try PlainTree.imitate(status, upper, path)
        return true
    }

    /// What the security module puts on every file.
    private static let label = "security.selinux"

    private func hasSameOwnerAndMode(_ a: FileStatus, _ b: FileStatus) -> Bool { a.mode == b.mode && a.uid == b.uid && a.gid == b.gid }

    /// Whether the lower shows just this.
    private func isSame(_ tree: FileDescriptor, _ path: PathBuffer, _ status: FileStatus, _ e: LowerEntry) throws(Errno) -> Bool {
        let shown = lower.status(e)
        guard hasSameOwnerAndMode(status, shown), status.nlink == 1, status.size == shown.size else { return false }
        if status.isSymlink { return try tree.readLink(path) == lower.content(e) }
        guard status.isRegular, try PlainTree.names(tree, path).allSatisfy({ $0 == Self.label }) else { return false }
        // What its owner has forbidden himself to read goes to the upper unread.
        guard status.permissions & 0o400 != 0 else { return false }
        let file = OwnedDescriptor(try tree.openBeneath(path, OpenFlags.readOnly))
        return try lower.hasContent(e, of: file.descriptor)
    }

    /// - Throws: EINVAL for what would mean something else in an upper directory.
    private func check(_ tree: FileDescriptor, _ path: PathBuffer, _ status: FileStatus) throws(Errno) {
        let names = try PlainTree.names(tree, path)
        if status.isWhiteoutDevice || names.contains(where: PlainTree.isMeaningful) { throw .invalid }
    }
}
