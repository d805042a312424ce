internal import ArgumentParsing
internal import Control
internal import JSONCoding
internal import Syscalls
internal import Weave

/// `rwv mounts`: what is mounted of this weave.
enum Mounts {
    static let verb = Verb(CommandSpec(
        "mounts", "list the mounts of the weave: kind, path, project or workweave, engine, state",
        details: "With --json also how many requests of each kind were served.")
    ) { session in
        let weave = try session.weave()
        try session.service.requireOwner(weave)
        var mounts: [MountInfo] = []
        if session.service.client(weave).isServed, case .mounts(let all) = try session.service.ask(weave, .mounts) { mounts = all } else {
            if let failure = weave.diskFailure { throw failure }
            mounts = try weave.mountRecords().map {
                MountInfo(kind: "project", path: $0.path, name: nil, project: $0.project, engine: "fuse", state: "down", counters: nil)
            }
            mounts += try weave.damagedMounts().map(MountInfo.init)
            mounts += try weave.workweaveRecords().map {
                MountInfo(kind: "workweave", path: weave.workweaves + "/" + $0.name, name: $0.name, project: $0.project, engine: $0.engine,
                          state: $0.engine == "checkout" && Files.isDirectory(weave.workweaves + "/" + $0.name) ? "served" : "down", counters: nil)
            }
        }
        guard session.wantsJSON else {
            for m in mounts { session.output.print([m.kind, m.path, m.name ?? m.project ?? "-", m.engine, m.problem.map { "\(m.state): \($0)" } ?? m.state].joined(separator: "  ")) }
            return
        }
        session.output.print(.array(mounts.map { m in
            .object([
                ("kind", .string(m.kind)), ("path", .string(m.path)), ("workweave", .string(m.name)), ("project", .string(m.project)),
                ("engine", .string(m.engine)), ("state", .string(m.state)), ("problem", .string(m.problem)),
                ("counters", m.counters.map { .object($0.sorted { $0.key < $1.key }.map { ($0.key, .number(Int($0.value))) }) } ?? .null),
            ])
        }))
    }
}
