internal import Git
internal import Syscalls
internal import Weave

/// Keeps the ordinary files of a `reference` repo from being written to, as far as their modes can: root may all the same.
struct CheckoutProtection {
    /// The repo's directory.
    let top: String
    let umask: UInt32
    private static let write: UInt32 = 0o222

    func protect() throws(WeaveError) { try change { $0 & ~Self.write } }

    /// Modes as git gives them again.
    func release() throws(WeaveError) { try change { $0 | (Self.write & ~umask) } }

    private func change(_ mode: (UInt32) -> UInt32) throws(WeaveError) {
        try system("change the modes of \(top)") { () throws(Errno) in
            guard let status = try Files.status(top), status.isDirectory else { return }
            let directory = OwnedDescriptor(try Files.open(top, OpenFlags.directory | OpenFlags.noFollow))
            try change(below: directory.descriptor, mode)
            try directory.descriptor.setMode(mode(status.permissions))
        }
    }

    private func change(below directory: FileDescriptor, _ mode: (UInt32) -> UInt32) throws(Errno) {
        let path = PathBuffer()
        for entry in try directory.directoryEntries() {
            path.reset()
            try path.prepend(entry.name.span)
            let status = try directory.status(path)
            guard status.isDirectory || status.isRegular else { continue }
            if status.isDirectory {
                let child = OwnedDescriptor(try directory.openBeneath(path, OpenFlags.directory))
                try change(below: child.descriptor, mode)
            }
            let wanted = mode(status.permissions)
            if wanted != status.permissions { try directory.setMode(path, wanted) }
        }
    }
}

extension WorkweaveRecord {
    /// Sees to it that nobody writes to its read-only repos, whose checkouts lie below `root`.
    func protectCheckouts(below root: String, in weave: Weave) throws(WeaveError) {
        for repo in repos where repo.isReadOnly {
            let top = "\(root)/\(repo.path)"
            try CheckoutProtection(top: top, umask: umask).protect()
            // git sees another time of change, and would read each file again and again.
            if let admin = weave.worktree(name, of: repo.path) { LinkedWorktree.refreshIndex(admin, top: top, isReadOnly: true) }
        }
    }
}
