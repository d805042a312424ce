internal import Integrations
internal import Manifest
internal import Syscalls
internal import Weave

/// A change of a project's rwv.yaml, as a whole or not at all.
enum ManifestChange {
    /// Reads, edits and writes the manifest while no other rwv does. Then brings links and worktrees up to date. When a workweave's worktrees
    /// cannot follow, its manifest is again as it was.
    static func apply(_ project: ProjectName, _ session: Session, edit: (ManifestEditor) throws -> String) throws {
        let context = try session.context()
        var before = "", after = ""
        try write(project, context) { editor in
            (before, after) = (editor.text, try edit(editor))
            return after
        }
        // The directory is not open any more: what the kernel has mounted there may have to be taken away for a moment.
        do { try finish(project, session) } catch let error as WeaveError {
            // Somebody else's edit stays.
            if context.workweave != nil { try? write(project, context) { editor in editor.text == after ? before : editor.text } }
            throw error
        }
    }

    private static func write(_ project: ProjectName, _ context: Context, _ edit: (ManifestEditor) throws -> String) throws {
        let directory = context.directory(project), path = directory + "/" + Manifest.fileName
        // The directory itself is the lock: nothing is left behind, and a rename of rwv.yaml does not matter.
        let lock = try system("open \(directory)") { () throws(Errno) in OwnedDescriptor(try Files.open(directory, OpenFlags.directory)) }
        _ = try system("lock \(directory)") { () throws(Errno) in try lock.descriptor.lock() }
        let text = try edit(try editor(project, context))
        let real = try WritePlace.real(path, in: context)
        try system("write \(path)") { () throws(Errno) in try Files.replace(real, Array(text.utf8)) }
        lock.descriptor.unlock()
    }

    /// - Throws: where the manifest cannot be written, before something is made that it is to list.
    static func checkPlace(_ project: ProjectName, _ context: Context) throws {
        let path = context.directory(project) + "/" + Manifest.fileName, real = try WritePlace.real(path, in: context)
        try system("write \(path)") { () throws(Errno) in try Files.checkReplaceable(real) }
    }

    /// What follows a change of the manifest, or clones made for it.
    static func finish(_ project: ProjectName, _ session: Session) throws {
        let context = try session.context()
        do {
            if let workweave = context.workweave { try Workweave.follow(session, context, workweave) } else { try Activate.refresh(project, context) }
        } catch let error as IntegrationError {
            throw CommandFailure(error.message, hint: "the manifest is as you wanted it, the ecosystem files are not: \(error.hint), then run 'rwv activate \(project)'")
        }
    }

    /// The project's rwv.yaml, ready to be edited.
    /// - Throws: where there is none, or only an rwv.toml.
    static func editor(_ project: ProjectName, _ context: Context) throws -> ManifestEditor {
        let path = context.directory(project) + "/" + Manifest.fileName, shown = Context.shown(project, Manifest.fileName)
        if Weave.manifestName(in: context.directory(project)) == Manifest.tomlFileName {
            throw CommandFailure("\(Context.shown(project, Manifest.tomlFileName)) is read, but not edited by rwv",
                                 hint: "edit it by hand; then 'rwv fetch' clones what is missing")
        }
        guard let bytes = try system("read \(path)", { () throws(Errno) in try Files.readIfExists(path) }) else {
            throw WeaveError(.notFound, "project '\(project)' has no rwv.yaml (\(shown) does not exist)",
                             hint: "run 'rwv init \(project)' to make it, or name another project with --project")
        }
        return try ManifestEditor(bytes, file: shown)
    }
}
