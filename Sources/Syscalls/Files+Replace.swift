internal import Glibc

extension Files {
    private static let accessList = AttributeName("system.posix_acl_access")

    /// Writes a file as a whole, as ``writeAtomically(_:_:mode:durable:)`` does. A file that is there hands on its owner and group (where this process
    /// may give them), its mode, its ACL (acl(5)) and its other extended attributes (xattr(7)). What cannot be handed on is no error and lets
    /// nobody in: where group or ACL are lost, the group may do what others may.
    package static func replace(_ path: String, _ bytes: [UInt8]) throws(Errno) {
        guard let there = try status(path), there.isRegular else { return try writeAtomically(path, bytes) }
        let old = OwnedDescriptor(try open(path, OpenFlags.path | OpenFlags.noFollow))
        try writeAtomically(path, bytes, mode: 0o600, durable: true) { new in handOn(old.descriptor, to: new) }
    }

    private static func handOn(_ old: FileDescriptor, to new: FileDescriptor) {
        guard let from = try? old.status(), let to = try? new.status() else { return }
        if from.uid != to.uid { try? new.setOwner(ofHandle: from.uid, gid: .max) }
        if from.gid != to.gid { try? new.setOwner(ofHandle: .max, gid: from.gid) }
        var isWhole = (try? new.status())?.gid == from.gid
        // What the directory gives to new files.
        try? new.removeAttribute(ofHandle: accessList)
        // Labels are for the system to give.
        for name in (try? old.attributeNamesOfHandle())?.split(separator: 0).map({ String(decoding: $0, as: UTF8.self) }) ?? [] where !name.hasPrefix("security.") && name != accessList.text {
            let name = AttributeName(name)
            if let value = (try? old.attribute(ofHandle: name)) ?? nil { try? new.setAttribute(ofHandle: name, value, flags: 0) }
        }
        if let list = (try? old.attribute(ofHandle: accessList)) ?? nil { isWhole = isWhole && (try? new.setAttribute(ofHandle: accessList, list, flags: 0)) != nil }
        let mode = from.permissions
        try? new.setMode(isWhole ? mode : mode & (0o707 | (mode & 7) << 3))
    }

    /// Whether ``replace(_:_:)`` could do its work, as far as that is told without trying (faccessat(2)).
    /// - Throws: EACCES, EROFS, … of the directory; EPERM for a file that is immutable.
    package static func checkReplaceable(_ path: String) throws(Errno) {
        func access(_ path: String, _ mode: Int32) throws(Errno) {
            if unsafe faccessat(AT_FDCWD, path, mode, AT_EACCESS) != 0 { throw Errno(rawValue: errno) }
        }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        try access(String(path[...slash]), W_OK | X_OK)
        // A file that may not be written to can still be replaced.
        do throws(Errno) { try access(path, W_OK) } catch where error != .permission && error != .readOnly {}
    }
}
