internal import ArgumentParsing
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv lock`: pins what is checked out.
enum Lock {
    static let verb = Verb(CommandSpec(
        "lock", "write the revisions that are checked out to the project's rwv.lock",
        options: [OptionSpec("--dirty", "lock HEAD although there are uncommitted changes")],
        details: """
            A tag at HEAD is recorded by name, anything else as the commit's id. Then the ecosystems' own locks are brought up to date
            (npm install --package-lock-only, pnpm install --lockfile-only, uv lock, cargo generate-lockfile), if the project is active
            and has such members; `install: true` in an integration's settings runs the full installation instead.
            """)
    ) { session in
        let context = try session.context(), project = try context.requireProject()
        try write(project, context, session.output, allowDirty: session.arguments.has("--dirty"))
        session.output.flush()
        try LockHooks.run(project, context, session.output)
    }

    private struct Finding: Sendable {
        let facts: RepositoryFacts
        /// Changed and untracked files.
        let changes: Int
    }

    /// Examines every repository of the project at once, and writes the lock if none stands in the way.
    static func write(_ project: ProjectName, _ context: Context, _ output: Output, allowDirty: Bool) throws {
        let entries = try context.readManifest(project).repositories, format = context.lockFormat(project)
        let found = inParallel(entries) { entry in
            let repository = try RepositoryFacts.open(context.repository(entry.path), shown: entry.path.text)
            return Finding(facts: try .read(repository, shown: entry.path.text), changes: try Status.changeCount(repository))
        }
        var locked: [LockEntry] = [], errors: [String] = [], hints: [String] = []
        for (entry, result) in zip(entries, found) {
            switch result {
            case .failure(let failure):
                errors += failure.errors
                hints += [failure.hint].compactMap { $0 }
            case .success(let finding):
                if finding.changes > 0, !allowDirty {
                    errors.append("\(entry.path) has \(changes(finding.changes))")
                    errors.append("lock would record HEAD (\(finding.facts.commit.prefix(7))), not working tree state")
                    hints.append("commit your changes first, or use --dirty to lock anyway")
                } else if finding.changes > 0 {
                    output.say("⚠ \(entry.path): \(changes(finding.changes)) (locking HEAD, not working tree)")
                }
                locked.append(LockEntry(path: entry.path, type: entry.type, url: entry.url, version: format == .json ? finding.facts.commit : finding.facts.version))
            }
        }
        guard errors.isEmpty else { throw CommandFailure(errors: errors, hint: hints.first) }
        let lock = LockFile(format: format, workweave: context.workweave?.text, repositories: locked)
        let path = try place(project, context)
        try system("write \(path)") { () throws(Errno) in try Files.replace(path, Array(lock.text.utf8)) }
        output.say("wrote \(Context.shown(project, LockFile.fileName)) (\(counted(locked.count, "repo")))")
    }

    /// Where the lock is written: a link that is there is followed, as that of rwv.yaml is.
    private static func place(_ project: ProjectName, _ context: Context) throws -> String {
        let directory = context.directory(project), path = directory + "/" + LockFile.fileName
        guard Files.exists(path) else { return try WritePlace.real(directory, in: context) + "/" + LockFile.fileName }
        guard try system("look at \(path)", { () throws(Errno) in try Files.status(path, follow: true) }) != nil else {
            throw CommandFailure("\(path) is a link that leads nowhere", hint: "remove it, or make what it leads to")
        }
        return try WritePlace.real(path, in: context)
    }

    private static func changes(_ count: Int) -> String { counted(count, "uncommitted change") }
}

/// "1 repo", "4 repos".
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
