internal import Syscalls

/// Processes that keep a mount busy: by working directory, root or open file (proc(5)).
struct MountUsers {
    let pid: Int32
    let name: String
    let path: String

    static func find(_ mount: String) -> [MountUsers] {
        var found: [MountUsers] = []
        guard let proc = try? Files.open("/proc", OpenFlags.directory) else { return [] }
        defer { proc.close() }
        for entry in (try? proc.directoryEntries()) ?? [] {
            guard let pid = Int32(entry.text), pid != CurrentProcess.id, let path = firstUse(pid, mount) else { continue }
            let name = (try? Files.read("/proc/\(pid)/comm")).map { String(decoding: $0.dropLast(), as: UTF8.self) } ?? "?"
            found.append(MountUsers(pid: pid, name: name, path: path))
        }
        return found.sorted { $0.pid < $1.pid }
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
        return nil
    }
}
