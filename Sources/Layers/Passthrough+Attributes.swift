package import Syscalls

extension Passthrough {
    /// Changes attributes and returns the new ones.
    package func setAttributes(_ id: UInt64, _ change: AttributeChange, _ s: Scratch) throws(Errno) -> FileStatus {
        let node = try node(id)
        if let mode = change.mode, mode & 0o600 != 0o600 { holdBefore(node, s) }
        if let size = change.size {
            try withWriter(node, s) { file throws(Errno) in
                try file.truncate(to: size)
                if change.clearsSetID { try file.clearSetID() }
            }
        }
        return try withHandle(node, s) { handle throws(Errno) in
            if change.changesOwner { try handle.setOwner(ofHandle: change.uid ?? .max, gid: change.gid ?? .max) }
            if let mode = change.mode { try handle.setMode(ofHandle: mode) }
            if change.accessTime != nil || change.modificationTime != nil {
                try handle.setTimes(ofHandle: change.accessTime ?? .omit, modification: change.modificationTime ?? .omit)
            }
            let status = try handle.status()
            noteOwnChange(node, status)
            return status
        }
    }

    /// Opens a file for as long as its mode still allows: somebody may have it open, and go on with it after the change.
    private func holdBefore(_ node: PassthroughNode, _ s: Scratch) {
        guard CurrentProcess.userID != 0, !node.isDirectory, let file = try? open(node, OpenFlags.readWrite, s) else { return }
        guard let status = try? file.status(), status.isRegular else { return file.close() }
        hold(node, file)
    }

    /// The value of an extended attribute; nil when there is none.
    package func attribute(_ id: UInt64, _ name: String, _ s: Scratch) throws(Errno) -> [UInt8]? {
        try withHandle(try node(id), s) { handle throws(Errno) in try handle.attribute(ofHandle: AttributeName(name)) }
    }

    package func setAttribute(_ id: UInt64, _ name: String, _ value: [UInt8], flags: Int32, _ s: Scratch) throws(Errno) {
        try withHandle(try node(id), s) { handle throws(Errno) in try handle.setAttribute(ofHandle: AttributeName(name), value, flags: flags) }
    }

    package func removeAttribute(_ id: UInt64, _ name: String, _ s: Scratch) throws(Errno) {
        try withHandle(try node(id), s) { handle throws(Errno) in try handle.removeAttribute(ofHandle: AttributeName(name)) }
    }

    /// The names of the extended attributes, each ended by a zero.
    package func attributeNames(_ id: UInt64, _ s: Scratch) throws(Errno) -> [UInt8] {
        try withHandle(try node(id), s) { handle throws(Errno) in try handle.attributeNamesOfHandle() }
    }
}

extension FileDescriptor {
    /// Set-user-id goes with a write by somebody without the right to keep it; set-group-id too where the group may execute.
    func clearSetID() throws(Errno) {
        let mode = try status().permissions
        let cleared = mode & 0o010 != 0 ? mode & ~0o6000 : mode & ~0o4000
        if cleared != mode { try setMode(cleared) }
    }
}
