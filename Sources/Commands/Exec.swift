internal import ArgumentParsing
internal import Control
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv exec WORKWEAVE CMD…`: runs a command in a workweave's root, with the workweave's own environment.
enum Exec {
    static let verb = Verb(CommandSpec(
        "exec", "run a command in a workweave, with an environment of its own",
        positionals: [PositionalSpec("WORKWEAVE", "the workweave"), PositionalSpec("CMD", "the command and its arguments", .rest)],
        options: [OptionSpec("-w", "what follows is a workweave, as it always is"), fast],
        details: "It runs in the workweave's root. RWV_WEAVE, RWV_WORKWEAVE and RWV_PROJECT say where that is, TMPDIR is a directory of the\n"
            + "workweave's own, RWV_PORT_BASE the first of a hundred ports of its own, COMPOSE_PROJECT_NAME a name of its own.\n"
            + "The exit code is the command's; 127 when there is no such command, 126 when it cannot be run.\n"
            + "With --fast it runs at the disk's own speed: the workweave is handed out to it, and nobody else can use it until all that\n"
            + "it has started has ended. Nobody may be in it before. Where that cannot be had, it says so and runs as it does without.",
        passesOnAfter: 1)
    ) { session in
        let words = session.arguments.positionals
        guard words.count > 1 else { throw UsageError("'rwv exec \(words.first ?? "WORKWEAVE")' needs a command", hint: "for example: rwv exec \(words.first ?? "WORKWEAVE") make") }
        try run(session, words[0], Array(words[1...]))
    }

    static let fast = OptionSpec("--fast", "have the workweave for the command alone, in mounts of its own")

    /// Enters the workweave and becomes the command, or with `--fast` what stands for it.
    static func run(_ session: Session, _ text: String, _ command: [String]) throws {
        let weave = try session.context().weave
        let name = try WorkweaveName(text)
        try session.service.requireOwner(weave)
        guard let record = try WorkweaveRecord.read(weave.state(of: name)) else {
            throw CommandFailure("there is no workweave named '\(name)'", hint: "'rwv workweave PROJECT list' shows what there is")
        }
        let place = WorkweavePlace(weave: weave, record: record)
        try weave.requireShared(record.name)
        try place.bringUp(session.service)
        let environment = try place.environment(CurrentProcess.environment)
        // What the kernel engine and checkouts have is as fast already.
        if session.arguments.has("--fast"), record.engine == "fuse", !weave.isInside(record.name) {
            let obstacle = try FastExec(session: session, place: place, command: command, environment: environment).run()
            session.output.warn("--fast cannot be had here: \(obstacle); running in the fuse view")
        }
        try system("enter \(place.root)") { () throws(Errno) in try CurrentProcess.enter(place.root) }
        session.output.flush()
        do throws(Errno) { try CurrentProcess.become(command[0], Array(command[1...]), environment: environment) } catch {
            throw cannotRun(command[0], error)
        }
    }

    static func cannotRun(_ program: String, _ error: Errno) -> CommandFailure {
        CommandFailure("cannot run \(program): \(error)", hint: "give the path of a program, or one that is in PATH", status: error == .notFound ? 127 : 126)
    }
}

/// `rwv shell WORKWEAVE`: the user's shell, run as `exec` runs a command.
enum Shell {
    static let verb = Verb(CommandSpec(
        "shell", "start a shell in a workweave, with an environment of its own",
        positionals: [PositionalSpec("WORKWEAVE", "the workweave")],
        options: [OptionSpec("-w", "what follows is a workweave, as it always is"), Exec.fast],
        details: "The shell is $SHELL, or /bin/sh. See 'rwv exec'.")
    ) { session in
        let shell = CurrentProcess.environment("SHELL").flatMap { $0.isEmpty ? nil : $0 } ?? "/bin/sh"
        try Exec.run(session, session.arguments[0] ?? "", [shell])
    }
}
