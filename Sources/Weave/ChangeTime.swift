package import Syscalls

/// When the inodes of a directory were last changed (stat(2), st_ctim), which nobody can set.
package enum ChangeTime {
    /// Now, by the clock of the disk on which `directory` lies: all that was changed there before has an earlier time, what is changed from now on none.
    /// Waits for the disk's clock to tick (some ms at most). A file is made in the directory for a moment, `clock`.
    package static func now(in directory: String) throws(WeaveError) -> Timestamp {
        let probe = directory + "/clock"
        return try system("write \(probe)") { () throws(Errno) in
            let file = OwnedDescriptor(try Files.open(probe, OpenFlags.create | OpenFlags.readWrite, mode: 0o600))
            defer { try? Files.unlink(probe) }
            let first = of(try file.descriptor.status())
            var now = first
            while now == first {
                try file.descriptor.setMode(0o600)
                now = of(try file.descriptor.status())
            }
            return now
        }
    }

    package static func of(_ status: FileStatus) -> Timestamp { Timestamp(seconds: status.ctime, nanoseconds: status.ctime_ns) }

    /// The first place in a tree, relative to it and "." for its top, that was changed at `time` or later; nil when there is none, or no such directory.
    /// Directories that we may not enter are not looked into: making them so changes their own time.
    package static func firstChange(below top: String, since time: Timestamp, skippingTop: Bool = false) throws(WeaveError) -> String? {
        try system("look through \(top)") { () throws(Errno) in
            guard let status = try Files.status(top) else { return nil }
            if !skippingTop, of(status) >= time { return "." }
            guard status.isDirectory else { return nil }
            guard let directory = try opened({ () throws(Errno) in try Files.open(top, OpenFlags.directory | OpenFlags.noFollow) }) else { return nil }
            return try firstChange(directory.descriptor, "", time)
        }
    }

    private static func firstChange(_ directory: FileDescriptor, _ place: String, _ time: Timestamp) throws(Errno) -> String? {
        let path = PathBuffer()
        for entry in try directory.directoryEntries() {
            path.reset()
            try path.prepend(entry.name.span)
            let status = try directory.status(path)
            if of(status) >= time { return place + entry.text }
            guard status.isDirectory else { continue }
            guard let child = try opened({ () throws(Errno) in try directory.openBeneath(path, OpenFlags.directory) }) else { continue }
            if let found = try firstChange(child.descriptor, place + entry.text + "/", time) { return found }
        }
        return nil
    }

    private static func opened(_ open: () throws(Errno) -> FileDescriptor) throws(Errno) -> OwnedDescriptor? {
        do throws(Errno) { return OwnedDescriptor(try open()) } catch where error == .accessDenied { return nil }
    }
}
