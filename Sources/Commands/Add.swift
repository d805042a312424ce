internal import ArgumentParsing
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv add`: one more repository for the project.
enum Add {
    static let verb = Verb(CommandSpec(
        "add", "clone a repository and list it in the project's rwv.yaml",
        positionals: [PositionalSpec("SOURCE", "a URL, owner/repo, registry/owner/repo, or a path on this disk; with --new registry/owner/repo")],
        options: [
            OptionSpec("--role", value: "ROLE", "primary, fork, dependency (the default) or reference"),
            OptionSpec("--new", "make an empty repository there instead of cloning; its role is primary"),
        ],
        details: """
            The clone goes to registry/owner/repo of the weave, as the URL says; what is cloned already is kept. In a workweave the
            workweave's own rwv.yaml is edited, the clone is made in the weave, and the workweave gets a worktree of it; what --new
            makes there begins with an empty commit, which a worktree needs.
            """)
    ) { session in
        let context = try session.context(), project = try context.requireProject()
        let isNew = session.arguments.has("--new")
        let given = try role(session.arguments.value("--role")), role = given ?? (isNew ? .primary : .dependency)
        let source = try AddSource.find(session.arguments[0] ?? "", session, context, isNew: isNew)
        let editor = try ManifestChange.editor(project, context)
        let file = Context.shown(project, Manifest.fileName)
        if let entry = editor.manifest[source.path] {
            session.output.say("\(source.path) is in \(file) already")
            if let given, entry.role != given { _ = try editor.setting(role: given, of: source.path) }
        } else {
            // What cannot be listed is not cloned.
            try ManifestChange.checkPlace(project, context)
            _ = try editor.adding(path: source.path, url: source.url, version: nil, role: role)
        }
        if context.workweave != nil { try checkOthers(editor.manifest, but: source.path, file, context) }
        if source.url.hasPassword { session.output.warn("the URL holds a password, which \(file) shows to everybody; a credential helper of git keeps it better") }
        try make(source, context, session.output, isNew: isNew)
        if let workweave = context.workweave { try checkCommit(source.path, context.weave, workweave) }
        guard editor.manifest[source.path] == nil else { return try change(source.path, given, project, session) }
        let version = try defaultBranch(context.weave.clone(source.path))
        do {
            try ManifestChange.apply(project, session) { editor in
                try editor.adding(path: source.path, url: source.url, version: version, role: role)
            }
        } catch let error as ManifestError where error.code == .alreadyPresent {
            // By another rwv, since it was read.
            session.output.say("\(source.path) is in \(file) already")
            return try change(source.path, given, project, session)
        }
        session.output.say("added \(source.path) to \(file)")
    }

    /// Gives an entry that is listed already another role, if one was given.
    private static func change(_ path: RepoPath, _ given: Role?, _ project: ProjectName, _ session: Session) throws {
        let entry = try ManifestChange.editor(project, session.context()).manifest[path]
        guard let given, let entry, entry.role != given else { return try ManifestChange.finish(project, session) }
        try ManifestChange.apply(project, session) { editor in try editor.setting(role: given, of: path) }
        session.output.say("the role of \(path) is \(given.rawValue) now\(entry.role.map { "; it was \($0.rawValue)" } ?? "")")
    }

    private static func role(_ word: String?) throws -> Role? {
        guard let word else { return nil }
        if let role = Role(word: word) { return role }
        throw UsageError("unknown role '\(word)'", hint: "use one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
    }

    /// Clones or initialises, unless a repository is there.
    private static func make(_ source: AddSource, _ context: Context, _ output: Output, isNew: Bool) throws {
        let path = context.weave.clone(source.path)
        let job = CloneJob(url: source.url, root: context.weave.root, shown: source.path.text)
        if !UnfinishedWork.isTaken(path) {
            UnfinishedWork.watchForInterruptions()
            if try isNew ? create(source, context) : job.run(output) { return }
        }
        let there = originURL(try job.existing())
        if isNew { throw CommandFailure("\(source.path) exists already", hint: "leave --new out to list it") }
        if let there, !job.isSource(there) {
            throw CommandFailure("\(source.path) is there already, a clone of \(there), not of \(source.url)",
                                 hint: "nothing was changed; 'rwv add \(path)' lists that clone; for the other one, move it away first")
        }
        output.say("keeping \(source.path) (already cloned)")
    }

    /// Makes an empty repository; false when something else took its place meanwhile.
    private static func create(_ source: AddSource, _ context: Context) throws -> Bool {
        try WritePlace.check(source.path.text, below: context.weave.root)
        return try UnfinishedWork.makeUnlessTaken(context.weave.clone(source.path)) { temporary in
            try onPath(temporary) { () throws(Errno) in try Files.makeDirectory(temporary) }
            try GitProgram.run(["init", "--quiet"], directory: temporary).check("cannot make a git repository")
            try GitProgram.run(["remote", "add", "origin", source.url.text], directory: temporary).check("cannot set its remote")
            if context.workweave != nil { try makeFirstCommit(temporary, source.path) }
        }
    }

    /// A worktree stands on a commit: what is made for a workweave begins with an empty one.
    private static func makeFirstCommit(_ directory: String, _ path: RepoPath) throws {
        do throws(GitError) {
            try GitProgram.run(["commit", "--quiet", "--allow-empty", "--message=Initial commit"], directory: directory).check("cannot commit")
        } catch {
            throw CommandFailure("cannot make the first commit of \(path): \(CloneJob.said(error))",
                                 hint: "a workweave needs one; tell git who you are (git config --global user.name and user.email), or add it in the weave")
        }
    }

    /// A workweave follows its whole manifest or not at all.
    /// - Throws: when another entry has neither worktree nor clone; before anything is made.
    private static func checkOthers(_ manifest: Manifest, but path: RepoPath, _ file: String, _ context: Context) throws {
        let missing = manifest.repositories.map(\.path).filter { $0 != path && !Files.exists("\(context.root)/\($0)") && !Files.exists(context.weave.clone($0)) }
        guard !missing.isEmpty else { return }
        throw CommandFailure(errors: missing.map { "\($0) is listed in \(file), but not cloned, so the workweave cannot follow" },
                             hint: "nothing was changed; run 'rwv fetch' to clone what is missing, or take the entry out")
    }

    /// - Throws: for a clone without a commit, before rwv.yaml lists it.
    private static func checkCommit(_ path: RepoPath, _ weave: Weave, _ workweave: WorkweaveName) throws {
        guard try Repository(opening: weave.clone(path)).head().commit == nil else { return }
        throw CommandFailure("\(path) has no commit yet, so it cannot join the workweave '\(workweave)'", hint: "make a first commit in \(weave.clone(path))")
    }

    /// The URL of the remote `origin` as it is configured; nil when there is none.
    static func originURL(_ repository: Repository) -> String? { (try? repository.configuration.get())?["remote.origin.url"] }

    /// The remote's default branch (refs/remotes/origin/HEAD), else the one that is checked out, else `main`.
    private static func defaultBranch(_ path: String) throws -> String {
        let repository = try Repository(opening: path)
        let prefix = "ref: refs/remotes/origin/"
        let text = ((try? Files.readIfExists(repository.commonDirectory + "/refs/remotes/origin/HEAD")) ?? nil) ?? []
        let line = String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self)
        if line.hasPrefix(prefix) { return String(line.dropFirst(prefix.count)) }
        return try repository.head().branch ?? "main"
    }
}
