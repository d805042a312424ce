internal import Integrations
internal import Manifest
internal import Syscalls
internal import Weave

/// What `rwv lock` runs after it wrote rwv.lock: the tools that keep the ecosystems' own lock files.
enum LockHooks {
    /// Runs the tool of each integration that is on and has members, at the root, one after the other.
    /// - Throws: when a tool failed, with what it said; the others have run, and rwv.lock stays.
    static func run(_ project: ProjectName, _ context: Context, _ output: Output) throws {
        guard try Activate.isActive(project, context) else { return }
        let manifest = try context.readManifest(project)
        guard ecosystems.contains(where: { $0.isEnabled(manifest) && $0.lockArguments(installs: false) != nil }) else { return }
        let wiring = try Activate.wiring(project, context, manifest: manifest)
        var errors: [String] = []
        for ecosystem in ecosystems where ecosystem.isActive(wiring) {
            guard let tool = ecosystem.tool, let arguments = ecosystem.lockArguments(installs: ecosystem.installs(manifest)) else { continue }
            let paths = try ecosystem.surfacedPaths(project: project, settings: nil)
            guard let file = paths.first, (try? Files.status(context.root + "/" + file, follow: true)) ?? nil != nil else {
                output.warn("\(ecosystem.name): \(paths.first ?? "") is not at the root, so \(tool) was not run; 'rwv activate \(project)' makes it")
                continue
            }
            guard isOnPath(tool) else {
                output.warn("\(ecosystem.name): \(tool) is not on PATH, so \(paths.last ?? "") was not brought up to date")
                continue
            }
            let command = ([tool] + arguments).joined(separator: " ")
            let linked = paths.dropFirst().filter { (try? Files.readLink(context.root + "/" + $0)) ?? nil != nil }
            output.progress("running \(command)")
            let outcome = try system("run \(command)") { () throws(Errno) in try Subprocess(tool, arguments, directory: context.root).run() }
            for path in linked { try putBack(path, project, context) }
            if !outcome.succeeded {
                errors += ["\(ecosystem.name): lock hook failed: \(command) ended with status \(outcome.status)"]
                errors += (outcome.errorText + outcome.outputText).split(separator: "\n").suffix(20).map { "  \($0)" }
            }
        }
        for adoption in try Activation.adoptions(project, manifest, context.root) { try putBack(adoption.path, project, context) }
        guard errors.isEmpty else { throw CommandFailure(errors: errors, hint: "rwv.lock is written; mend what the tool names, then run 'rwv lock' again") }
    }

    /// A lock that the tool wrote in the place of its link moves to where the link led, and the link is made again.
    private static func putBack(_ path: String, _ project: ProjectName, _ context: Context) throws {
        let place = context.root + "/" + path, target = context.directory(project) + "/" + path
        try onPath(target) { () throws(Errno) in
            guard try Files.status(place)?.isRegular == true else { return }
            try Files.rename(place, target)
            try Files.makeSymlink(place, target: "projects/\(project)/\(path)")
        }
    }

    /// Whether a program is found as a shell would find it.
    static func isOnPath(_ program: String) -> Bool {
        (CurrentProcess.environment("PATH") ?? "/usr/bin:/bin").split(separator: ":").contains { directory in
            guard let status = try? Files.status("\(directory)/\(program)", follow: true) else { return false }
            return status.isRegular && status.mode & 0o111 != 0
        }
    }
}
