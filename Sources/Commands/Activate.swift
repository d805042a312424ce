internal import ArgumentParsing
internal import Control
internal import Integrations
internal import Manifest
internal import Weave

/// `rwv activate PROJECT`: that project's files at the root.
enum Activate {
    static let verb = Verb(CommandSpec(
        "activate", "make a project the active one and link its files to the root", positionals: [PositionalSpec("PROJECT", "the project's directory below projects/")],
        details: """
            Writes .rwv-active and makes relative links at the root to the project's ecosystem files (package.json, go.work,
            Cargo.toml, …). Links of the project that was active before go away; nothing of yours is touched.
            In a project mount it makes the mount show that project; files that are open stay so.
            """)
    ) { session in
        let context = try session.context()
        if let mount = context.mount {
            let project = try ProjectName(session.arguments[0] ?? "")
            _ = try session.service.ask(context.weave, .activate(path: mount, project: project.text))
            return
        }
        try activate(try ProjectName(session.arguments[0] ?? ""), context)
    }

    /// Activates a project where the command acts.
    static func activate(_ project: ProjectName, _ context: Context) throws {
        let manifest = try context.readManifest(project)
        let plan = try Activation.resolve(root: context.root, project: project, manifest: manifest, others: nestedPaths(context))
        try plan.apply(root: context.root)
    }

    /// Brings the links up to date after the manifest of a project changed, if it is the active one.
    static func refresh(_ project: ProjectName, _ context: Context) throws {
        let active = context.workweave == nil ? try context.weave.activeProject() : context.project
        if active == project { try activate(project, context) }
    }

    /// Places below the root's directories where any project of the weave may have links.
    private static func nestedPaths(_ context: Context) throws -> [String] {
        var all: Set<String> = []
        for project in try context.weave.allProjects() {
            guard let manifest = try? context.weave.readManifest(project) else { continue }
            all.formUnion(((try? surfacedPaths(project: project, manifest: manifest)) ?? []).filter { $0.contains("/") })
        }
        return all.sorted()
    }
}
