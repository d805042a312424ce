internal import Manifest
internal import Syscalls
internal import Weave

/// The project's files as they are where the command acts: in a workweave its own, in the weave the weave's.
extension Context {
    func readManifest(_ project: ProjectName) throws(WeaveError) -> Manifest { try weave.readManifest(project, in: directory(project)) }

    func readLock(_ project: ProjectName) throws(WeaveError) -> LockFile? {
        try weave.readLock(at: directory(project) + "/" + LockFile.fileName, shownAs: Self.shown(project, LockFile.fileName))
    }

    /// The form in which a lock is written: that of the lock which is there, else the one that goes with the manifest's.
    func lockFormat(_ project: ProjectName) -> LockFile.Format {
        if let lock = try? readLock(project) { return lock.format }
        return Weave.manifestName(in: directory(project)) == Manifest.tomlFileName ? .json : .yaml
    }

    /// The working tree of a repository, here.
    func repository(_ path: RepoPath) -> String { root + "/" + path.text }

    /// How a project's file is called in messages.
    static func shown(_ project: ProjectName, _ file: String) -> String { "projects/\(project.text)/\(file)" }
}
