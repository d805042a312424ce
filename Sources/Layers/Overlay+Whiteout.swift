internal import Syscalls

extension Overlay {
    /// Makes a whiteout in the work directory at `path`.
    func makeWhiteout(work path: PathBuffer) throws(Errno) { try format.makeWhiteout(in: work, path) }

    /// Marks a directory of the upper as one in which whiteouts are files with an attribute; needed before it gets the first.
    func prepareForWhiteouts(_ directory: NodeID, _ s: Scratch) throws(Errno) {
        guard format.whiteout == .attribute else { return }
        let place = try locate(directory, nil, s.third)
        if place.marksWhiteouts { return }
        // It would make an opaque directory show what lies below it.
        guard place.lower != nil else { return assertionFailure("a whiteout in a directory of the upper alone") }
        try lifting(upper, s.third, 0o200) { () throws(Errno) in try upper.setAttribute(s.third, format.opaque, [UInt8(ascii: "x")]) }
        table.withLock { nodes[directory.raw]?.marksWhiteouts = true }
    }

    /// Removes a directory of the work directory with all that is in it: nothing but whiteouts.
    func removeTree(work path: PathBuffer) throws(Errno) {
        guard let directory = try? work.openBeneath(path, OpenFlags.directory) else { return }
        defer { directory.close() }
        let child = PathBuffer()
        for entry in try directory.directoryEntries() {
            child.reset()
            try child.prepend(entry.name.span)
            try directory.unlink(child)
        }
        try work.removeDirectory(path)
    }
}

extension UpperFormat {
    /// Makes a whiteout of this form. One that is a file with an attribute counts in a directory that is marked `opaque=x` only.
    func makeWhiteout(in directory: FileDescriptor, _ path: PathBuffer) throws(Errno) {
        switch whiteout {
        case .device: try directory.makeNode(path, mode: FileType.character.rawValue)
        case .attribute:
            try directory.openBeneath(path, OpenFlags.create | OpenFlags.exclusive | OpenFlags.writeOnly, mode: 0o600).close()
            try directory.setAttribute(path, whiteoutMark, [UInt8(ascii: "y")])
        }
    }
}
