internal import Syscalls

/// A hidden directory in which something is made or removed. It is locked (flock(2)) while its maker lives, so that what a killed
/// rwv left behind is known for what it is.
struct Workbench: ~Copyable {
    /// Names of such directories start so; nobody takes them for repositories or projects.
    static let prefix = ".rwv-tmp-"

    let path: String
    private let lock: OwnedDescriptor

    /// Makes one. `willMake` hears its path before it is there.
    init(in parent: String, willMake: (String) -> Void) throws(Errno) {
        while true {
            let path = "\(parent)/\(Self.prefix)\(randomHex(6))"
            willMake(path)
            try Files.makeDirectory(path, mode: 0o700)
            let lock: OwnedDescriptor
            do throws(Errno) { lock = OwnedDescriptor(try Files.open(path, OpenFlags.directory)) } catch {
                if error == .notFound { continue }
                throw error
            }
            // A disk without locks is no reason not to work on it: there, what is left behind stays.
            _ = try? lock.descriptor.lock()
            // Somebody may have taken it for a dead one's before it was locked.
            if let there = try Files.status(path), there.inode == (try lock.descriptor.status()).inode {
                self.path = path
                self.lock = lock
                return
            }
        }
    }

    /// Removes what killed processes left in a directory.
    static func sweep(_ parent: String) {
        guard let directory = try? Files.open(parent, OpenFlags.directory) else { return }
        defer { directory.close() }
        for entry in (try? directory.directoryEntries()) ?? [] where entry.text.hasPrefix(prefix) {
            let path = parent + "/" + entry.text
            guard let opened = try? Files.open(path, OpenFlags.directory | OpenFlags.noFollow) else { continue }
            let lock = OwnedDescriptor(opened)
            if (try? lock.descriptor.lock(wait: false)) == true { try? Files.removeTree(path) }
        }
    }
}
