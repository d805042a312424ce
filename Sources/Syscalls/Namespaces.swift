internal import CLinux

/// Mounts of one's own (namespaces(7)).
package enum Namespaces {
    /// Gives this process, which must have one thread, a mount namespace of its own, in which it may mount. What is mounted outside later
    /// shows in it; what it mounts shows nowhere else. Without root's rights that takes a user namespace, in which we are who we were
    /// (user_namespaces(7)); supplementary groups keep their effect but have no numbers there. The rights go with the next ``CurrentProcess/become(_:_:environment:)``.
    /// - Throws: EPERM where namespaces are forbidden, ENOSPC where there may be no more.
    package static func takeOwnMounts() throws(Errno) {
        let user = CurrentProcess.userID, group = CurrentProcess.groupID
        if user != 0 {
            _ = try check(rwv_dumpable())
            _ = try check(rwv_own_mounts(1))
            // Without this an ordinary user may not map his group.
            try write("setgroups", "deny")
            try write("uid_map", "\(user) \(user) 1")
            try write("gid_map", "\(group) \(group) 1")
        } else { _ = try check(rwv_own_mounts(0)) }
        // Where mounting is forbidden all the same (AppArmor), it shows here.
        try mountFileSystem("none", at: "/", type: "none", flags: MountFlags.recursive | MountFlags.isSlave, options: "")
    }

    private static func write(_ file: String, _ text: String) throws(Errno) {
        let f = OwnedDescriptor(try Files.open("/proc/self/\(file)", OpenFlags.writeOnly))
        try f.descriptor.writeAll(Array(text.utf8))
    }

    /// The processes in other mount namespaces than ours where somebody sees a mount for which `isWanted` holds.
    package static func processes(seeing isWanted: (MountTable.Entry) -> Bool) -> [Int32] {
        guard let own = name(CurrentProcess.id) else { return [] }
        var members: [String: [Int32]] = [:]
        for pid in ProcessFiles.all {
            guard let other = name(pid), other != own else { continue }
            members[other, default: []].append(pid)
        }
        // One may have a root of its own and see less than another.
        return members.values.filter { pids in pids.contains { MountTable.all(of: $0).contains(where: isWanted) } }.flatMap { $0 }.sorted()
    }

    /// Whether a process sees our mounts; nil when it has ended or may not be asked (ptrace(2)).
    package static func isOurs(of pid: Int32) -> Bool? {
        guard let own = name(CurrentProcess.id), let other = name(pid) else { return nil }
        return own == other
    }

    private static func name(_ pid: Int32) -> String? { (try? Files.readLink("/proc/\(pid)/ns/mnt")) ?? nil }
}
