package import Syscalls

/// Moves a directory from one upper directory into another, at the same path, and sees to it that the lower shows through on the way there.
/// Every step leaves something that the next attempt can go on from. Nobody may use either directory meanwhile. Whiteouts are devices.
package struct UpperJoin {
    private let upper: FileDescriptor
    private let work: FileDescriptor
    private let format: UpperFormat
    private let temporary: PathBuffer

    /// - Parameter work: a directory on the same disk, where temporaries may lie.
    package init(upper: FileDescriptor, work: FileDescriptor, format: UpperFormat) throws(Errno) {
        (self.upper, self.work, self.format) = (upper, work, format)
        temporary = try PathBuffer("join")
    }

    /// Removes the whiteout at a path. Anything else stays.
    package func removeWhiteout(_ path: String) throws(Errno) {
        let at = try PathBuffer(path)
        if try upper.statusIfExists(at)?.isWhiteoutDevice ?? false { try upper.unlink(at) }
    }

    /// Whether there is a directory that nothing of the lower is seen through: one that somebody made.
    package func isOpaque(_ path: String) throws(Errno) -> Bool {
        let at = try PathBuffer(path)
        guard try upper.statusIfExists(at)?.isDirectory ?? false else { return false }
        return try upper.hasAttribute(at, format.opaque)
    }

    /// Removes a whiteout or an empty directory at a path. - Throws: ENOTEMPTY, ENOTDIR.
    package func clear(_ path: String) throws(Errno) {
        try removeWhiteout(path)
        do throws(Errno) { try upper.removeDirectory(try PathBuffer(path)) } catch where error == .notFound {}
    }

    /// Makes the path a directory through which the lower is seen.
    /// - Parameter hidden: the names that the lower has had there so far: those that nobody saw go on being hidden.
    /// - Throws: EEXIST when it shows another directory of the lower, or is none.
    package func open(_ path: String, mode: UInt32, hidden: [String]) throws(Errno) {
        let at = try PathBuffer(path)
        guard let status = try upper.statusIfExists(at) else {
            try upper.makeDirectory(at, mode: mode)
            return try upper.setMode(at, mode)
        }
        if status.isWhiteoutDevice { return try replaceWhiteout(at, mode, hidden) }
        guard status.isDirectory, try !upper.hasAttribute(at, format.redirect) else { throw .exists }
        guard try upper.hasAttribute(at, format.opaque) else { return }
        let directory = try upper.openBeneath(at, OpenFlags.directory)
        defer { directory.close() }
        for name in hidden {
            let child = try PathBuffer(name)
            guard let status = try directory.statusIfExists(child) else {
                try directory.makeNode(child, mode: FileType.character.rawValue)
                continue
            }
            // Nothing was seen through it, since nothing was seen through this one.
            if status.isDirectory, try !directory.hasAttribute(child, format.redirect) { try directory.setAttribute(child, format.opaque, [UInt8(ascii: "y")]) }
        }
        try upper.removeAttribute(at, format.opaque)
    }

    /// By a directory that hides as much.
    private func replaceWhiteout(_ at: PathBuffer, _ mode: UInt32, _ hidden: [String]) throws(Errno) {
        try discardTemporary()
        try work.makeDirectory(temporary, mode: mode)
        try work.setMode(temporary, mode)
        let directory = try work.openBeneath(temporary, OpenFlags.directory)
        defer { directory.close() }
        for name in hidden { try directory.makeNode(try PathBuffer(name), mode: FileType.character.rawValue) }
        try work.rename(temporary, to: upper, at, flags: RenameFlags.exchange)
        try work.unlink(temporary)
    }

    private func discardTemporary() throws(Errno) {
        guard let status = try work.statusIfExists(temporary) else { return }
        guard status.isDirectory else { return try work.unlink(temporary) }
        let directory = try work.openBeneath(temporary, OpenFlags.directory)
        defer { directory.close() }
        for entry in try directory.directoryEntries() { try directory.unlink(try PathBuffer(entry.text)) }
        try work.removeDirectory(temporary)
    }

    /// Moves the directory at a path of another upper directory here, in place of nothing. - Throws: EEXIST.
    package func take(_ path: String, from other: FileDescriptor) throws(Errno) {
        try other.rename(try PathBuffer(path), to: upper, try PathBuffer(path), flags: RenameFlags.noReplace)
    }
}

extension PathBuffer {
    /// - Throws: ENAMETOOLONG.
    fileprivate convenience init(_ path: String) throws(Errno) {
        self.init()
        try prepend(Array(path.utf8).span)
    }
}
