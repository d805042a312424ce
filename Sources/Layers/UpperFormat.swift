package import Syscalls

/// How an upper directory records what a plain directory cannot say: in the kernel overlayfs on-disk format, in the
/// form this disk and user can hold. Probed once, at create, and kept in workweave.json; a server that cannot read the
/// recorded form must not serve it.
/// Source: Documentation/filesystems/overlayfs.rst ("whiteouts and opaque directories", "redirect_dir", "User xattr").
package struct UpperFormat: Sendable, Equatable {
    /// The name space of our attributes.
    package enum Prefix: String, Sendable {
        case trusted = "trusted.overlay."
        case user = "user.overlay."
    }

    /// What a deleted name of the lower looks like.
    package enum Whiteout: String, Sendable {
        /// A character device 0/0.
        case device
        /// An empty file with the attribute `overlay.whiteout`, in a directory marked `opaque=x`.
        case attribute
    }

    package let prefix: Prefix
    package let whiteout: Whiteout
    /// renameat2 can leave a whiteout behind (RENAME_WHITEOUT), so a move out of the lower is one step.
    package let renamesWithWhiteout: Bool

    let opaque: AttributeName
    let redirect: AttributeName
    let whiteoutMark: AttributeName
    /// Ours: the node id a copied-up file keeps. In overlayfs's own name space, so that the kernel hides it too.
    let identity: AttributeName

    package init(prefix: Prefix, whiteout: Whiteout, renamesWithWhiteout: Bool) {
        self.prefix = prefix
        self.whiteout = whiteout
        self.renamesWithWhiteout = renamesWithWhiteout
        opaque = AttributeName(prefix.rawValue + "opaque")
        redirect = AttributeName(prefix.rawValue + "redirect")
        whiteoutMark = AttributeName(prefix.rawValue + "whiteout")
        identity = AttributeName(prefix.rawValue + "rwv.ino")
    }

    /// Whether an attribute is the layer's own and not for users of the view.
    static func isPrivate(_ name: String) -> Bool {
        name.hasPrefix("trusted.") || name.hasPrefix("user.overlay.")
    }

    /// Finds the form that works in the empty directory `work`, on the upper's file system.
    /// - Throws: EOPNOTSUPP when the disk keeps no extended attributes at all.
    package static func probe(in work: FileDescriptor) throws(Errno) -> UpperFormat {
        let path = PathBuffer(), target = PathBuffer()
        try path.prepend(Array("probe.dir".utf8).span)
        do throws(Errno) { try work.makeDirectory(path, mode: 0o700) } catch where error == .exists {}
        defer { try? work.removeDirectory(path) }
        guard let prefix = [Prefix.trusted, .user].first(where: { candidate in
            let name = AttributeName(candidate.rawValue + "opaque")
            do throws(Errno) {
                try work.setAttribute(path, name, [UInt8(ascii: "y")])
                return try work.attribute(path, name) == [UInt8(ascii: "y")]
            } catch { return false }
        }) else { throw .notSupported }
        path.reset()
        try path.prepend(Array("probe.whiteout".utf8).span)
        do throws(Errno) {
            try work.makeNode(path, mode: FileType.character.rawValue)
            try? work.unlink(path)
        } catch {
            try path.removeDirectory(named: "probe.dir", in: work)
            return UpperFormat(prefix: prefix, whiteout: .attribute, renamesWithWhiteout: false)
        }
        var renames = false
        let from = PathBuffer()
        try from.prepend(Array("probe.from".utf8).span)
        try target.prepend(Array("probe.to".utf8).span)
        do throws(Errno) {
            let f = OwnedDescriptor(try work.openBeneath(from, OpenFlags.create | OpenFlags.writeOnly, mode: 0o600))
            _ = f.descriptor
            try work.rename(from, to: work, target, flags: RenameFlags.whiteout)
            renames = true
        } catch {}
        try? work.unlink(from)
        try? work.unlink(target)
        try path.removeDirectory(named: "probe.dir", in: work)
        return UpperFormat(prefix: prefix, whiteout: .device, renamesWithWhiteout: renames)
    }

    /// Whether this process can still read what the format records: `trusted.` wants the right to (CAP_SYS_ADMIN).
    package func isReadable(in work: FileDescriptor) -> Bool {
        guard let now = try? Self.probe(in: work) else { return false }
        return prefix == .user ? true : now.prefix == .trusted
    }
}

extension PathBuffer {
    fileprivate func removeDirectory(named name: String, in directory: FileDescriptor) throws(Errno) {
        reset()
        try prepend(Array(name.utf8).span)
        try? directory.removeDirectory(self)
    }
}
