package import Syscalls

/// Gives an upper directory's marks another form (``UpperFormat``). In two steps, with the workweave's record written between them: what
/// ``add()`` leaves can be read in either form, so that being killed loses nothing. Nobody may use the directory meanwhile.
package struct UpperConversion {
    private let upper: FileDescriptor
    private let work: FileDescriptor
    private let old: UpperFormat
    private let new: UpperFormat

    package init(upper: FileDescriptor, work: FileDescriptor, from old: UpperFormat, to new: UpperFormat) {
        (self.upper, self.work, self.old, self.new) = (upper, work, old, new)
    }

    private var marks: [(AttributeName, AttributeName)] {
        [(old.opaque, new.opaque), (old.redirect, new.redirect), (old.identity, new.identity)]
    }

    /// Adds the marks of the new form, and puts whiteout devices (which count in either) in the place of files with an attribute.
    package func add() throws(Errno) {
        try walk(upper) { directory, path, status, isMarked throws(Errno) in
            if isMarked, status.isRegular, status.size == 0, try directory.hasAttribute(path, old.whiteoutMark) {
                if new.whiteout == .device { try replace(directory, path) }
                return
            }
            guard old.prefix != new.prefix, status.isDirectory || status.isRegular else { return }
            for (from, to) in marks {
                if let value = try directory.attribute(path, from), value != Self.announcement || new.whiteout == .attribute { try directory.setAttribute(path, to, value) }
            }
        }
    }

    /// Takes the marks of the old form away.
    package func removeOld() throws(Errno) {
        try walk(upper) { directory, path, status, _ throws(Errno) in
            guard status.isDirectory || status.isRegular else { return }
            for (from, to) in marks {
                let isLeft = from == old.opaque && new.whiteout == .device ? try directory.attribute(path, from) == Self.announcement : false
                if isLeft || (from != to && old.prefix != new.prefix) { try remove(directory, path, from) }
            }
        }
    }

    /// `opaque=x`: whiteouts of this directory are files with an attribute.
    private static let announcement = [UInt8(ascii: "x")]

    private func remove(_ directory: FileDescriptor, _ path: PathBuffer, _ name: AttributeName) throws(Errno) {
        do throws(Errno) { try directory.removeAttribute(path, name) } catch where error == .noData {}
    }

    private func replace(_ directory: FileDescriptor, _ path: PathBuffer) throws(Errno) {
        let temporary = PathBuffer()
        try temporary.prepend(Array("whiteout".utf8).span)
        do throws(Errno) { try work.unlink(temporary) } catch where error == .notFound {}
        try work.makeNode(temporary, mode: FileType.character.rawValue)
        try work.rename(temporary, to: directory, path)
    }

    /// Calls `visit` for a directory itself (with an empty path) and all below it; times of directories stay.
    private func walk(_ directory: FileDescriptor, _ visit: (FileDescriptor, PathBuffer, FileStatus, _ isMarked: Bool) throws(Errno) -> Void) throws(Errno) {
        let path = PathBuffer()
        let status = try directory.status()
        let isMarked = try directory.attribute(path, old.opaque) == Self.announcement
        for entry in try directory.directoryEntries() {
            path.reset()
            try path.prepend(entry.name.span)
            let found = try directory.status(path)
            if found.isDirectory {
                let child = try directory.openBeneath(path, OpenFlags.directory)
                defer { child.close() }
                try walk(child, visit)
            } else { try visit(directory, path, found, isMarked) }
        }
        path.reset()
        try visit(directory, path, status, false)
        try directory.setTimes(access: Timestamp(seconds: status.atime, nanoseconds: status.atime_ns),
                               modification: Timestamp(seconds: status.mtime, nanoseconds: status.mtime_ns))
    }
}
