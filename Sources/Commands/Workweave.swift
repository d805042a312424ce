internal import ArgumentParsing
internal import Control
internal import Git
internal import JSONCoding
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv workweave PROJECT create|delete|list|sync|engine`: isolated working copies of a project.
enum Workweave {
    static let verb = Verb(CommandSpec(
        "workweave", "make, list, update and delete workweaves: isolated working copies of a project",
        positionals: [PositionalSpec("PROJECT", "the project"), PositionalSpec("ACTION", "create, delete, list, sync or engine; list when left out", .optional),
                      PositionalSpec("NAME", "the workweave; create chooses one when left out", .optional),
                      PositionalSpec("ENGINE", "engine: fuse, kernel or checkout", .optional)],
        options: [
            OptionSpec("--locked", "create: base every repo on rwv.lock"),
            OptionSpec("--at", value: "PATH=REV", "create: base one repo on a revision; may be repeated"),
            OptionSpec("--engine", value: "ENGINE", "create: auto, fuse, kernel or checkout"),
            OptionSpec("--force", "delete: although changes or commits are lost by it"),
        ],
        details: "create prints the path of the new workweave. delete refuses while something would be lost, and says what.")
    ) { session in
        let context = try session.context()
        guard let text = session.arguments[0] else { return }
        let project = try ProjectName(text)
        let name = session.arguments[2]
        if let extra = session.arguments[3], session.arguments[1] != "engine" { throw UsageError("unexpected argument '\(extra)'", hint: "usage: rwv workweave PROJECT ACTION NAME") }
        switch session.arguments[1] ?? "list" {
        case "create": try create(session, context, project, name)
        case "delete": try delete(session, context, project, try require(name, "delete"))
        case "list": try list(session, context, project)
        case "sync": try sync(session, context, project, try require(name, "sync"))
        case "engine": try setEngine(session, context, project, try require(name, "engine"))
        case let other: throw UsageError("there is no 'rwv workweave \(text) \(other)'", hint: "use create, delete, list, sync or engine")
        }
    }

    private static let engines = ["auto", "fuse", "kernel", "checkout"]

    private static func require(_ name: String?, _ action: String) throws -> String {
        guard let name else { throw UsageError("'rwv workweave PROJECT \(action)' needs the name of a workweave", hint: "'rwv workweave PROJECT list' shows what there is") }
        return name
    }

    private static func create(_ session: Session, _ context: Context, _ project: ProjectName, _ name: String?) throws {
        var revisions: [String: String] = [:]
        for pair in session.arguments.values("--at") {
            guard let equals = pair.firstIndex(of: "="), equals != pair.startIndex else {
                throw UsageError("--at wants PATH=REV, not '\(pair)'", hint: "for example --at github/chatly/server=v2.1.0")
            }
            revisions[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
        }
        if let name { _ = try WorkweaveName(name) }
        _ = try context.weave.readManifest(project)
        let engine = session.arguments.value("--engine") ?? "auto"
        guard engines.contains(engine) else {
            throw UsageError("there is no engine '\(engine)'", hint: "choose auto, fuse, kernel or checkout")
        }
        let options = CreateOptions(project: project.text, name: name, locked: session.arguments.has("--locked"), revisions: revisions,
                                    engine: engine, umask: CurrentProcess.umask)
        session.output.progress("making a workweave of '\(project)'…")
        let answer = try session.service.create(context.weave, options) { reason in
            session.output.warn("using ordinary checkouts (engine 'checkout'): \(reason.message)")
            if let hint = reason.hint { session.output.hint(hint) }
        }
        guard case .created(let made, let path, let used) = answer else { throw CommandFailure("the server answered something unexpected") }
        if session.wantsJSON {
            session.output.print(.object([("name", .string(made)), ("path", .string(path)), ("engine", .string(used))]))
        } else { session.output.print(path) }
    }

    /// The workweave of that name, which must belong to the project.
    private static func find(_ session: Session, _ context: Context, _ project: ProjectName, _ name: String) throws -> WorkweaveInfo {
        guard case .workweaves(let all) = try session.service.ask(context.weave, .describe(project: project.text, name: name, withUsage: false)),
              let info = all.first else { throw CommandFailure("the server answered something unexpected") }
        guard info.project == project.text else {
            throw CommandFailure("workweave '\(name)' belongs to project '\(info.project)'", hint: "run 'rwv workweave \(info.project) …'")
        }
        return info
    }

    private static func delete(_ session: Session, _ context: Context, _ project: ProjectName, _ name: String) throws {
        try context.weave.requireShared(name)
        if !session.arguments.has("--force") {
            try session.service.show(context.weave, name)
            WorkweaveLosses.writeBack(context.weave, name)
        }
        let info = try find(session, context, project, name)
        if !session.arguments.has("--force") {
            let losses = try WorkweaveLosses(context.weave, info).all()
            if !losses.isEmpty {
                throw CommandFailure(errors: ["deleting workweave '\(name)' would lose work:"] + losses.map(\.text), hint: Weave.lossesHint)
            }
        }
        try namingUsers(of: info, context.weave) { () throws(WeaveError) in
            _ = try session.service.ask(context.weave, .delete(name: name, force: session.arguments.has("--force")))
        }
    }

    /// Where something cannot be done because the workweave is in use, says by whom.
    private static func namingUsers(of info: WorkweaveInfo, _ weave: Weave, _ body: () throws(WeaveError) -> Void) throws {
        do throws(WeaveError) { try body() } catch {
            guard error.code == .busy else { throw error }
            throw CommandFailure(errors: [error.message] + users(of: info, weave).map(\.text), hint: error.hint)
        }
    }

    /// Processes in a workweave, whether it is seen in its place or lies in the state directory.
    private static func users(of info: WorkweaveInfo, _ weave: Weave) -> [PlaceUsers] { PlaceUsers.find(info.path) + PlaceUsers.find("\(weave.states)/\(info.name)/checkout") }

    private static func setEngine(_ session: Session, _ context: Context, _ project: ProjectName, _ name: String) throws {
        guard let engine = session.arguments[3] else { throw UsageError("'rwv workweave PROJECT engine \(name)' needs an engine", hint: "choose fuse, kernel or checkout") }
        guard engines.contains(engine), engine != "auto" else { throw UsageError("there is no engine '\(engine)'", hint: "choose fuse, kernel or checkout") }
        let info = try find(session, context, project, name)
        try context.weave.requireShared(name)
        try namingUsers(of: info, context.weave) { () throws(WeaveError) in
            if !users(of: info, context.weave).isEmpty { throw WeaveError(.busy, "\(info.path) is in use", hint: "leave that directory and end those programs") }
            _ = try session.service.ask(context.weave, .setEngine(name: name, engine: engine))
        }
        // Between an upper directory and a checkout files get other inode numbers.
        guard [info.engine, engine].contains("checkout"), info.engine != engine, let record = try WorkweaveRecord.read(context.weave.states + "/" + name) else { return }
        _ = Thread.map(record.repos, width: CurrentProcess.processorCount) { repo in
            guard let admin = context.weave.worktree(name, of: repo.path) else { return }
            LinkedWorktree.refreshIndex(admin, top: "\(info.path)/\(repo.path)", isReadOnly: repo.isReadOnly)
        }
    }

    private static func list(_ session: Session, _ context: Context, _ project: ProjectName) throws {
        let wantsUsage = session.wantsJSON
        guard case .workweaves(let all) = try session.service.ask(context.weave, .describe(project: project.text, name: nil, withUsage: wantsUsage)) else { return }
        // Those of a project that is gone can be listed still.
        if all.isEmpty { _ = try context.weave.readManifest(project) }
        guard session.wantsJSON else { return all.forEach { session.output.print($0.name) } }
        session.output.print(.array(all.map { info in
            .object([
                ("name", .string(info.name)), ("project", .string(info.project)), ("path", .string(info.path)), ("engine", .string(info.engine)), ("engine_reason", .string(info.engineReason)),
                ("repos", .array(info.repos.map { repo in
                    .object([("path", .string(repo.path)), ("branch", .string(repo.branch)), ("base", .string(repo.base))])
                })),
                ("in_use_by", .array((info.inUseBy ?? []).map { .number(Int($0)) })),
                ("changed_files", info.changedFiles.map(JSON.number) ?? .null), ("upper_bytes", info.upperBytes.map { .number(Int($0)) } ?? .null),
            ])
        }))
    }

    private static func sync(_ session: Session, _ context: Context, _ project: ProjectName, _ name: String) throws {
        let report = try bringInLine(session, context, try find(session, context, project, name).name)
        for path in report.added { session.output.print("added: \(path)") }
        for path in report.removed { session.output.print("removed: \(path)") }
        let staying = staying(report)
        if !staying.isEmpty {
            throw CommandFailure(errors: staying.map { "\($0.path) is listed no more, but stays: \($0.reason)" },
                                 hint: report.kept.isEmpty ? "run sync again" : "commit and push or merge them, then run sync again")
        }
    }

    /// What was to go and does not, and why.
    private static func staying(_ report: SyncReport) -> [(path: String, reason: String)] {
        report.kept.map { ($0, "it holds uncommitted changes or commits found nowhere else") } + report.changing.map { ($0, "it is being worked in") }
    }

    /// After `add`, `remove` or `fetch` in a workweave changed its rwv.yaml or made clones for it: its worktrees and ecosystem files follow.
    static func follow(_ session: Session, _ context: Context, _ workweave: WorkweaveName) throws {
        for (path, reason) in staying(try bringInLine(session, context, workweave.text)) { session.output.warn("\(path) stays in '\(workweave)': \(reason)") }
    }

    /// Makes a workweave follow its own manifest, worktrees first, then ecosystem files. Repos that hold work are never taken out.
    static func bringInLine(_ session: Session, _ context: Context, _ name: String) throws -> SyncReport {
        try context.weave.requireShared(name)
        try session.service.show(context.weave, name)
        WorkweaveLosses.writeBack(context.weave, name)
        // Before anybody says what was touched.
        let began = try ChangeTime.now(in: context.weave.states + "/" + name)
        guard case .workweaves(let all) = try session.service.ask(context.weave, .describe(project: nil, name: name, withUsage: false)), let info = all.first else {
            throw CommandFailure("the server answered something unexpected")
        }
        let losses = try WorkweaveLosses(context.weave, info)
        let removable = info.repos.filter { repo in (try? losses.losses(of: repo).isEmpty) ?? false }.map(\.path)
        guard case .synced(let report) = try session.service.ask(context.weave, .sync(SyncOptions(name: info.name, removable: removable, since: began))) else {
            throw CommandFailure("the server answered something unexpected")
        }
        let project = try ProjectName(info.project)
        try Activate.activate(project, Context(weave: context.weave, workweave: try WorkweaveName(info.name), project: project))
        return report
    }
}
