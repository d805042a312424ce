internal import Control
internal import Git
internal import Layers
internal import Syscalls
internal import Weave

/// Tells what a workweave is and whether anything of it may differ from its base, without reading a file of a repo.
struct WorkweaveInspector {
    let weave: Weave

    func describe(_ record: WorkweaveRecord, withUsage: Bool) -> WorkweaveInfo {
        let directory = weave.states + "/" + record.name
        let apart = record.repos.filter { $0.isApart == true }.map { PartDirectory(state: directory, $0).top }
        let usage = withUsage && record.engine != EngineKind.checkout.rawValue ? UpperUsage([directory + "/upper"] + apart) : nil
        let repos = Thread.map(record.repos, width: CurrentProcess.processorCount) { repo in
            WorkweaveInfo.Repo(path: repo.path, branch: String(repo.branch.dropFirst("refs/heads/".count)), base: repo.base,
                               isTouched: isTouched(record, repo))
        }
        return WorkweaveInfo(name: record.name, project: record.project, path: weave.workweaves + "/" + record.name, engine: record.engine,
                             repos: repos, changedFiles: usage?.files, upperBytes: usage?.bytes)
    }

    /// False only when it is certain that nothing was changed: no file in upper, the index still the base's, HEAD on the ephemeral
    /// branch, the branch still at the base, no state of a merge or the like, no submodule.
    func isTouched(_ record: WorkweaveRecord, _ repo: WorkweaveRecord.Repo) -> Bool {
        let directory = weave.states + "/" + record.name
        guard record.engine != EngineKind.checkout.rawValue else { return true }
        if Files.exists("\(directory)/upper/\(repo.path)"), !record.holdsOnlyGiven(repo.path, in: directory + "/upper") { return true }
        guard let admin = weave.worktree(record.name, of: repo.path), let table = try? BaseTable(path: "\(directory)/base/\(repo.part).meta"), let index = try? Files.status(admin + "/index") else { return true }
        let recorded = table.index
        guard index.size == recorded.size, index.mtime == recorded.modified.seconds, index.mtime_ns == recorded.modified.nanoseconds,
              WorktreeState(directory: admin).isPlain(on: repo.branch), LinkedWorktree.ownReferences(admin).isEmpty else { return true }
        guard let repository = try? Repository(opening: "\(weave.root)/\(repo.path)"),
              let tip = try? repository.references.read(repo.branch) else { return true }
        return tip.hex != repo.base
    }
}
