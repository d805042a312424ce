internal import ArgumentParsing
internal import Control
internal import Syscalls
internal import Weave

/// `rwv up`: serves everything that is registered, as after a reboot.
enum Up {
    static let verb = Verb(CommandSpec(
        "up", "serve the weave's workweaves and project mounts, as after a reboot",
        options: [OptionSpec("--foreground", "stay, and serve until a signal comes")])
    ) { session in
        let weave = try session.contextOfWeave().weave
        try session.service.leaveFormerPlace(weave)
        if session.arguments.has("--foreground") {
            try weave.prepareState()
            if session.service.client(weave).isServed { throw CommandFailure("\(weave.root) is served already", hint: "see 'rwv mounts'") }
            return try session.service.foreground(weave) { ServiceManager.tell("READY=1\nSTATUS=serving \(weave.root)\n") }
        }
        guard case .mounts(let mounts) = try bringUp(session.service.client(weave)) else { return }
        let failed = mounts.filter { $0.state == "failed" || $0.state == "down" }
        // Served still, and not the next time.
        let damaged = mounts.filter { $0.kind == "project" && $0.state == "served" }.compactMap(\.problem)
        if !failed.isEmpty || !damaged.isEmpty {
            throw CommandFailure(errors: failed.map { "\($0.path) could not be served\($0.problem.map { ": \($0)" } ?? "")" } + damaged, hint: "see \(weave.log)/server.log")
        }
    }
}

/// The service manager that started this process, if one did and wants to hear of it (sd_notify(3)).
private enum ServiceManager {
    static func tell(_ text: String) {
        guard let address = CurrentProcess.environment("NOTIFY_SOCKET"), !address.isEmpty else { return }
        try? Socket.sendDatagram(Array(text.utf8), to: address)
    }
}

extension Up {
    /// Asks a server that was there a moment ago, or its successor.
    private static func bringUp(_ client: Client) throws(WeaveError) -> Answer {
        for _ in 0..<3 {
            do throws(WeaveError) { return try client.ask(.up) } catch { guard error.code == .noServer else { throw error } }
        }
        return try client.ask(.up)
    }
}

/// `rwv down`: takes all mounts away cleanly and stops the server.
enum Down {
    static let verb = Verb(CommandSpec(
        "down", "take all mounts of the weave away and stop its server",
        options: [OptionSpec("--force", "detach mounts that are in use")])
    ) { session in
        let weave = try session.weave()
        let client = session.service.client(weave)
        try session.service.requireOwner(weave)
        guard client.isServed, weave.servedAs == nil else {
            if weave.servedAs != nil { _ = try session.service.answerHere(weave, .down(force: session.arguments.has("--force"))) } else if Files.exists(weave.run) || MountTable.all().contains(where: { $0.type == MountTable.ours && $0.source == weave.root }) { _ = try session.service.answerHere(weave, .down(force: true)) }
            return
        }
        let keeper = client.keeper, begun = keeper.flatMap(ProcessFiles.start)
        do throws(WeaveError) { _ = try client.ask(.down(force: session.arguments.has("--force")), starting: false) } catch {
            guard error.code == .busy else { throw error }
            let users = try ([weave.workweaves] + weave.mountRecords().map(\.path)).flatMap { PlaceUsers.find($0) }
            throw CommandFailure(errors: [error.message] + users.map(\.text), hint: error.hint)
        }
        // The keeper holds this lock while it lives. On a broken disk it cannot be opened, nor could a new keeper; the keeper
        // is waited for all the same, since the disk cannot be taken away before it is gone.
        do throws(Errno) {
            let lock = OwnedDescriptor(try Files.open(weave.run + "/lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
            _ = try lock.descriptor.lock()
        } catch {
            if weave.diskFailure == nil { throw error }
            let deadline = monotonicNanoseconds() + 5_000_000_000
            while let keeper, begun != nil, ProcessFiles.start(of: keeper) == begun, monotonicNanoseconds() < deadline { Thread.sleep(milliseconds: 1) }
        }
    }
}
