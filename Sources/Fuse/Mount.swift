internal import CFuse
internal import Glibc
package import Syscalls

/// Mounting and unmounting, as libfuse does it: mount(2) when we may, fusermount3 otherwise.
package enum Mount {
    /// The file system type of our mounts, as the kernel shows it (`subtype=weavefs`).
    package static let type = "fuse.weavefs"

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

    /// Takes a mount away. - Throws: EBUSY when it is in use (and not `lazy`); EPERM when fusermount3 refuses or is missing.
    package static func detach(_ path: String, lazy: Bool) throws(Errno) {
        if CurrentProcess.userID == 0 {
            do throws(Errno) { return try unmount(path, lazy: lazy) } catch {
                if error == .invalid { return }
                throw error
            }
        }
        let outcome = try Subprocess("fusermount3", ["-u", "-q"] + (lazy ? ["-z"] : []) + ["--", path]).run(timeout: 30)
        if outcome.succeeded || !isMountPoint(path) { return }
        throw .busy
    }

    /// Whether something is mounted at `path` (/proc/self/mountinfo, proc(5)), seen without touching it.
    package static func isMountPoint(_ path: String) -> Bool { find(path) != nil }

    /// File system type and source of the topmost mount at `path`; nil when nothing is mounted there.
    package static func find(_ path: String) -> (type: String, source: String)? {
        guard let bytes = try? Files.read("/proc/self/mountinfo") else { return nil }
        var found: (String, String)?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 6, unescape(fields[4]) == path, let dash = fields.firstIndex(of: "-"), dash + 2 < fields.count else { continue }
            found = (String(fields[dash + 1]), unescape(fields[dash + 2]))
        }
        return found
    }

    /// Undoes the octal escapes of mountinfo.
    private static func unescape(_ field: Substring) -> String {
        guard field.contains("\\") else { return String(field) }
        var out: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let c = rest.popFirst() {
            if c == UInt8(ascii: "\\"), rest.count >= 3, let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8) {
                out.append(value)
                rest = rest.dropFirst(3)
            } else { out.append(c) }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
