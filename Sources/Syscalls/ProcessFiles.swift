internal import CLinux

/// What a process has open, as proc(5) tells: for those of the same user, or all when we are root.
package enum ProcessFiles {
    /// One open file: by number, and what it is.
    package struct Entry: Hashable, Sendable {
        package let pid: Int32
        package let number: Int32
        package let mount: Int
        package let ino: UInt64
    }

    /// The process that a thread belongs to.
    package static func process(ofThread id: Int32) -> Int32 { field("Tgid:", in: "/proc/\(id)/status").flatMap { Int32($0) } ?? id }

    package static func parent(of pid: Int32) -> Int32? { field("PPid:", in: "/proc/\(pid)/status").flatMap { Int32($0) } }

    /// Whether nothing is left of a process's first thread but its exit status.
    package static func firstThreadHasEnded(_ pid: Int32) -> Bool { stat(pid).map { $0.first == "Z" || $0.first == "X" } ?? true }

    /// Whether a process has ended, is ending, or has a SIGKILL waiting for it. It may hold its locks and mounts a moment longer.
    package static func isDying(_ pid: Int32) -> Bool {
        let killed = UInt64(1) << (9 - 1), exiting: UInt64 = 0x4
        for name in ["SigPnd:", "ShdPnd:"] {
            guard let text = field(name, in: "/proc/\(pid)/status"), let pending = UInt64(text, radix: 16) else { return true }
            if pending & killed != 0 { return true }
        }
        // State, five numbers of others, PF_ flags.
        guard let fields = stat(pid), fields.count > 6, let flags = UInt64(fields[6]) else { return true }
        return fields[0] == "Z" || fields[0] == "X" || flags & exiting != 0
    }

    /// Whether a process was stopped by a signal, or by who traces it: it does nothing until it is let go on.
    package static func isStopped(_ pid: Int32) -> Bool { ["T", "t"].contains(stat(pid)?.first) }

    /// The fields of /proc/PID/stat behind the name, which may hold anything but ends with the last ")". Nil when there is no such process.
    private static func stat(_ pid: Int32) -> [String]? {
        guard let text = try? Files.read("/proc/\(pid)/stat"), let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        return text[(end + 1)...].split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The descriptors of a process that have this inode of this device (as mountinfo numbers it: "0:57") open. Nil when we may not look.
    package static func having(_ ino: UInt64, on device: String, pid: Int32) -> [Entry]? {
        guard let folder = try? Files.open("/proc/\(pid)/fdinfo", OpenFlags.directory) else { return nil }
        defer { folder.close() }
        guard let entries = try? folder.directoryEntries() else { return nil }
        let all = entries.compactMap { Int32($0.text) }.compactMap { entry(pid, $0) }.filter { $0.ino == ino }
        if all.isEmpty { return [] }
        let mounts = mounts(of: device, pid: pid)
        return all.filter { mounts.contains($0.mount) }
    }

    /// What a descriptor is of; nil when it is closed, or the process is gone.
    package static func entry(_ pid: Int32, _ number: Int32) -> Entry? {
        guard let bytes = try? Files.read("/proc/\(pid)/fdinfo/\(number)") else { return nil }
        var mount: Int?, ino: UInt64?
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("mnt_id:") { mount = Int(line.dropFirst(7).drop { $0 == "\t" || $0 == " " }) }
            if line.hasPrefix("ino:") { ino = UInt64(line.dropFirst(4).drop { $0 == "\t" || $0 == " " }) }
        }
        guard let mount, let ino else { return nil }
        return Entry(pid: pid, number: number, mount: mount, ino: ino)
    }

    /// The inodes of a device (as mountinfo numbers it: "0:57") that somebody watches (inotify(7)): the kernel keeps them in memory though nobody
    /// has them open.
    package static func watched(on device: String) -> Set<UInt64> {
        let numbers = device.split(separator: ":").compactMap { UInt64($0) }
        guard numbers.count == 2 else { return [] }
        let wanted = "sdev:" + String(numbers[0] << 20 | numbers[1], radix: 16)
        var found: Set<UInt64> = []
        for pid in all {
            guard let folder = try? Files.open("/proc/\(pid)/fd", OpenFlags.directory) else { continue }
            defer { folder.close() }
            for entry in (try? folder.directoryEntries()) ?? [] {
                guard ((try? Files.readLink("/proc/\(pid)/fd/\(entry.text)")) ?? nil) == "anon_inode:inotify",
                      let text = try? Files.read("/proc/\(pid)/fdinfo/\(entry.text)") else { continue }
                for line in String(decoding: text, as: UTF8.self).split(separator: "\n") where line.hasPrefix("inotify ") {
                    let fields = line.split(separator: " ")
                    guard fields.contains(where: { $0 == wanted }), let ino = fields.first(where: { $0.hasPrefix("ino:") }) else { continue }
                    if let number = UInt64(ino.dropFirst(4), radix: 16) { found.insert(number) }
                }
            }
        }
        return found
    }

    /// The first two arguments of a blocked thread's system call (/proc/ID/syscall): for fcntl(2) and flock(2), the descriptor and what is
    /// to be done. Nil when we may not look.
    package static func arguments(ofThread id: Int32) -> (Int32, Int32)? {
        guard let bytes = try? Files.read("/proc/\(id)/syscall") else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").dropFirst().prefix(2)
        let numbers = words.compactMap { UInt64($0.dropFirst(2), radix: 16).map { Int32(truncatingIfNeeded: $0) } }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    /// A descriptor of our own for an open file of another process (pidfd_getfd(2)). - Throws: EPERM when we may not.
    package static func copy(_ entry: Entry) throws(Errno) -> FileDescriptor { FileDescriptor(raw: try check(rwv_copy_of(entry.pid, entry.number))) }

    /// Whether a process knows the very open file `file` by a number (kcmp(2)); false when it is closed or the process is gone.
    package static func isSame(_ file: FileDescriptor, _ pid: Int32, _ number: Int32) -> Bool { rwv_is_same_open_file(file.raw, pid, number) == 1 }

    /// What a process calls itself (/proc/ID/comm); "?" when it is gone.
    package static func name(of pid: Int32) -> String {
        (try? Files.read("/proc/\(pid)/comm")).map { String(decoding: $0.dropLast(), as: UTF8.self) } ?? "?"
    }

    /// When a process was started, in clock ticks since the system was: with its id it names one process of this boot. Nil when there is
    /// none, or nothing but its exit status is left.
    package static func start(of pid: Int32) -> UInt64? {
        guard let fields = stat(pid), fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }

    /// The running system, by a name that no other start of it has (random(4)).
    package static var boot: String { (try? Files.read("/proc/sys/kernel/random/boot_id")).map { String(decoding: $0.prefix(36), as: UTF8.self) } ?? "" }

    package static var all: [Int32] {
        guard let folder = try? Files.open("/proc", OpenFlags.directory) else { return [] }
        defer { folder.close() }
        return ((try? folder.directoryEntries()) ?? []).compactMap { Int32($0.text) }
    }

    static func mounts(of device: String, pid: Int32) -> Set<Int> {
        guard let bytes = try? Files.read("/proc/\(pid)/mountinfo") else { return [] }
        return Set(String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 3)
            return fields.count > 2 && fields[2] == device ? Int(fields[0]) : nil
        })
    }

    private static func field(_ name: String, in path: String) -> Substring? {
        guard let bytes = try? Files.read(path) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix(name) {
            return line.dropFirst(name.utf8.count).drop { $0 == "\t" || $0 == " " }
        }
        return nil
    }
}
