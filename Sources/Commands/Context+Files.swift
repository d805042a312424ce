package import Manifest
internal import Syscalls
package import Weave

/// The project's files as they are where the command acts: in a workweave its own, in the weave the weave's.
extension Context {
    package func manifestPath(_ project: ProjectName) -> String { directory(project) + "/" + Manifest.fileName }
    package func lockPath(_ project: ProjectName) -> String { directory(project) + "/" + LockFile.fileName }

    package func readManifest(_ project: ProjectName) throws(WeaveError) -> Manifest {
        try weave.readManifest(at: manifestPath(project), shownAs: Self.shown(project, Manifest.fileName), project)
    }

    package func readLock(_ project: ProjectName) throws(WeaveError) -> LockFile? {
        try weave.readLock(at: lockPath(project), shownAs: Self.shown(project, LockFile.fileName))
    }

    /// The working tree of a repository, here.
    package func repository(_ path: RepoPath) -> String { root + "/" + path.text }

    /// How a project's file is called in messages.
    package static func shown(_ project: ProjectName, _ file: String) -> String { "projects/\(project.text)/\(file)" }
}
