internal import ArgumentParsing
internal import Control
internal import Syscalls
internal import Weave

/// `rwv unmount DIR`: takes a project mount away.
enum Unmount {
    static let verb = Verb(CommandSpec(
        "unmount", "take a project mount away", positionals: [PositionalSpec("DIR", "where it is mounted")],
        options: [OptionSpec("--force", "detach it although it is in use")],
        details: "In use: names the programs. What was written at the mount's root stays, and is there again at the project's next mount.")
    ) { session in
        let path = try session.canonicalDirectory(session.arguments[0] ?? "", mayBeGone: true)
        // The mount says which weave it is of; the working directory need not be in one.
        let source = MountTable.find(path).flatMap { $0.type == MountTable.ours ? $0.source : nil }
        let weave: Weave
        if let source {
            guard Files.isDirectory(source) else {
                throw CommandFailure("\(path) shows the weave \(source), which is not there any more", hint: "if it was moved, run 'rwv up' where it is now; else 'umount \(path)'")
            }
            weave = Weave(root: source)
            try session.becomeOwner(of: source)
        } else { weave = try session.weave() }
        try refuseOthers(path, weave)
        try run(session, weave, path, force: session.arguments.has("--force"))
    }

    /// What else is mounted of a weave goes by other commands.
    private static func refuseOthers(_ path: String, _ weave: Weave) throws {
        if path == weave.workweaves || path == weave.baseView {
            throw CommandFailure("\(path) is no project mount: it holds the weave's workweaves", hint: "'rwv down' takes away all that is mounted of the weave")
        }
        guard path.hasPrefix(weave.workweaves + "/") else { return }
        let name = path.dropFirst(weave.workweaves.count + 1).prefix { $0 != "/" }
        throw CommandFailure("\(path) is no project mount: '\(name)' is a workweave", hint: "'rwv workweave PROJECT delete \(name)' deletes it; 'rwv down' takes away all that is mounted of the weave")
    }

    static func run(_ session: Session, _ weave: Weave, _ path: String, force: Bool) throws {
        let answer: Answer
        // A shell that stands there may have become this very process.
        try? CurrentProcess.enter("/")
        do throws(WeaveError) { answer = try session.service.ask(weave, .unmount(path: path, force: force)) } catch {
            guard error.code == .busy else { throw error }
            let users = PlaceUsers.find(path)
            throw CommandFailure(errors: [error.message] + users.map(\.text), hint: error.hint)
        }
        if case .unmounted(let mode) = answer { try? Files.setMode(path, mode) }
    }
}
