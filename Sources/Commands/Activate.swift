internal import ArgumentParsing
internal import Control
internal import Integrations
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv activate PROJECT`: that project's files at the root.
enum Activate {
    static let verb = Verb(CommandSpec(
        "activate", "make a project the active one: generate its ecosystem files and link them to the root",
        positionals: [PositionalSpec("PROJECT", "the project's directory below projects/")],
        options: [OptionSpec("--plan", "print what would be written, linked and removed, and change nothing")],
        details: """
            Generates package.json, go.work, pyproject.toml, Cargo.toml, … in the project directory for the repositories that it lists,
            makes relative links to them at the root, and writes .rwv-active. Links of the project that was active before go away;
            nothing of yours is touched. In a project mount it makes the mount show that project; files that are open stay so.
            """)
    ) { session in
        // A marker that cannot be read is mended by this.
        let context = try session.context(readsActive: false), project = try ProjectName(session.arguments[0] ?? "")
        if session.arguments.has("--plan") {
            let wiring = try CommandIntegration(context, project).run(try wiring(project, context)), plan = try resolve(wiring, context)
            return session.wantsJSON ? session.output.print(plan.json(wiring)) : plan.lines.forEach { session.output.print($0) }
        }
        guard let mount = context.mount else {
            do { return try activate(project, context) } catch let error as IntegrationError {
                throw CommandFailure(error.message, hint: error.hint + "; nothing was changed")
            }
        }
        try generate(project, context)
        _ = try session.service.ask(context.weave, .activate(path: mount, project: project.text))
    }

    /// Activates a project where the command acts.
    static func activate(_ project: ProjectName, _ context: Context) throws {
        try alone(in: context.root) { try planned(project, context).apply(root: context.root) }
    }

    /// Generates a project's files in its project directory without making it the active one.
    static func generate(_ project: ProjectName, _ context: Context) throws {
        try alone(in: context.root) { try planned(project, context).applyFiles(root: context.root) }
    }

    /// Runs `body` while no other rwv activates at this root. The directory of the projects is the lock: nothing is left behind.
    private static func alone(in root: String, _ body: () throws -> Void) throws {
        let directory = root + "/projects"
        let lock = try system("open \(directory)") { () throws(Errno) in OwnedDescriptor(try Files.open(directory, OpenFlags.directory)) }
        _ = try system("lock \(directory)") { () throws(Errno) in try lock.descriptor.lock() }
        try body()
        lock.descriptor.unlock()
    }

    /// What is to be done, when it may be.
    private static func planned(_ project: ProjectName, _ context: Context) throws -> Activation {
        let command = CommandIntegration(context, project)
        let wiring = try command.run(try wiring(project, context)), plan = try resolve(wiring, context)
        try WritePlace.real(context.directory(project), in: context)
        try command.remember(wiring)
        return plan
    }

    /// Brings files and links up to date after the manifest of a project changed, if it is the active one; of one that is mounted the files
    /// alone, as its mounts follow by themselves.
    static func refresh(_ project: ProjectName, _ context: Context) throws {
        if try isActive(project, context) { try activate(project, context) } else if context.mount != nil { try generate(project, context) }
    }

    static func isActive(_ project: ProjectName, _ context: Context) throws -> Bool {
        try (context.workweave == nil ? context.weave.activeProject() : context.project) == project
    }

    /// The facts of a project's members and of the root, as they are on disk where the command acts.
    static func wiring(_ project: ProjectName, _ context: Context, manifest: Manifest? = nil) throws -> RootSession {
        let manifest = try manifest ?? context.readManifest(project)
        let listed = Set(manifest.repositories.map(\.path))
        var strangers: [RepoPath] = [], others: [ProjectName] = []
        if context.workweave == nil {
            others = try context.weave.allProjects().filter { $0 != project }
            let listedElsewhere = others.compactMap { try? context.weave.readManifest($0) }.flatMap { $0.repositories.map(\.path) }
            // What lies at owner/repo belongs to no registry: rwv 0.2.8 does not look there.
            let tops = Set(RegistrySet().registries.map(\.name) + (listed + listedElsewhere).map(\.segments).filter { $0.count > 2 }.compactMap(\.first))
            strangers = Weave.repositories(below: tops, root: context.root).filter { !listed.contains($0) }
        }
        return try RootSession.onDisk(root: context.root, project: project, workweave: context.workweave, manifest: manifest,
                                      strangers: strangers, otherProjects: others)
    }

    static func resolve(_ wiring: RootSession, _ context: Context) throws -> Activation {
        var previous: (ProjectName, Manifest)?
        let active = context.workweave == nil ? activeIfKnown(context.weave) : context.project
        if let active, let manifest = try? context.readManifest(active) { previous = (active, manifest) }
        return try Activation.resolve(wiring, previous: previous, others: nestedPaths(context))
    }

    /// Nil also where the marker says nothing that can be understood.
    private static func activeIfKnown(_ weave: Weave) -> ProjectName? { (try? weave.activeProject()) ?? nil }

    /// Places below the root's directories where any project of the weave may have links.
    private static func nestedPaths(_ context: Context) throws -> [String] {
        var all: Set<String> = []
        for project in try context.weave.allProjects() {
            guard let manifest = try? context.weave.readManifest(project) else { continue }
            all.formUnion(((try? RootSession.generatedPaths(project, manifest, withDisabled: true)) ?? []).filter { $0.contains("/") })
        }
        return all.sorted()
    }
}
