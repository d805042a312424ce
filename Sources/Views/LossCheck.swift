internal import Syscalls
internal import Weave

/// What would be lost with a workweave, asked of a process of its own: it looks through the mount, into which we must never walk.
struct LossCheck {
    let weave: Weave
    /// Seconds. git looks at every file that may have changed.
    private static let timeout = 600

    /// - Throws: `.dirty` with all that would be lost, a line each.
    func requireNone(_ name: String) throws(WeaveError) {
        let outcome = try system("look through '\(name)'") { () throws(Errno) in
            var helper = Subprocess(CurrentProcess.executable, [Weave.lossesVerb, weave.root, name])
            helper.name = "rwv"
            helper.directory = "/"
            helper.environment = CurrentProcess.environment
            return try helper.run(timeout: Self.timeout)
        }
        guard outcome.succeeded else {
            throw WeaveError(.failed, "nobody can tell what would be lost with '\(name)': \(outcome.errorText.split(separator: "\n").first ?? "no reason given")",
                             hint: "see \(weave.log)/server.log, or use --force")
        }
        let losses = outcome.outputText.split(separator: "\n")
        if losses.isEmpty { return }
        throw WeaveError(.dirty, (["deleting workweave '\(name)' would lose work:"] + losses).joined(separator: "\n"), hint: Weave.lossesHint)
    }
}
