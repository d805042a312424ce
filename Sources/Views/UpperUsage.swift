internal import Syscalls

/// What upper directories hold: counted by walking them.
struct UpperUsage {
    /// Files, links and whiteouts; not directories.
    var files = 0
    /// Bytes of the files.
    var bytes: UInt64 = 0

    init(_ directories: [String]) {
        for directory in directories {
            guard let root = try? Files.open(directory, OpenFlags.directory) else { continue }
            add(root)
            root.close()
        }
    }

    private mutating func add(_ directory: FileDescriptor) {
        let path = PathBuffer()
        for entry in (try? directory.directoryEntries()) ?? [] {
            path.reset()
            guard (try? path.prepend(entry.name.span)) != nil, let s = try? directory.statusIfExists(path) else { continue }
            if s.isDirectory {
                guard let child = try? directory.openBeneath(path, OpenFlags.directory) else { continue }
                add(child)
                child.close()
            } else {
                files += 1
                if s.isRegular { bytes += s.size }
            }
        }
    }
}
