internal import ArgumentParsing
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv fetch`: the clones that a project needs.
enum Fetch {
    static let verb = Verb(CommandSpec(
        "fetch", "clone a project and its repositories, or what is missing of the current project",
        positionals: [PositionalSpec("SOURCE", "the project's repository: a URL, owner/repo, registry/owner/repo, or a path on this disk", .optional)],
        options: [
            OptionSpec("--locked", "check out exactly the revisions of rwv.lock"),
            OptionSpec("--frozen", "the same, and refuse if rwv.lock is missing or does not cover rwv.yaml"),
            OptionSpec("--path", value: "NAME", "the project's directory below projects/, such as owner/name"),
            OptionSpec("--force", "start a weave in a directory that is not empty"),
        ] + CloneSettings.options,
        details: """
            With SOURCE: clones it to projects/NAME and its repositories to their places, each on its version, makes the project the
            active one unless another is, and writes rwv.lock, unless the project was there with one; with --locked and --frozen it does
            neither. Without SOURCE: clones what is missing of the current project. Clones that exist are kept. A clone that fails does
            not stop the others.
            """)
    ) { session in
        let mode: FetchRun.Mode = session.arguments.has("--frozen") ? .frozen : session.arguments.has("--locked") ? .locked : .plain
        let settings = try CloneSettings(session)
        UnfinishedWork.watchForInterruptions()
        guard let source = session.arguments[0] else {
            let context = try session.context()
            try FetchRun(project: try context.requireProject(), context: context, mode: mode, settings: settings, output: session.output).run()
            return try ManifestChange.finish(try context.requireProject(), session)
        }
        let weave = try weave(session)
        let (project, isNew) = try fetchProject(source, weave, mode, session)
        let context = try Context.find(from: weave.root, project: project)
        do {
            try FetchRun(project: project, context: context, mode: mode, settings: settings, output: session.output).run()
        } catch {
            // A lock of half a project would say that the rest does not belong to it.
            if mode == .plain { try activate(project, context, session.output) }
            throw error
        }
        if mode == .plain {
            try activate(project, context, session.output)
            // One that was there before may pin something else on purpose.
            if try isNew || context.readLock(project) == nil { try Lock.write(project, context, session.output, allowDirty: true) }
        }
    }

    /// The weave above, or the directory itself as a new one.
    private static func weave(_ session: Session) throws -> Weave {
        do throws(any Error) {
            let context = try session.context()
            guard context.workweave == nil else {
                throw CommandFailure("this is the workweave \(context.root), and projects belong to the weave", hint: "run the command in \(context.weave.root)")
            }
            return context.weave
        } catch let error as WeaveError where error.code == .notAWeave {
            // Another fetch may have begun the weave just now.
            guard try session.arguments.has("--force") || Init.isEmpty(session.directory) || Weave.isRoot(session.directory) else {
                throw CommandFailure("no weave found above, and \(session.directory) is not empty",
                                     hint: "go into the weave or an empty directory, or use --force to start a weave here")
            }
            try session.becomeOwner(of: session.directory)
            return Weave(root: session.directory)
        }
    }

    /// Clones the project's own repository, unless it was fetched before from the same place.
    private static func fetchProject(_ source: String, _ weave: Weave, _ mode: FetchRun.Mode, _ session: Session) throws -> (ProjectName, isNew: Bool) {
        let url = try AddSource.url(source, session, session.registries())
        let project = try ProjectName.new(session.arguments.value("--path") ?? name(of: url))
        let path = weave.project(project)
        let job = CloneJob(url: url, root: weave.root, shown: "projects/\(project)")
        let isNew = try !UnfinishedWork.isTaken(path) && job.run(session.output) { temporary in
            guard Weave.manifestName(in: temporary) != nil else {
                throw CommandFailure("project '\(project)' has no rwv.yaml: \(url) is another kind of repository", hint: "'rwv add \(source)' lists it in a project")
            }
            let manifest = try weave.readManifest(project, in: temporary)
            let lock = try weave.readLock(at: temporary + "/" + LockFile.fileName, shownAs: Context.shown(project, LockFile.fileName))
            try FetchRun.checkLock(mode, manifest, lock, project)
        }
        if !isNew {
            guard let repository = try? Repository(opening: path), let origin = Add.originURL(repository), job.isSource(origin) else {
                throw try collision(project, url, weave, session)
            }
        }
        session.output.say(isNew ? "fetched projects/\(project)" : "keeping projects/\(project) (already cloned)")
        return (project, isNew)
    }

    /// What to say when a project's place is taken; the hint names a place that can be used.
    private static func collision(_ project: ProjectName, _ url: RemoteURL, _ weave: Weave, _ session: Session) throws -> CommandFailure {
        let isProject = try weave.allProjects().contains(project) || Files.exists(weave.project(project) + "/.git")
        let place = try session.registries().path(forURL: url)?.segments ?? []
        let scoped = (2...3).filter { $0 <= place.count }.map { (place.suffix($0).dropLast() + [project.name]).joined(separator: "/") }
        let usable = scoped.first { name in
            guard let other = try? ProjectName(name), !Files.exists(weave.project(other)) else { return false }
            return (try? WritePlace.check("projects/\(name)", below: weave.root)) != nil
        }
        return CommandFailure(isProject ? "project '\(project)' already exists at projects/\(project)" : "projects/\(project) exists already, and is no project",
                              hint: usable.map { "give it a scoped path: --path \($0)" } ?? "give it another name: --path NAME")
    }

    private static func name(of url: RemoteURL) throws -> String {
        let text: String = switch url.form {
        case .url(_, _, _, let path), .scp(_, let path), .path(let path): path
        }
        guard let last = text.split(separator: "/").last, !last.hasPrefix(".") else {
            throw CommandFailure("cannot tell the project's name from '\(url)'", hint: "give it one: --path NAME")
        }
        return last.hasSuffix(".git") && last != ".git" ? String(last.dropLast(4)) : String(last)
    }

    private static func activate(_ project: ProjectName, _ context: Context, _ output: Output) throws {
        if let active = try context.weave.activeProject(), active != project {
            output.say("project '\(active)' stays active; 'rwv activate \(project)' switches")
        } else {
            try Activate.activate(project, context)
        }
    }
}
