internal import Syscalls
internal import Weave

/// What the machine must have for mounts: the device, the helper, /etc/fuse.conf.
struct DoctorMachine {
    let findings: [DoctorFinding]

    init(_ weave: Weave) {
        var found: [DoctorFinding] = []
        do throws(Errno) { try Files.open("/dev/fuse", OpenFlags.readWrite).close() } catch {
            found.append(DoctorFinding(
                kind: .device, path: "/dev/fuse", what: error == .notFound ? "there is no such device" : "it cannot be opened: \(error)",
                why: "nothing can be mounted; workweaves are made as checkouts",
                fix: error == .notFound ? "modprobe fuse; in a container: --device /dev/fuse --cap-add SYS_ADMIN" : "as root: chmod 0666 /dev/fuse"))
        }
        if CurrentProcess.userID != 0 { found += Self.helper() + Self.configuration(weave) }
        findings = found
    }

    /// fusermount3, which mounts for ordinary users.
    private static func helper() -> [DoctorFinding] {
        guard let path = MountProgram.path else {
            return [DoctorFinding(kind: .helper, path: MountProgram.name, what: "it is neither on the PATH nor in \(MountProgram.usualPlaces.joined(separator: ", "))", why: "ordinary users cannot mount without it; workweaves are made as checkouts",
                                  fix: "install the package fuse3")]
        }
        guard let status = (try? Files.status(path, follow: true)) ?? nil, status.owner != 0 || status.permissions & 0o4000 == 0 else { return [] }
        return [DoctorFinding(kind: .helper, path: path, what: "it is not set-user-ID root", why: "ordinary users cannot mount without it", fix: "as root: chown root \(path.shellWord) && chmod 4755 \(path.shellWord)")]
    }

    /// fusermount3's settings (mount.fuse3(8)).
    private static func configuration(_ weave: Weave) -> [DoctorFinding] {
        let file = "/etc/fuse.conf"
        let lines = ((try? Files.readIfExists(file)) ?? nil).map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map { $0.trimming(" \t") } } ?? []
        var found: [DoctorFinding] = []
        let limit = lines.compactMap { line in line.hasPrefix("mount_max = ") ? Int(line.dropFirst("mount_max = ".count)) : nil }.last ?? 1000
        let count = MountTable.all().count { $0.type == "fuse" || $0.type.hasPrefix("fuse.") }
        if limit >= 0, count * 10 >= limit * 9 {
            found.append(DoctorFinding(kind: .mountLimit, path: file, what: "\(count) FUSE mounts of at most \(limit)", why: "soon nothing more can be mounted, by any ordinary user",
                                       fix: "unmount some, or raise mount_max in \(file)"))
        }
        let isAllowed = lines.contains("user_allow_other")
        for record in (try? weave.mountRecords()) ?? [] where !isAllowed && record.options.contains("allow_other") && MountTable.find(record.path) == nil {
            found.append(DoctorFinding(kind: .allowOther, path: record.path, what: "it is to be open to other users, and \(file) does not allow that", why: "it cannot be mounted",
                                       fix: "as root: add the line user_allow_other to \(file)"))
        }
        return found
    }
}

/// Limits of the system that are nearly reached.
struct DoctorLimits {
    let findings: [DoctorFinding]

    init(_ server: DoctorServer) {
        var found: [DoctorFinding] = []
        let processes = RunningProcess.all()
        let own = processes.first { $0.id == server.process }
        if let own, let limit = own.fileLimit, own.files.count * 10 >= limit * 8 || limit < 1024 {
            found.append(DoctorFinding(kind: .openFiles, path: "/proc/\(own.id)/limits", what: "the server has \(own.files.count) files open, and may have \(limit)",
                                       why: "past that, files in mounts cannot be opened", fix: "raise the hard limit (ulimit -Hn, /etc/security/limits.conf), then 'rwv down' and 'rwv up'"))
        }
        let file = "/proc/sys/fs/inotify/max_user_watches"
        if let limit = (try? Files.read(file)).flatMap({ Int(String(decoding: $0, as: UTF8.self).trimming(" \n")) }) {
            let used = processes.reduce(0) { $0 + $1.watches }
            if used * 10 >= limit * 8 {
                found.append(DoctorFinding(kind: .inotifyWatches, path: file, what: "\(used) inotify watches in use, and at most \(limit) per user",
                                           why: "without watches, what changes in a clone shows in a mount only after a second, and editors miss changes",
                                           fix: "as root: sysctl fs.inotify.max_user_watches=\(max(524_288, limit * 4))"))
            }
        }
        findings = found
    }
}

extension StringProtocol {
    /// Without these characters at both ends.
    fileprivate func trimming(_ characters: String) -> String {
        String(drop { characters.contains($0) }.reversed().drop { characters.contains($0) }.reversed())
    }
}
