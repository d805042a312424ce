/// Processes that keep a mount, or a directory of one, busy: by working directory, root, program, mapped or open file (proc(5)).
/// Only those that we may look into: of the same user, or all when we are root.
package struct MountUsers: Sendable {
    package let pid: Int32
    /// What it calls itself, at most 15 bytes.
    package let name: String
    /// What it uses: a path at or below what was asked for.
    package let path: String

    /// In the order of their ids; not ourselves.
    package static func find(_ mount: String) -> [MountUsers] {
        ProcessFiles.all.filter { $0 != CurrentProcess.id }.sorted().compactMap { pid in
            firstUse(pid, mount).map { MountUsers(pid: pid, name: ProcessFiles.name(of: pid), path: $0) }
        }
    }

    private static func firstUse(_ pid: Int32, _ mount: String) -> String? {
        var links = ["cwd", "root", "exe"]
        if let fds = try? Files.open("/proc/\(pid)/fd", OpenFlags.directory) {
            links += ((try? fds.directoryEntries()) ?? []).map { "fd/" + $0.text }
            fds.close()
        }
        for link in links {
            if let target = try? Files.readLink("/proc/\(pid)/\(link)"), target == mount || target.hasPrefix(mount + "/") { return target }
        }
        return mapped(pid, mount)
    }

    /// A file that is mapped though its descriptor is closed.
    private static func mapped(_ pid: Int32, _ mount: String) -> String? {
        guard let bytes = try? Files.read("/proc/\(pid)/maps") else { return nil }
        let wanted = " " + mount + "/"
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first { $0.contains(wanted) }.flatMap { line in
            line.firstIndex(of: "/").map { String(line[$0...]) }
        }
    }
}
