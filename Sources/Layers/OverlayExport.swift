package import Syscalls

/// Writes what an overlay shows as a plain tree. What the upper has is not copied but linked: the upper stays as it is, nothing is needed
/// for it on the disk, and modes, times, attributes, holes and hard links are the very same. What only the lower has is written.
/// Nobody may use the overlay meanwhile. One thread.
package struct OverlayExport {
    private let overlay: Overlay
    package let position = WalkPosition()
    private let s = Scratch()
    private let path = PathBuffer()

    package init(_ overlay: Overlay) { self.overlay = overlay }

    /// Fills `target`, an empty directory on the upper's file system.
    /// - Throws: EACCES where the user may not look into a directory of his own; ENOSPC; EIO when git cannot give an object.
    package func write(to target: FileDescriptor) throws(Errno) {
        try fill(overlay.root, target)
        let here = PathBuffer()
        try PlainTree.copyAttributes(overlay.upper, here, to: target, here)
        try PlainTree.imitate(try overlay.attributes(overlay.root, s), target)
    }

    private func fill(_ directory: NodeID, _ target: FileDescriptor) throws(Errno) {
        var children: [(name: [UInt8], found: Found)] = []
        try overlay.listWithStatus(directory, from: 0, s) { name, found, _ in
            children.append((name.array, found))
            return true
        }
        for (name, found) in children {
            try position.at(name) { () throws(Errno) in
                if found.status.isDirectory { try makeDirectory(name, found, target) } else { try makeFile(name, found, in: directory, target) }
            }
        }
    }

    private func makeDirectory(_ name: [UInt8], _ found: Found, _ target: FileDescriptor) throws(Errno) {
        let child = PathBuffer()
        try child.prepend(name.span)
        try target.makeDirectory(child, mode: 0o700)
        let inner = OwnedDescriptor(try target.openBeneath(child, OpenFlags.directory))
        try fill(found.id, inner.descriptor)
        try finish(found.id, found.status, target, child)
    }

    /// The attributes of a directory, once it is full.
    private func finish(_ id: NodeID, _ status: FileStatus, _ target: FileDescriptor, _ child: PathBuffer) throws(Errno) {
        let place = try overlay.locate(id, nil, s.path)
        if place.isUpper { try PlainTree.copyAttributes(place.base, s.path, to: target, child) }
        try PlainTree.imitate(status, target, child)
    }

    private func makeFile(_ name: [UInt8], _ found: Found, in directory: NodeID, _ target: FileDescriptor) throws(Errno) {
        let child = path
        child.reset()
        try child.prepend(name.span)
        // By the name that was listed: of a file with several, each becomes one.
        let place = try overlay.locate(directory, name.span, s.path)
        if place.isUpper, try overlay.upper.statusIfExists(s.path) != nil { return try overlay.upper.link(s.path, to: target, child) }
        guard let e = overlay.lower.resolve(found.id) else { throw .stale }
        if found.status.isSymlink { try target.makeSymlink(child, target: try overlay.lower.content(e)) } else {
            let file = OwnedDescriptor(try target.openBeneath(child, OpenFlags.create | OpenFlags.exclusive | OpenFlags.writeOnly, mode: 0o600))
            try overlay.lower.copyContent(e, to: file.descriptor, size: Int64(found.status.size))
        }
        try PlainTree.imitate(found.status, target, child)
    }
}
