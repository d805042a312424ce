internal import Manifest
internal import Syscalls
internal import Weave

/// The project's files as they are where the command acts: in a workweave its own, in the weave the weave's.
extension Context {
    func manifestPath(_ project: ProjectName) -> String { directory(project) + "/" + Manifest.fileName }
    func lockPath(_ project: ProjectName) -> String { directory(project) + "/" + LockFile.fileName }

    func readManifest(_ project: ProjectName) throws(WeaveError) -> Manifest {
        try weave.readManifest(at: manifestPath(project), shownAs: Self.shown(project, Manifest.fileName), project)
    }

    func readLock(_ project: ProjectName) throws(WeaveError) -> LockFile? {
        try weave.readLock(at: lockPath(project), shownAs: Self.shown(project, LockFile.fileName))
    }

    /// The working tree of a repository, here.
    func repository(_ path: RepoPath) -> String { root + "/" + path.text }

    /// How a project's file is called in messages.
    static func shown(_ project: ProjectName, _ file: String) -> String { "projects/\(project.text)/\(file)" }
}
