internal import CLinux
internal import Glibc

/// The control rooms' file calls: whole paths as text, results as values. Nothing here is on a request's path.
package enum Files {
    /// PATH_MAX: the longest path that the kernel takes, in bytes, with its terminating zero.
    package static let longestPath = 4096

    package static func open(_ path: String, _ flags: Int32 = OpenFlags.readOnly, mode: UInt32 = 0o666) throws(Errno) -> FileDescriptor {
        FileDescriptor(raw: try check(unsafe rwv_openat(FileDescriptor.currentDirectory.raw, path, flags, mode)))
    }

    /// lstat(2), or stat(2) when `follow`. Nil when there is nothing (ENOENT, ENOTDIR).
    package static func status(_ path: String, follow: Bool = false) throws(Errno) -> FileStatus? {
        var out = rwv_stat()
        let r = unsafe rwv_statx(FileDescriptor.currentDirectory.raw, path, follow ? 1 : 0, &out)
        if r == -ENOENT || r == -ENOTDIR { return nil }
        _ = try check(r)
        return FileStatus(out)
    }

    /// Whether something is there, without following a final link. An error counts as "something".
    package static func exists(_ path: String) -> Bool {
        do throws(Errno) { return try status(path) != nil } catch { return true }
    }

    /// Whether something lies in a FUSE mount that nobody serves any more (ENOTCONN). Attributes the kernel may still remember; what statfs(2)
    /// tells, never.
    package static func isDead(_ path: String) -> Bool {
        do throws(Errno) {
            let there = OwnedDescriptor(try open(path, OpenFlags.path))
            _ = try there.descriptor.fileSystemStatus()
            return false
        } catch { return error == .notConnected }
    }

    /// Whether something is mounted there, told by touching it: at once, however long the ``MountTable`` is. Nil where that cannot be told.
    package static func isMountPoint(_ path: String) -> Bool? {
        let r = unsafe rwv_is_mount_point(path)
        return r < 0 ? nil : r == 1
    }

    package static func isDirectory(_ path: String) -> Bool {
        do throws(Errno) { return try status(path, follow: true)?.isDirectory ?? false } catch { return false }
    }

    /// - Throws: ENOTDIR for what is no directory; why it cannot be told, as for want of a right.
    package static func requireDirectory(_ path: String) throws(Errno) {
        guard let there = try status(path, follow: true) else { throw .notFound }
        if !there.isDirectory { throw .notDirectory }
    }

    /// The whole file. - Throws: the errno of open(2) or read(2); EFBIG past `limit` bytes.
    package static func read(_ path: String, limit: Int = 1 << 30) throws(Errno) -> [UInt8] {
        let file = OwnedDescriptor(try open(path))
        return try file.descriptor.readAll(limit: limit)
    }

    package static func readIfExists(_ path: String) throws(Errno) -> [UInt8]? {
        do throws(Errno) { return try read(path) } catch {
            if error == .notFound || error == .notDirectory { return nil }
            throw error
        }
    }

    /// Writes a file as a whole: temporary file beside it, fsync, rename (rename(2)). A reader sees the old bytes or the new.
    /// `mode` goes through the process's umask. With `durable: false` the fsync is left out (for what can be made again).
    package static func writeAtomically(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o666, durable: Bool = true) throws(Errno) {
        try writeAtomically(path, bytes, mode: mode, durable: durable) { _ in }
    }

    /// The same. `prepare` gets the new file, written, before it takes its place.
    static func writeAtomically(_ path: String, _ bytes: [UInt8], mode: UInt32, durable: Bool, prepare: (FileDescriptor) -> Void) throws(Errno) {
        let (file, temporary) = try temporary(for: path, mode: mode)
        defer { file.close() }
        do throws(Errno) {
            try file.writeAll(bytes)
            prepare(file)
            if durable { try file.sync() }
            try rename(temporary, path)
        } catch {
            _ = unsafe rwv_unlinkat(FileDescriptor.currentDirectory.raw, temporary, 0)
            throw error
        }
    }

    /// What is put behind a name while its new content is being written.
    package static let temporarySuffix = ".rwv-tmp"

    /// A new file beside `path` that nobody else writes to. Its name is the same each time, so that what a killed writer left there is
    /// taken away by the next; only beside a living writer is another name taken. The file is locked (flock(2)) while it lives.
    private static func temporary(for path: String, mode: UInt32) throws(Errno) -> (file: FileDescriptor, path: String) {
        let flags = OpenFlags.writeOnly | OpenFlags.create | OpenFlags.exclusive | OpenFlags.noFollow
        let name = path + temporarySuffix
        for _ in 0..<2 {
            do throws(Errno) {
                let file = try open(name, flags, mode: mode)
                if owns(file, name) { return (file, name) }
                // Somebody took it for a left-over before the lock was there, and removes it.
                file.close()
                break
            } catch where error == .exists {}
            guard let left = try? OwnedDescriptor(open(name, OpenFlags.readOnly | OpenFlags.noFollow)), owns(left.descriptor, name) else { break }
            _ = unsafe rwv_unlinkat(FileDescriptor.currentDirectory.raw, name, 0)
        }
        let other = "\(name).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        return (try open(other, flags, mode: mode), other)
    }

    /// Whether an open file could be locked and is the one of that name: then nobody else takes it away.
    private static func owns(_ file: FileDescriptor, _ name: String) -> Bool {
        guard (try? file.lock(wait: false)) == true, let mine = try? file.status(), let there = (try? status(name)) ?? nil else { return false }
        return mine.ino == there.ino && mine.dev_major == there.dev_major && mine.dev_minor == there.dev_minor
    }

    /// Creates a new file with these bytes. EEXIST if something is there.
    package static func create(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o666) throws(Errno) {
        let file = OwnedDescriptor(try open(path, OpenFlags.writeOnly | OpenFlags.create | OpenFlags.exclusive, mode: mode))
        try file.descriptor.writeAll(bytes)
    }

    package static func makeDirectory(_ path: String, mode: UInt32 = 0o777) throws(Errno) {
        _ = try check(unsafe rwv_mkdirat(FileDescriptor.currentDirectory.raw, path, mode))
    }

    /// mkdir -p.
    package static func makeDirectories(_ path: String, mode: UInt32 = 0o777) throws(Errno) {
        do throws(Errno) { try makeDirectory(path, mode: mode) } catch {
            if error == .exists { return }
            guard error == .notFound, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { throw error }
            try makeDirectories(String(path[..<slash]), mode: mode)
            do throws(Errno) { try makeDirectory(path, mode: mode) } catch where error == .exists {}
        }
    }

    package static func unlink(_ path: String) throws(Errno) {
        _ = try check(unsafe rwv_unlinkat(FileDescriptor.currentDirectory.raw, path, 0))
    }

    package static func removeDirectory(_ path: String) throws(Errno) {
        _ = try check(unsafe rwv_unlinkat(FileDescriptor.currentDirectory.raw, path, 1))
    }

    package static func rename(_ path: String, _ target: String, flags: UInt32 = 0) throws(Errno) {
        let here = FileDescriptor.currentDirectory.raw
        _ = try check(unsafe rwv_renameat2(here, path, here, target, flags))
    }

    package static func link(_ path: String, _ target: String) throws(Errno) {
        let here = FileDescriptor.currentDirectory.raw
        _ = try check(unsafe rwv_linkat(here, path, here, target))
    }

    /// A hard link, or where the disk will not (EXDEV, EMLINK, EPERM, EOPNOTSUPP) a copy with mode and times.
    package static func linkOrCopy(_ path: String, _ target: String) throws(Errno) {
        do throws(Errno) { try link(path, target) } catch {
            guard [.crossDevice, .tooManyLinks, .permission, .notSupported].contains(error) else { throw error }
            try copy(path, target)
        }
    }

    /// Copies one regular file with its permissions and times. EEXIST if `target` is there.
    package static func copy(_ path: String, _ target: String) throws(Errno) {
        let from = OwnedDescriptor(try open(path))
        let status = try from.descriptor.status()
        let to = OwnedDescriptor(try open(target, OpenFlags.writeOnly | OpenFlags.create | OpenFlags.exclusive, mode: 0o600))
        try from.descriptor.copyContents(to: to.descriptor, size: Int64(status.size))
        try to.descriptor.setMode(status.permissions)
        try to.descriptor.setTimes(access: Timestamp(seconds: status.atime, nanoseconds: status.atime_ns),
                                   modification: Timestamp(seconds: status.mtime, nanoseconds: status.mtime_ns))
    }

    package static func makeSymlink(_ path: String, target: String) throws(Errno) {
        _ = try check(unsafe rwv_symlinkat(target, FileDescriptor.currentDirectory.raw, path))
    }

    /// The target of a symbolic link; nil when `path` is not one.
    package static func readLink(_ path: String) throws(Errno) -> String? {
        do throws(Errno) {
            return String(decoding: try unsafe FileDescriptor.currentDirectory.readLink(cString: path), as: UTF8.self)
        } catch {
            if error == .invalid || error == .notFound { return nil }
            throw error
        }
    }

    package static func setMode(_ path: String, _ mode: UInt32) throws(Errno) {
        _ = try check(unsafe rwv_fchmodat(FileDescriptor.currentDirectory.raw, path, mode))
    }

    package static func setTimes(_ path: String, access: Timestamp, modification: Timestamp) throws(Errno) {
        _ = try check(unsafe rwv_utimensat(FileDescriptor.currentDirectory.raw, path, access.seconds, access.nanoseconds,
                                           modification.seconds, modification.nanoseconds))
    }

    /// realpath(3). - Throws: ENOENT and the like.
    package static func canonical(_ path: String) throws(Errno) -> String {
        guard let p = unsafe realpath(path, nil) else { throw Errno(rawValue: errno) }
        defer { unsafe free(p) }
        return unsafe String(cString: p)
    }

    /// As far as realpath(3) follows a path; the rest, as in a mount whose server is gone, as it was written, without `.` and `..`.
    package static func canonicalAsFar(_ path: String) -> String {
        var parts = path.split(separator: "/"), rest: [Substring] = []
        while true {
            if let real = try? canonical("/" + parts.joined(separator: "/")) {
                var out = real.split(separator: "/")
                for part in rest.reversed() where part != "." { if part == ".." { _ = out.popLast() } else { out.append(part) } }
                return "/" + out.joined(separator: "/")
            }
            guard let last = parts.popLast() else { return path }
            rest.append(last)
        }
    }

    /// getcwd(3). - Throws: ENOENT in a directory that was deleted, and in a mount that was taken away.
    package static func workingDirectory() throws(Errno) -> String {
        guard let p = unsafe getcwd(nil, 0) else { throw Errno(rawValue: errno) }
        defer { unsafe free(p) }
        return unsafe String(cString: p)
    }

    /// The first place on the way from a directory to a path below it that is no directory: a link, which would lead elsewhere, or a file. Nil where
    /// all are, or nothing is there. Relative to `root`.
    package static func obstacle(_ root: String, _ path: String) throws(Errno) -> String? {
        var at = path.startIndex
        while let slash = path[at...].firstIndex(of: "/") {
            let place = String(path[..<slash])
            guard let status = try status(root + "/" + place) else { return nil }
            if !status.isDirectory { return place }
            at = path.index(after: slash)
        }
        return nil
    }

    /// Removes a directory and all below it, never following links, chmodding directories that are in the way.
    /// Nothing there is not an error. - Throws: EBUSY at something that is mounted below it; what that holds is not touched.
    package static func removeTree(_ path: String) throws(Errno) {
        guard let s = try status(path) else { return }
        guard s.isDirectory else { return try unlink(path) }
        if s.permissions & 0o700 != 0o700 { try setMode(path, s.permissions | 0o700) }
        let root = OwnedDescriptor(try open(path, OpenFlags.directory | OpenFlags.noFollow))
        for entry in try root.descriptor.directoryEntries() {
            try removeTree(path + "/" + String(decoding: entry.name, as: UTF8.self), in: root.descriptor, entry)
        }
        try removeDirectory(path)
    }

    private static func removeTree(_ path: String, in parent: FileDescriptor, _ entry: DirectoryEntry) throws(Errno) {
        let buffer = PathBuffer()
        try buffer.prepend(entry.name.span)
        guard let s = try parent.statusIfExists(buffer) else { return }
        guard s.isDirectory else { return try parent.unlink(buffer) }
        if s.permissions & 0o700 != 0o700 { try parent.setMode(buffer, s.permissions | 0o700) }
        let child: OwnedDescriptor
        do throws(Errno) { child = OwnedDescriptor(try parent.openBeneath(buffer, OpenFlags.directory, onSameMount: true)) } catch { throw error == .crossDevice ? .busy : error }
        for next in try child.descriptor.directoryEntries() { try removeTree(path, in: child.descriptor, next) }
        try parent.removeDirectory(buffer)
    }
}

extension FileDescriptor {
    /// Copies `size` bytes from the start of this file to the start of `target`: by cloning, else copy_file_range(2), else by hand.
    /// Holes stay holes where the disk can tell them.
    package func copyContents(to target: FileDescriptor, size: Int64) throws(Errno) {
        if (try? clone(to: target)) != nil { return }
        var offset: Int64 = 0
        while offset < size {
            let n: Int
            do throws(Errno) {
                n = try copyRange(from: offset, to: target, at: offset, count: Int(min(size - offset, 1 << 30)))
            } catch {
                guard [.crossDevice, .invalid, .notImplemented, .notSupported, .badDescriptor].contains(error) else { throw error }
                return try copyByHand(to: target, from: offset)
            }
            if n == 0 { break }
            offset += Int64(n)
        }
    }

    private func copyByHand(to target: FileDescriptor, from start: Int64) throws(Errno) {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var offset = start
        while true {
            let result: Result<Int, Errno> = unsafe buffer.withUnsafeMutableBytes { p in
                do throws(Errno) {
                    let n = try unsafe read(at: offset, into: p)
                    try unsafe target.write(at: offset, UnsafeRawBufferPointer(rebasing: p[..<n]))
                    return .success(n)
                } catch { return .failure(error) }
            }
            let n = try result.get()
            if n == 0 { return }
            offset += Int64(n)
        }
    }

    func readLink(cString path: UnsafePointer<CChar>) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let target = unsafe [UInt8](unsafeUninitializedCapacity: Files.longestPath) { p, n in
            let r = unsafe p.withMemoryRebound(to: CChar.self) { c in unsafe rwv_readlinkat(raw, path, c.baseAddress, c.count) }
            if r < 0 { failure = Errno(rawValue: Int32(-r)) } else { n = Int(r) }
        }
        if let failure { throw failure }
        return target
    }
}
