internal import Syscalls

/// A line-by-line log file: each line one write, with the time in UTC. Rotated by size: past the limit the file becomes `….1`.
final class Log: Sendable {
    static let limit: UInt64 = 4 << 20
    private let path: String
    private let file: Locked<FileDescriptor>

    init(path: String) throws(Errno) {
        self.path = path
        file = Locked(try Self.open(path))
    }

    /// The descriptor to hand to a child for what it prints.
    var descriptor: FileDescriptor { file.withLock { $0 } }

    private static func open(_ path: String) throws(Errno) -> FileDescriptor {
        if let size = try Files.status(path)?.size, size > limit { try Files.rename(path, path + ".1") }
        return try Files.open(path, OpenFlags.writeOnly | OpenFlags.create | OpenFlags.append, mode: 0o600)
    }

    func write(_ text: String) {
        file.withLock { f in
            if let size = try? f.status().size, size > Self.limit, let fresh = try? Self.open(path) {
                f.close()
                f = fresh
            }
            try? f.writeAll(Array("\(Self.time(Timestamp.current.seconds)) \(text)\n".utf8))
        }
    }

    /// "2026-02-03T04:05:06Z": the civil date of a day count, by Howard Hinnant's algorithm.
    static func time(_ seconds: Int64) -> String {
        func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
        let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let rest = seconds - days * 86400
        let z = days + 719468
        let era = (z >= 0 ? z : z - 146096) / 146097
        let doe = z - era * 146097
        let yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100)
        let mp = (5 * doy + 2) / 153
        let month = mp < 10 ? mp + 3 : mp - 9
        let year = yoe + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(two(month))-\(two(doy - (153 * mp + 2) / 5 + 1))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
    }
}
