/// Processes that use a directory, as proc(5) tells: by working directory, root, program, open file or mapping. Those of the same user, or all
/// when we are root.
package struct PlaceUsers: Sendable {
    package let pid: Int32
    package let name: String
    /// The first thing below the directory that it uses.
    package let path: String

    /// For a person.
    package var text: String { "process \(pid) (\(name)) uses \(path)" }

    /// - Parameters:
    ///   - directory: a canonical path. Nothing is looked up in it.
    ///   - device: a file system, as mountinfo numbers it ("0:57"), whose files do not count, but for mappings.
    package static func find(_ directory: String, notOn device: String? = nil) -> [PlaceUsers] {
        var found: [PlaceUsers] = []
        for pid in ProcessFiles.all where pid != CurrentProcess.id {
            guard let path = firstUse(pid, directory, device) else { continue }
            found.append(PlaceUsers(pid: pid, name: ProcessFiles.name(of: pid), path: path))
        }
        return found.sorted { $0.pid < $1.pid }
    }

    private static func firstUse(_ pid: Int32, _ directory: String, _ device: String?) -> String? {
        let inside = directory + "/"
        var links = ["cwd", "root", "exe"]
        if let fds = try? Files.open("/proc/\(pid)/fd", OpenFlags.directory) {
            links += ((try? fds.directoryEntries()) ?? []).map { "fd/" + $0.text }
            fds.close()
        }
        for link in links {
            if let target = try? Files.readLink("/proc/\(pid)/\(link)"), target == directory || target.hasPrefix(inside) {
                if let device, isOn(device, pid, link) { continue }
                return target
            }
        }
        guard let maps = try? Files.read("/proc/\(pid)/maps") else { return nil }
        let wanted = Array((" " + inside).utf8)
        for line in maps.split(separator: UInt8(ascii: "\n")) {
            // The path is the last field, and the only one with slashes.
            guard let slash = line.firstIndex(of: UInt8(ascii: "/")), line[(slash - 1)...].starts(with: wanted) else { continue }
            return String(decoding: line[slash...], as: UTF8.self)
        }
        return nil
    }

    private static func isOn(_ device: String, _ pid: Int32, _ link: String) -> Bool {
        // A handle asks the file system nothing.
        guard let handle = try? Files.open("/proc/\(pid)/\(link)", OpenFlags.path) else { return false }
        defer { handle.close() }
        guard let entry = ProcessFiles.entry(CurrentProcess.id, handle.raw) else { return false }
        return ProcessFiles.mounts(of: device, pid: pid).contains(entry.mount)
    }
}
