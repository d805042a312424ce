internal import ArgumentParsing

/// One command: what it takes, and what runs it. Each has a file of its own, named after it, and a line in ``Verbs``.
struct Verb: Sendable {
    let spec: CommandSpec
    /// Returns when it is done; throws what is to be said otherwise. See ``CommandFailure``.
    let run: @Sendable (Session) throws -> Void

    init(_ spec: CommandSpec, run: @escaping @Sendable (Session) throws -> Void) {
        self.spec = spec
        self.run = run
    }
}

/// Every command, in the order of `--help`.
enum Verbs {
    static let all: [Verb] = [
        Init.verb, Activate.verb, Fetch.verb, Add.verb, Remove.verb, Lock.verb, Check.verb, StatusReport.verb, Resolve.verb,
        Workweave.verb, Exec.verb, Shell.verb, Mount.verb, Unmount.verb, Mounts.verb, Up.verb, Down.verb, Doctor.verb, Completions.verb, Manual.verb,
    ]
}
