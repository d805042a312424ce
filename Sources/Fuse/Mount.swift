internal import CFuse
internal import Glibc
package import Syscalls

/// Mounting and unmounting, as libfuse does it: mount(2) when we may, fusermount3 otherwise.
package enum Mount {
    /// Mounts a FUSE file system at `path` and returns its /dev/fuse descriptor. The kernel's first request (INIT) waits there.
    /// The connection lives as long as some process holds the descriptor open.
    /// - Parameter options: as for `-o` (fuse(8)).
    /// - Throws: EPERM or whatever errno libfuse left; libfuse has said why on standard error.
    package static func attach(at path: String, options: [String]) throws(Errno) -> FileDescriptor {
        var words: [UnsafeMutablePointer<CChar>?] = unsafe []
        for w in ["rwv", "-o", options.joined(separator: ",")] { unsafe words.append(strdup(w)) }
        defer { for unsafe w in unsafe words { unsafe free(w) } }
        var operations = fuse_lowlevel_ops()
        var arguments = unsafe fuse_args()
        unsafe arguments.argc = unsafe Int32(words.count)
        unsafe words.append(nil)
        let session = unsafe words.withUnsafeMutableBufferPointer { p -> OpaquePointer? in
            unsafe arguments.argv = p.baseAddress
            return unsafe rwv_fuse_session_new(&arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, nil)
        }
        guard let session = unsafe session else { throw .invalid }
        // Destroying the session closes its descriptor, and unmounts nothing.
        defer { unsafe fuse_session_destroy(session) }
        // libfuse looks in one place, then on the PATH.
        let search = CurrentProcess.environment("PATH")
        if CurrentProcess.userID != 0, let directory = MountProgram.directory { unsafe setenv("PATH", "\(search.map { $0 + ":" } ?? "")\(directory)", 1) }
        defer { if let search { unsafe setenv("PATH", search, 1) } else { unsafe unsetenv("PATH") } }
        errno = 0
        guard unsafe fuse_session_mount(session, path) == 0 else {
            throw errno == 0 ? .permission : Errno(rawValue: errno)
        }
        return try FileDescriptor(raw: unsafe fuse_session_fd(session)).duplicate()
    }

    /// Reads the INIT request, which the kernel sends as soon as it has mounted; to be handed to each server in turn.
    package static func readInit(_ descriptor: FileDescriptor) throws(Errno) -> [UInt8] {
        try descriptor.readSome((1 << 20) + 8192)
    }

    /// Takes a mount away. - Throws: EBUSY when it is in use (and not `lazy`), or fusermount3 refuses; ENOENT when that is missing.
    package static func detach(_ path: String, lazy: Bool) throws(Errno) {
        if CurrentProcess.userID == 0 {
            do throws(Errno) { return try unmount(path, lazy: lazy) } catch {
                if error == .invalid { return }
                throw error
            }
        }
        guard let program = MountProgram.path else { throw .notFound }
        // Not where we are: that may be the very mount.
        let outcome = try Subprocess(program, ["-u", "-q"] + (lazy ? ["-z"] : []) + ["--", path], directory: "/").run(timeout: 30)
        if outcome.succeeded || MountTable.find(path) == nil { return }
        throw .busy
    }
}
