internal import CLinux
internal import Glibc

package enum MountFlags {
    package static let noSetID = UInt(MS_NOSUID)
    package static let noDevices = UInt(MS_NODEV)
    package static let readOnly = UInt(MS_RDONLY)
    package static let remount = UInt(MS_REMOUNT)
    package static let bind = UInt(MS_BIND)
    package static let recursive = UInt(MS_REC)
    package static let isPrivate = UInt(MS_PRIVATE)
    /// Sees what is mounted and unmounted where it comes from, and shows nothing there.
    package static let isSlave = UInt(MS_SLAVE)
}

/// fusermount3(1), which mounts and unmounts for ordinary users.
package enum MountProgram {
    package static let name = "fusermount3"
    /// Where distributions put it, whatever the PATH says.
    package static let usualPlaces = ["/usr/bin", "/bin", "/usr/local/bin"]

    /// The directory that it is in, on the PATH or in one of the usual places; nil where it is not to be had.
    package static var directory: String? {
        let named = CurrentProcess.environment("PATH")?.split(separator: ":").map(String.init) ?? []
        return (named + usualPlaces).first { (try? Files.status("\($0)/\(name)", follow: true))??.isRegular == true }
    }

    package static var path: String? { directory.map { "\($0)/\(name)" } }
}

/// mount(2). - Throws: EPERM without the right; EINVAL and the like when the file system does not take its options.
package func mountFileSystem(_ source: String, at target: String, type: String, flags: UInt, options: String) throws(Errno) {
    _ = try check(unsafe rwv_mount(source, target, type, flags, options))
}

/// umount2(2) with UMOUNT_NOFOLLOW. Root only; others ask fusermount3.
package func unmount(_ path: String, lazy: Bool) throws(Errno) { _ = try check(unsafe rwv_umount(path, lazy ? 1 : 0)) }

/// mount(2) with MS_BIND: what is seen at `path` is seen at `target` too. Root only.
package func bindMount(_ path: String, to target: String) throws(Errno) { _ = try check(unsafe rwv_bind_mount(path, target)) }
