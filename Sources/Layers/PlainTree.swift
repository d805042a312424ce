package import Syscalls

/// What the conversions between an upper directory and a plain tree share.
enum PlainTree {
    /// Copies the extended attributes that are not the layer's own: `user.`, access control lists, capabilities.
    static func copyAttributes(_ from: FileDescriptor, _ path: PathBuffer, to: FileDescriptor, _ target: PathBuffer) throws(Errno) {
        for name in try names(from, path) where !isLayers(name) {
            guard let value = try from.attribute(path, AttributeName(name)) else { continue }
            try to.setAttribute(target, AttributeName(name), value)
        }
    }

    /// The names of an entry's extended attributes; none on a disk that keeps none.
    static func names(_ directory: FileDescriptor, _ path: PathBuffer) throws(Errno) -> [String] {
        do throws(Errno) {
            return try directory.attributeNames(path).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        } catch where error == .notSupported { return [] }
    }

    /// Whether an attribute says something of a layer, not of the file: overlayfs's own name spaces.
    static func isLayers(_ name: String) -> Bool {
        [UpperFormat.Prefix.trusted, .user].contains { name.hasPrefix($0.rawValue) }
    }

    /// Whether a file's attribute would make it something else in an upper directory. What only says where it came from would not: numbers
    /// of another workweave count for nothing.
    static func isMeaningful(_ name: String) -> Bool {
        isLayers(name) && ![".rwv.ino", ".origin", ".impure"].contains { name.hasSuffix($0) }
    }

    /// Gives an entry owner, mode and times of another. Owners are only root's to give.
    static func imitate(_ status: FileStatus, _ directory: FileDescriptor, _ path: PathBuffer) throws(Errno) {
        if status.uid != CurrentProcess.userID || status.gid != CurrentProcess.groupID {
            do throws(Errno) { try directory.setOwner(path, uid: status.uid, gid: status.gid) } catch where error == .permission {}
        }
        if !status.isSymlink { try directory.setMode(path, status.permissions) }
        try directory.setTimes(path, access: Timestamp(seconds: status.atime, nanoseconds: status.atime_ns), modification: status.modified)
    }

    /// The same for an open directory of ours.
    static func imitate(_ status: FileStatus, _ directory: FileDescriptor) throws(Errno) {
        try directory.setMode(status.permissions)
        try directory.setTimes(access: Timestamp(seconds: status.atime, nanoseconds: status.atime_ns), modification: status.modified)
    }
}

/// Where a walk has come to, for messages. One thread.
package final class WalkPosition {
    private var names: [[UInt8]] = []
    package init() {}

    /// The path from the root, as text.
    package var text: String { names.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/") }

    /// Runs `body` one name further down. After an error the position stays where it was met.
    func at<R>(_ name: [UInt8], _ body: () throws(Errno) -> R) throws(Errno) -> R {
        names.append(name)
        let result = try body()
        names.removeLast()
        return result
    }
}

/// Takes overlayfs's marks off the files of an upper directory whose other names are in a plain tree now. Those that an ordinary owner has
/// forbidden himself to write keep theirs, which mean nothing there.
package func removeMarks(below upper: FileDescriptor) throws(Errno) {
    let path = PathBuffer()
    for entry in try upper.directoryEntries() {
        path.reset()
        try path.prepend(entry.name.span)
        if try upper.status(path).isDirectory {
            let child = OwnedDescriptor(try upper.openBeneath(path, OpenFlags.directory))
            try removeMarks(below: child.descriptor)
            continue
        }
        for name in try PlainTree.names(upper, path) where PlainTree.isLayers(name) {
            do throws(Errno) { try upper.removeAttribute(path, AttributeName(name)) } catch where error == .noData || error == .accessDenied {}
        }
    }
}
