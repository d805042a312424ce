internal import Syscalls

/// A process of this user's (proc(5)).
struct RunningProcess {
    let id: Int32
    /// Its command line.
    let words: [String]

    /// All that this user may look into.
    static func all() -> [RunningProcess] {
        guard let proc = try? Files.open("/proc", OpenFlags.directory) else { return [] }
        defer { proc.close() }
        return ((try? proc.directoryEntries()) ?? []).compactMap { entry in
            guard let id = Int32(entry.text), let status = try? Files.status("/proc/\(id)"), status.owner == CurrentProcess.userID,
                  let line = try? Files.read("/proc/\(id)/cmdline") else { return nil }
            return RunningProcess(id: id, words: line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
        }
    }

    /// The numbers of its open files.
    var files: [String] {
        guard let directory = try? Files.open("/proc/\(id)/fd", OpenFlags.directory) else { return [] }
        defer { directory.close() }
        return ((try? directory.directoryEntries()) ?? []).map(\.text)
    }

    /// The soft limit of open files; nil when it cannot be read, or there is none.
    var fileLimit: Int? {
        guard let text = try? Files.read("/proc/\(id)/limits") else { return nil }
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return line?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
    }

    /// How many inotify(7) watches it has.
    var watches: Int {
        files.reduce(0) { sum, file in
            guard ((try? Files.readLink("/proc/\(id)/fd/\(file)")) ?? nil) == "anon_inode:inotify", let text = try? Files.read("/proc/\(id)/fdinfo/\(file)") else { return sum }
            return sum + String(decoding: text, as: UTF8.self).split(separator: "\n").count { $0.hasPrefix("inotify ") }
        }
    }
}
