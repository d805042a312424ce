internal import JSONCoding
internal import ArgumentParsing
internal import Control
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv doctor`: what is wrong with server, mounts, worktrees, state and machine, and what to do about it.
enum Doctor {
    static let verb = Verb(CommandSpec(
        "doctor", "find what is wrong with server, mounts, worktrees and state; repair what is safe",
        options: [OptionSpec("--fix", "repair what can be repaired without losing anything")],
        details: "Ends with 1 if something is wrong, with --fix if something is left. What the manifests say is looked at by 'rwv check'.")
    ) { session in
        let weave = try session.weave()
        try session.service.requireOwner(weave)
        let tops = Set(try session.registries().registries.map(\.name))
        let examination = DoctorExamination(weave: weave, service: session.service, registries: tops)
        let found = examination.findings()
        for name in (try? weave.stateNames()) ?? [] {
            let users = (try? weave.exclusiveUsers(of: name)) ?? []
            if !users.isEmpty { session.output.say("'\(name)' is \(Weave.inUse(by: users))") }
        }
        guard session.arguments.has("--fix") else { return try report(session, found.map { ($0, nil, nil) }, left: found.count) }
        let treatment = DoctorTreatment(weave: weave, service: session.service)
        var outcomes = treatment.repair(found)
        let left = found.contains(where: \.isRepairable) ? examination.findings() : found
        // What a repair has not cured, or brought to light, is said as what it is now.
        outcomes = outcomes.map { o in left.contains { $0.isSame(as: o.finding) } ? (o.finding, nil, o.error) : o }
        outcomes += left.filter { l in !found.contains { $0.isSame(as: l) } }.map { ($0, nil, nil) }
        try report(session, outcomes, left: left.count)
    }

    private static func report(_ session: Session, _ outcomes: [DoctorOutcome], left: Int) throws {
        let output = session.output
        if session.wantsJSON {
            output.print(.object([
                ("findings", .array(outcomes.map { finding, done, error in
                    .object([("kind", .string(finding.kind.rawValue)), ("path", .string(finding.path)), ("what", .string(finding.what)), ("why", .string(finding.why)),
                             ("fix", .string(finding.fix)), ("repairable", .bool(finding.isRepairable)), ("repaired", .string(done)), ("error", .string(error))])
                })),
                ("left", .number(left)),
            ]))
        } else {
            for (finding, done, error) in outcomes {
                output.print("[\(finding.kind.rawValue)] \(finding.path): \(finding.what)")
                if let done { output.print("    repaired: \(done)") } else {
                    output.print("    why: \(finding.why)\n    fix: \(finding.fix)\(finding.isRepairable && error == nil ? " ('rwv doctor --fix' does it)" : "")")
                }
                if let error { output.print("    not repaired: \(error)") }
            }
            if !output.isQuiet { output.print(outcomes.isEmpty ? "nothing is wrong" : "\(counted(outcomes.count, "finding")), \(left) left") }
        }
        if left > 0 { throw CommandFailure.silent }
    }
}

/// A finding, what was done about it, and why that failed.
typealias DoctorOutcome = (finding: DoctorFinding, done: String?, error: String?)

/// All that is looked at.
struct DoctorExamination {
    let weave: Weave
    let service: Service
    /// Directories of the weave that hold clones.
    let registries: Set<String>

    func findings() -> [DoctorFinding] {
        let machine = DoctorMachine(weave).findings
        // What cannot be read is not what is wrong.
        if let failure = weave.diskFailure {
            return [DoctorFinding(kind: .disk, path: weave.root, what: failure.message, why: "nothing of the weave can be read or written; what its mounts still show is remembered",
                                  fix: failure.hint ?? "")] + machine
        }
        guard Files.exists(weave.state) else { return machine }
        let state = DoctorState(weave)
        // What another program wrote cannot be judged.
        if let unknown = state.unknownFormat { return [unknown] + machine }
        let server = DoctorServer(weave, service)
        // Whoever looks into a mount waits for it.
        if server.isStopped { return server.findings + state.findings + machine }
        let workweaves = DoctorWorkweaves(weave, server, registries: registries)
        return server.findings + DoctorMounts(weave, server).findings + state.findings + workweaves.findings + machine + DoctorLimits(server).findings
    }
}

/// Carries out repairs: those of each finding, then what the server is to do for all of them together.
struct DoctorTreatment {
    let weave: Weave
    let service: Service

    func repair(_ findings: [DoctorFinding]) -> [DoctorOutcome] {
        var outcomes = findings.map { finding -> DoctorOutcome in
            guard let repair = finding.repair else { return (finding, nil, nil) }
            do { return (finding, try repair(), nil) } catch { return (finding, nil, Self.text(error)) }
        }
        let wanted = findings.map(\.service).max() ?? .nothing
        if wanted == .nothing { return outcomes }
        var failure: String?
        do { try bringUp(restarting: wanted == .restart) } catch { failure = Self.text(error) }
        for (i, o) in outcomes.enumerated() where o.finding.service != .nothing && o.error == nil {
            let done = [o.done, o.finding.service == .restart ? "the server was started again" : "it is served again"].compactMap { $0 }.joined(separator: "; ")
            outcomes[i] = (o.finding, failure == nil ? done : nil, failure)
        }
        return outcomes
    }

    private static func text(_ error: any Error) -> String { CommandFailure(reporting: error).errors.joined(separator: "; ") }

    /// Everything that is registered is served: by a new server if there was none, or if the one that runs is to make room.
    private func bringUp(restarting: Bool) throws {
        try service.leaveFormerPlace(weave)
        let client = service.client(weave)
        if client.isServed, restarting {
            _ = try client.ask(.down(force: false), starting: false)
            // The keeper holds this lock while it lives.
            let lock = OwnedDescriptor(try Files.open(weave.run + "/lock", OpenFlags.readWrite | OpenFlags.create, mode: 0o600))
            _ = try lock.descriptor.lock()
        }
        if !client.isServed { _ = try service.answerHere(weave, .down(force: true)) }
        _ = try client.ask(.up)
    }
}
