internal import Control
internal import Syscalls
internal import Weave

/// Mount points of the weave: dead, taken by others, not served, in a bad state below.
struct DoctorMounts {
    private let weave: Weave
    private let server: DoctorServer
    let findings: [DoctorFinding]

    init(_ weave: Weave, _ server: DoctorServer) {
        self.weave = weave
        self.server = server
        var found: [DoctorFinding] = []
        var records: [MountRecord] = []
        do throws(WeaveError) {
            records = try weave.mountRecords()
            for damaged in try weave.damagedMounts() {
                found.append(DoctorFinding(kind: .damagedRecord, path: damaged.file, what: damaged.error.message, why: "the project mount that is registered there cannot be served",
                                           fix: damaged.error.hint ?? "remove that file, and mount the project again"))
            }
        } catch {
            found.append(DoctorFinding(kind: .damagedRecord, path: weave.mounts, what: error.message, why: "no project mount of the weave can be served",
                                       fix: error.hint ?? "see to its permissions"))
        }
        let table = MountTable.all()
        for path in [weave.workweaves] + records.map(\.path) {
            if let there = table.last(where: { $0.path == path }) { found += Self.mounted(there, weave, server, records.first { $0.path == path }) } else {
                found += Self.missing(path, weave, server, isProject: path != weave.workweaves)
            }
        }
        // The base view goes and comes with the workweaves that lie upon it.
        let isBaseSaid = found.contains { $0.kind == .deadMount && $0.path == weave.workweaves }
        let known = Set(records.map(\.path) + [weave.workweaves] + (isBaseSaid ? [weave.baseView] : []))
        for entry in table where entry.type == MountTable.ours && entry.source == weave.root && !known.contains(entry.path) && entry.isDead {
            found.append(Self.dead(entry.path))
        }
        findings = found + Self.states(server, weave)
    }

    private static func dead(_ path: String) -> DoctorFinding {
        DoctorFinding(kind: .deadMount, path: path, what: "the process that served this mount is gone (\(Errno.notConnected))",
                      why: "every access fails until it is mounted anew; what was written is safe", fix: "run 'rwv up'", service: .serve)
    }

    private static func mounted(_ there: MountTable.Entry, _ weave: Weave, _ server: DoctorServer, _ record: MountRecord?) -> [DoctorFinding] {
        if there.type == MountTable.ours, there.source == weave.root {
            if server.isServed || server.isBusy { return [] }
            if there.isDead { return [dead(there.path)] }
            return [DoctorFinding(kind: .unreachableServer, path: there.path, what: "it is mounted and answers, but the server that does it cannot be found: \(weave.run) was emptied",
                                  why: "no command that needs the server works, and a second one cannot take its place",
                                  fix: "end \(keepers(weave)), which takes its mounts away, then run 'rwv up'")]
        }
        // It is mounted there when somebody first uses it.
        if there.type == MountTable.onDemand { return [] }
        if there.type == MountTable.ours, there.source == weave.servedAs {
            return [DoctorFinding(kind: .foreignMount, path: there.path, what: "it is mounted for the weave \(there.source): this one was moved while it was served",
                                  why: "no command that needs the server works", fix: "run 'rwv up', which takes it away unless somebody uses it", service: .serve)]
        }
        if there.type == MountTable.ours, let record, !weave.owns(there) {
            return [DoctorFinding(kind: .foreignMount, path: there.path, what: "the weave \(there.source) is mounted there", why: "the project that is registered there cannot be mounted",
                                  fix: "rwv unmount \(there.path.shellWord), which takes that one away, and run 'rwv up'; or remove \(weave.file(record.id)) if this one is not wanted any more")]
        }
        let isMoved = there.type == MountTable.ours && there.path.hasPrefix(weave.root + "/")
        if weave.owns(there) { return [dead(there.path)] }
        return [DoctorFinding(
            kind: .foreignMount, path: there.path,
            what: isMoved ? "it is mounted for the weave \(there.source): this one was moved while it was served" : "another file system (\(there.type), \(there.source)) is mounted there",
            why: "what belongs there cannot be seen, and rwv does not mount over others",
            fix: isMoved ? "end \(keepers(Weave(root: there.source))), then run 'rwv up'" : "unmount it (umount \(there.path.shellWord)), then run 'rwv up'")]
    }

    /// The keepers of a weave among the processes (proc(5)), for a person.
    private static func keepers(_ weave: Weave) -> String {
        let found = RunningProcess.all().filter { $0.words.suffix(2) == ["__keeper", weave.root] }.map { "process \($0.id) (kill \($0.id))" }
        return found.isEmpty ? "its keeper ('ps -ef' shows it as 'rwv __keeper')" : found.joined(separator: ", ")
    }

    /// Nothing is mounted at a place of ours.
    private static func missing(_ path: String, _ weave: Weave, _ server: DoctorServer, isProject: Bool) -> [DoctorFinding] {
        let status: FileStatus?
        do throws(Errno) { status = try Files.status(path) } catch {
            return [DoctorFinding(kind: .mountPoint, path: path, what: "it cannot be looked at: \(error)", why: "the project cannot be mounted there", fix: "see to its permissions")]
        }
        let forget = isProject ? "; or rwv unmount \(path.shellWord) if it is not wanted any more" : ""
        guard let status else {
            guard isProject else { return [] }
            return [DoctorFinding(kind: .mountPoint, path: path, what: "the mount point is gone", why: "the project that is registered there cannot be mounted",
                                  fix: "make the directory, and run 'rwv up'\(forget)")]
        }
        guard status.isDirectory else {
            return [DoctorFinding(kind: .mountPoint, path: path, what: "the mount point is not a directory", why: "nothing can be mounted there", fix: "move it aside, and run 'rwv up'\(forget)")]
        }
        var found: [DoctorFinding] = []
        let inside = (try? Files.open(path, OpenFlags.directory)).map { directory -> [DirectoryEntry] in
            defer { directory.close() }
            return (try? directory.directoryEntries()) ?? []
        } ?? []
        // Where there is no FUSE, links to the checkouts stand there.
        let files = inside.filter { entry in isProject || ((try? Files.readLink(path + "/" + entry.text)) ?? nil)?.hasPrefix("../.rwv/") != true }
        if !files.isEmpty {
            found.append(DoctorFinding(kind: .filesBelow, path: path, what: "\(counted(files.count, "file")) in the mount point while nothing is mounted: \(files.prefix(3).map(\.text).joined(separator: ", "))",
                                       why: isProject ? "the project is not mounted over them" : "they vanish from sight at the next mount",
                                       fix: "move them to where they belong\(isProject ? ", then run 'rwv up'" : "")"))
        }
        if status.permissions != 0o555 {
            found.append(DoctorFinding(kind: .mountPointMode, path: path, what: "the mount point has mode \(String(status.permissions, radix: 8)), not 555, while nothing is mounted",
                                       why: "programs could write there what nobody finds again", fix: "chmod 555 \(path.shellWord)") {
                try Files.setMode(path, 0o555)
                return "chmod 555"
            })
        }
        if server.isServed, isProject ? files.isEmpty : server.mounts.contains(where: { $0.kind == "workweave" && $0.engine != "checkout" }) {
            found.append(DoctorFinding(kind: .notServed, path: path, what: "it is registered, a server runs, and nothing is mounted", why: server.mounts.first { $0.path == path }?.problem ?? "somebody has taken it away, or it could not be mounted",
                                       fix: "run 'rwv up'; if that does not help, see \(weave.log)/server.log\(forget)", service: .serve))
        }
        return found
    }

    /// What the server itself says.
    private static func states(_ server: DoctorServer, _ weave: Weave) -> [DoctorFinding] {
        server.mounts.compactMap { mount in
            switch mount.state {
            // What is wrong with a registered mount is said of its place.
            case "failed" where mount.kind != "project":
                DoctorFinding(kind: .notServed, path: mount.path, what: "the server could not serve it\(mount.problem.map { ": \($0)" } ?? "")", why: "the workweave cannot be seen; its changed files lie in \(weave.states)/\(mount.name ?? "")/upper",
                              fix: "see \(weave.log)/server.log; then 'rwv down' and 'rwv up'", service: .restart)
            case "stale":
                DoctorFinding(kind: .staleProject, path: mount.path, what: "it shows '\(mount.project ?? "")' as it was: \(mount.problem ?? "")",
                              why: "changes of the manifest do not show", fix: "repair the manifest ('rwv check'), or take the mount away")
            default: nil
            }
        }
    }
}
