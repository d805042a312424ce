internal import CLinux
internal import Glibc

/// An open file of the process. A plain number: whoever opened it closes it (or lets ``OwnedDescriptor`` do so).
///
/// Methods with a `path` act on `path` relative to this descriptor, as the *at system calls do.
package struct FileDescriptor: Hashable, Sendable {
    package let raw: Int32
    package init(raw: Int32) { self.raw = raw }

    /// AT_FDCWD: relative paths start at the working directory.
    package static let currentDirectory = FileDescriptor(raw: AT_FDCWD)
    package static let standardInput = FileDescriptor(raw: 0)
    package static let standardOutput = FileDescriptor(raw: 1)
    package static let standardError = FileDescriptor(raw: 2)

    /// close(2). Errors are of no use to the caller and are dropped.
    package func close() { _ = rwv_close(raw) }

    /// A second descriptor of the same open file (fcntl(2), F_DUPFD_CLOEXEC).
    package func duplicate() throws(Errno) -> FileDescriptor { FileDescriptor(raw: try check(rwv_duplicate(raw))) }

    /// fstat(2).
    package func status() throws(Errno) -> FileStatus {
        var out = rwv_stat()
        _ = try check(unsafe rwv_fstat(raw, &out))
        return FileStatus(out)
    }

    /// pread(2) into `buffer`; fewer bytes than asked for only at the end of the file.
    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        var done = 0
        while done < buffer.count {
            guard let base = buffer.baseAddress else { break }
            let n = try check(unsafe rwv_pread(raw, base + done, buffer.count - done, offset + Int64(done)))
            if n == 0 { break }
            done += n
        }
        return done
    }

    /// pwrite(2) of all of `bytes`.
    package func write(at offset: Int64, _ bytes: UnsafeRawBufferPointer) throws(Errno) {
        var done = 0
        while done < bytes.count {
            guard let base = bytes.baseAddress else { break }
            done += try check(unsafe rwv_pwrite(raw, base + done, bytes.count - done, offset + Int64(done)))
        }
    }

    /// Writes at the end of the file, wherever that is by then, in one piece (pwritev2(2) with RWF_APPEND). - Returns: how many bytes.
    package func append(_ bytes: RawSpan) throws(Errno) -> Int {
        let result: Int64 = unsafe bytes.withUnsafeBytes { p in unsafe rwv_append(raw, p.baseAddress, p.count) }
        return try check(result)
    }

    /// The same for a span.
    package func write(at offset: Int64, _ bytes: RawSpan) throws(Errno) {
        let result: Result<Void, Errno> = unsafe bytes.withUnsafeBytes { p in
            do throws(Errno) { return .success(try unsafe write(at: offset, p)) } catch { return .failure(error) }
        }
        try result.get()
    }

    /// One read(2): up to `count` bytes, empty at the end of the file.
    package func readSome(_ count: Int = 65536) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { p, n in
            let r = unsafe rwv_read(raw, p.baseAddress, count)
            if r < 0 { failure = Errno(rawValue: Int32(-r)) } else { n = Int(r) }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything from here to the end of the file.
    package func readAll(limit: Int = .max) throws(Errno) -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let some = try readSome()
            if some.isEmpty { return all }
            all += some
            if all.count > limit { throw .fileTooLarge }
        }
    }

    /// write(2) of all of `bytes`.
    package func writeAll(_ bytes: [UInt8]) throws(Errno) {
        try unsafe withBytes(bytes) { p throws(Errno) in
            var done = 0
            while done < p.count {
                guard let base = p.baseAddress else { break }
                done += try check(unsafe rwv_write(raw, base + done, p.count - done))
            }
        }
    }

    /// ftruncate(2), to `size` bytes.
    package func truncate(to size: Int64) throws(Errno) { _ = try check(rwv_ftruncate(raw, size)) }

    /// fchmod(2).
    package func setMode(_ mode: UInt32) throws(Errno) { _ = try check(rwv_fchmod(raw, mode)) }

    /// futimens(2).
    package func setTimes(access: Timestamp, modification: Timestamp) throws(Errno) {
        _ = try check(rwv_futimens(raw, access.seconds, access.nanoseconds, modification.seconds, modification.nanoseconds))
    }

    /// fsync(2), or fdatasync(2).
    package func sync(dataOnly: Bool = false) throws(Errno) { _ = try check(rwv_fsync(raw, dataOnly ? 1 : 0)) }

    /// syncfs(2) of the file system that holds this file.
    package func syncFileSystem() throws(Errno) { _ = try check(rwv_syncfs(raw)) }

    /// fallocate(2); offset and length in bytes.
    package func allocate(mode: Int32, offset: Int64, length: Int64) throws(Errno) {
        _ = try check(rwv_fallocate(raw, mode, offset, length))
    }

    /// lseek(2).
    package func seek(_ offset: Int64, whence: Int32) throws(Errno) -> Int64 {
        Int64(try check(rwv_lseek(raw, offset, whence)))
    }

    /// copy_file_range(2). Returns the number of bytes copied.
    package func copyRange(from offset: Int64, to target: FileDescriptor, at targetOffset: Int64, count: Int) throws(Errno) -> Int {
        try check(rwv_copy_file_range(raw, offset, target.raw, targetOffset, count))
    }

    /// Makes `target` share this file's blocks (ioctl_ficlonerange(2)); EOPNOTSUPP, EXDEV or EINVAL where the disk cannot.
    package func clone(to target: FileDescriptor) throws(Errno) { _ = try check(rwv_ficlone(target.raw, raw)) }

    /// statfs(2).
    package func fileSystemStatus() throws(Errno) -> FileSystemStatus {
        var out = rwv_statfs()
        _ = try check(unsafe rwv_fstatfs(raw, &out))
        return FileSystemStatus(out)
    }

    /// flock(2), for the life of the open file. Returns false when `wait` is false and somebody else holds it.
    package func lock(exclusive: Bool = true, wait: Bool = true) throws(Errno) -> Bool {
        let r = rwv_flock(raw, exclusive ? 1 : 0, wait ? 0 : 1)
        if r == -EWOULDBLOCK { return false }
        _ = try check(r)
        return true
    }

    package func unlock() { _ = rwv_unlock(raw) }

    package func setNonBlocking(_ on: Bool) throws(Errno) { _ = try check(rwv_set_nonblocking(raw, on ? 1 : 0)) }

    /// Waits until there is something to read, for at most `milliseconds` (-1: for ever). False when time ran out.
    package func waitReadable(milliseconds: Int32) throws(Errno) -> Bool { try check(rwv_poll_in(raw, milliseconds)) > 0 }

    /// Not handed to programs that we start (FD_CLOEXEC).
    package func closeOnExec() { _ = rwv_set_cloexec(raw, 1) }

    package var isTerminal: Bool { rwv_isatty(raw) == 1 }
}

/// A descriptor that is closed when its owner goes.
package struct OwnedDescriptor: ~Copyable, Sendable {
    package let descriptor: FileDescriptor
    package init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }
    deinit { descriptor.close() }
    /// Gives the descriptor away; the caller closes it.
    package consuming func release() -> FileDescriptor {
        let d = descriptor
        discard self
        return d
    }
}

/// Runs `body` on the bytes of an array, with a typed throw.
func withBytes<R>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Errno) -> R) throws(Errno) -> R {
    let result: Result<R, Errno> = unsafe bytes.withUnsafeBytes { p in
        do throws(Errno) { return .success(try unsafe body(p)) } catch { return .failure(error) }
    }
    return try result.get()
}
