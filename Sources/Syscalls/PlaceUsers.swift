/// Processes that use a directory, as proc(5) tells: by working directory, root, program, open file or mapping. Those of the same user, or all
/// when we are root.
package struct PlaceUsers: Sendable {
    package let pid: Int32
    package let name: String
    /// The first thing below the directory that it uses.
    package let path: String

    /// - Parameter directory: a canonical path. Nothing is looked up in it.
    package static func find(_ directory: String) -> [PlaceUsers] {
        var found: [PlaceUsers] = []
        for pid in ProcessFiles.all where pid != CurrentProcess.id {
            guard let path = firstUse(pid, directory) else { continue }
            found.append(PlaceUsers(pid: pid, name: ProcessFiles.name(of: pid), path: path))
        }
        return found.sorted { $0.pid < $1.pid }
    }

    private static func firstUse(_ pid: Int32, _ directory: String) -> String? {
        let inside = directory + "/"
        var links = ["cwd", "root", "exe"]
        if let fds = try? Files.open("/proc/\(pid)/fd", OpenFlags.directory) {
            links += ((try? fds.directoryEntries()) ?? []).map { "fd/" + $0.text }
            fds.close()
        }
        for link in links {
            if let target = try? Files.readLink("/proc/\(pid)/\(link)"), target == directory || target.hasPrefix(inside) { return target }
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
}
