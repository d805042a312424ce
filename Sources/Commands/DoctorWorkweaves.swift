internal import Control
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// The workweaves' state directories, and what the clones must hold for each.
struct DoctorWorkweaves {
    /// Seconds that a create or delete may be under way.
    private static let patience: Int64 = 600

    private let weave: Weave
    private let server: DoctorServer
    let findings: [DoctorFinding]

    init(_ weave: Weave, _ server: DoctorServer, registries: Set<String>) {
        self.weave = weave
        self.server = server
        let names: [String]
        do throws(WeaveError) { names = try weave.stateNames() } catch {
            findings = [DoctorFinding(kind: .missingDirectories, path: weave.states, what: error.message, why: "no workweave can be served", fix: error.hint ?? "see to its permissions")]
            return
        }
        var found: [DoctorFinding] = [], records: [WorkweaveRecord] = []
        for name in names {
            let (finding, record) = Self.look(name, weave, server)
            if let finding { found.append(finding) }
            if let record { records.append(record) }
        }
        let objects = DoctorObjects()
        for record in records { found += Self.directories(record, weave, server) + DoctorWorktrees(weave, record, objects).findings }
        let tops = records.flatMap(\.repos).map { String($0.path.prefix { $0 != "/" }) }
        findings = found + DoctorStrays(weave, named: Set(names), below: registries.union(tops)).findings
    }

    /// One state directory: its record if it is to be looked into, and what is wrong with it as a whole.
    private static func look(_ name: String, _ weave: Weave, _ server: DoctorServer) -> (DoctorFinding?, WorkweaveRecord?) {
        let directory = weave.states + "/" + name
        let journal = directory + "/journal.json"
        let record: WorkweaveRecord?
        do throws(WeaveError) {
            record = try WorkweaveRecord.read(directory)
            if record == nil, try WorkweaveRecord.isGone(directory) { throw WorkweaveRecord.gone(directory) }
        } catch {
            return (DoctorFinding(kind: .damagedRecord, path: "\(directory)/\(WorkweaveRecord.fileName)", what: error.message,
                                  why: "'\(name)' cannot be served; its changed files lie in \(directory)/upper, and its commits in the clones, on branches \(name)/…",
                                  fix: error.code == .unsupported ? error.hint ?? "use a newer rwv"
                                      : "put the file back from a backup; or take from there what you want to keep, remove \(directory), and run 'rwv doctor' for what it leaves in the clones"), nil)
        }
        if server.isBusy || server.mounts.contains(where: { $0.name == name && $0.state == "changing" }) { return (nil, nil) }
        if let begun = (try? Files.status(journal)) ?? (record == nil ? (try? Files.status(directory)) ?? nil : nil) {
            let isYoung = begun.changed.seconds > Timestamp.current.seconds - patience
            if server.isServed, isYoung { return (nil, nil) }
            return (DoctorFinding(kind: .unfinished, path: directory, what: "a create, a delete, a sync or a change of the engine of '\(name)' was interrupted", why: "the name is taken, and worktrees and branches of it may be left in the clones",
                                  fix: "run 'rwv down' and 'rwv up': a create is taken back, the others are carried through or taken back, and nothing is lost", service: .restart), nil)
        }
        guard let record else { return (nil, nil) }
        if record.weave != weave.root {
            return (DoctorFinding(kind: .movedWeave, path: directory, what: "the weave was moved from \(record.weave), and '\(name)' has not been served since",
                                  why: "git in the clones looks for its worktrees where they were", fix: "run 'rwv up', which repairs the paths", service: .restart), nil)
        }
        return (nil, record)
    }

    /// What the server needs in the state directory.
    private static func directories(_ record: WorkweaveRecord, _ weave: Weave, _ server: DoctorServer) -> [DoctorFinding] {
        let directory = weave.states + "/" + record.name
        guard record.engine != "checkout" else { return checkout(record, weave, server) }
        var found: [DoctorFinding] = []
        let missing = [("upper", 0o777 & ~record.umask), ("work", 0o700)].filter { !Files.exists("\(directory)/\($0.0)") }
        if !missing.isEmpty {
            found.append(DoctorState.directories(missing.map { "\(directory)/\($0.0)" }, at: directory) {
                for (name, mode) in missing {
                    try Files.makeDirectory("\(directory)/\(name)", mode: 0o700)
                    try Files.setMode("\(directory)/\(name)", UInt32(mode))
                }
            })
        }
        let damaged = record.repos.filter { !DoctorState.isBase("\(directory)/base/\($0.part).meta") }
        if !damaged.isEmpty {
            found.append(DoctorFinding(kind: .damagedBase, path: directory + "/base", what: "the base of \(damaged.map(\.path).joined(separator: ", ")) is missing or damaged",
                                       why: "'\(record.name)' cannot be served; its changed files lie in \(directory)/upper, its commits in the clones",
                                       fix: "put the files back from a backup; or take what you need out of upper, delete the workweave with --force, and make it anew from its branches"))
        }
        return found
    }

    /// Where no FUSE mount shows it, a link leads to a checkout.
    private static func checkout(_ record: WorkweaveRecord, _ weave: Weave, _ server: DoctorServer) -> [DoctorFinding] {
        let top = weave.top(of: record), link = weave.workweaves + "/" + record.name
        guard Files.isDirectory(top) else {
            return [DoctorFinding(kind: .missingDirectories, path: top, what: "the checkout is gone", why: "the workweave '\(record.name)' has no files",
                                  fix: "git -C CLONE worktree repair, or delete it: rwv workweave \(record.project) delete \(record.name)")]
        }
        guard MountTable.find(weave.workweaves) == nil else { return [] }
        // Where `.workweaves` is a link, what it leads to is not ours.
        if let place = try? Files.status(weave.workweaves), !place.isDirectory { return [] }
        if Files.exists(link) { return [] }
        return [DoctorFinding(kind: .missingDirectories, path: link, what: "the link to the checkout is gone", why: "'\(record.name)' is not where it is looked for",
                              fix: "run 'rwv up', or: ln -s ../.rwv/workweaves/\(record.name)/checkout \(link.shellWord)", repair: {
            if !Files.exists(weave.workweaves) { try Files.makeDirectory(weave.workweaves) }
            try Files.setMode(weave.workweaves, 0o755)
            defer { try? Files.setMode(weave.workweaves, 0o555) }
            try Files.makeSymlink(link, target: "../.rwv/workweaves/\(record.name)/checkout")
            return "made the link"
        })]
    }
}
