internal import ArgumentParsing
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// `rwv remove`: one repository less.
enum Remove {
    static let verb = Verb(CommandSpec(
        "remove", "take a repository out of the project's rwv.yaml", positionals: [PositionalSpec("PATH", "the repository, such as github/owner/repo")],
        options: [
            OptionSpec("--delete", "remove the clone from the disk too; asks first on a terminal"),
            OptionSpec("--force", "delete without asking, and although work may be lost or another project lists it"),
        ],
        details: "Without --delete the clone stays where it is.")
    ) { session in
        let context = try session.context(), project = try context.requireProject()
        let editor = try ManifestChange.editor(project, context)
        let path = try find(session.arguments[0] ?? "", editor.manifest, session, context)
        _ = try editor.removing(path)
        let sharing = try others(path, project, context)
        let deletes = session.arguments.has("--delete")
        if deletes { try refuseToDelete(path, sharing, session, context) }
        try ManifestChange.apply(project, session) { try $0.removing(path) }
        session.output.say("removed \(path) from \(Context.shown(project, Manifest.fileName))")
        if deletes {
            session.output.say(try delete(context.weave.clone(path), path, context.weave) ? "deleted \(path)" : "\(path) was not on disk")
        } else if !sharing.isEmpty {
            session.output.say("\(path) is also listed by \(sharing.joined(separator: ", "))")
        }
    }

    /// The entry that a word means: its key, or a path on disk that leads there.
    private static func find(_ text: String, _ manifest: Manifest, _ session: Session, _ context: Context) throws -> RepoPath {
        var trimmed = text
        while trimmed.hasSuffix("/"), trimmed.utf8.count > 1 { trimmed.removeLast() }
        if let path = try? RepoPath(trimmed), manifest[path] != nil { return path }
        if let place = try? Files.canonical(session.path(trimmed)), place.hasPrefix(context.root + "/"),
           let path = try? RepoPath(String(place.dropFirst(context.root.count + 1))), manifest[path] != nil { return path }
        return try RepoPath(trimmed)
    }

    /// Other projects of the weave that list the repository. One that cannot be read counts, as it may.
    private static func others(_ path: RepoPath, _ project: ProjectName, _ context: Context) throws -> [String] {
        try context.weave.allProjects().filter { $0 != project }.compactMap { other in
            guard let manifest = try? context.weave.readManifest(other) else { return "\(other) (unreadable)" }
            return manifest[path] == nil ? nil : other.text
        }
    }

    private static func refuseToDelete(_ path: RepoPath, _ sharing: [String], _ session: Session, _ context: Context) throws {
        guard context.workweave == nil else {
            throw CommandFailure("clones are deleted in the weave, not in a workweave", hint: "leave --delete out, or run the command in \(context.weave.root)")
        }
        let clone = context.weave.clone(path)
        guard Files.exists(clone) else { return }
        guard try Files.status(clone)?.isDirectory == true else {
            throw CommandFailure("\(path) is not a directory", hint: "look at it, and remove it by hand")
        }
        // Also with --force: the worktrees' commits lie in this clone, and what is mounted there is somebody else's.
        let worktrees = try CloneWorktrees(clone, context.weave).names()
        guard worktrees.isEmpty else {
            throw CommandFailure("\(path) has worktrees: \(worktrees.joined(separator: ", "))",
                                 hint: "delete those workweaves first; 'git worktree list' in it shows where they are")
        }
        let mounts = MountTable.inside((try? Files.canonical(clone)) ?? clone)
        guard mounts.isEmpty else {
            throw CommandFailure(errors: mounts.map { "something is mounted at \($0.path)" }, hint: "nothing was changed; unmount it first (umount(8))")
        }
        if session.arguments.has("--force") { return }
        let reasons = try CloneSafety.reasonsToKeep(clone) + (sharing.isEmpty ? [] : [" is listed by \(sharing.joined(separator: ", "))"])
        guard reasons.isEmpty else {
            throw CommandFailure(errors: reasons.map { path.text + $0 }, hint: "nothing was changed; --force deletes it all the same")
        }
        if session.ask("delete \(clone)?") == false { throw CommandFailure("not confirmed; nothing was changed") }
    }

    /// Gone at once for everybody who looks, then file by file. False if there was nothing.
    private static func delete(_ clone: String, _ path: RepoPath, _ weave: Weave) throws -> Bool {
        guard Files.exists(clone) else { return false }
        UnfinishedWork.watchForInterruptions()
        let worktrees = try CloneWorktrees(clone, weave)
        try UnfinishedWork.discard(clone) { aside in
            // One that was made while we looked; from here on nobody finds the clone to make another.
            let names = try worktrees.names(movedTo: aside)
            guard names.isEmpty else {
                throw CommandFailure("\(path) has got worktrees meanwhile: \(names.joined(separator: ", ")); it is listed no more, but its clone stays",
                                     hint: "'rwv add' lists it again")
            }
        }
        return true
    }
}
