internal import Control
internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// What comes and goes when a workweave's repos become those of its manifest.
struct SyncChange {
    /// Entries that have no worktree yet.
    let coming: [RepositoryEntry]
    /// Repos that are listed no more and may go.
    private(set) var leaving: [WorkweaveRecord.Repo]
    /// Repos that are listed no more, but hold work.
    private(set) var kept: [WorkweaveRecord.Repo]
    /// Repos that are listed no more, but are being worked in.
    private(set) var changing: [WorkweaveRecord.Repo] = []
    /// Where the branches of those that leave point.
    private var tips: [String: ObjectID] = [:]
    /// Whether repos of role `reference` can be written to.
    let writableReference: Bool
    /// Repos that can be written to no more, or again. What holds work stays as it is.
    let roles: [(repo: WorkweaveRecord.Repo, isReadOnly: Bool)]

    init(_ manifest: Manifest, _ record: WorkweaveRecord, removable: Set<String>) {
        let wanted = Set(manifest.repositories.map(\.path.text))
        let gone = record.repos.filter { !$0.isProject && !wanted.contains($0.path) }
        coming = manifest.repositories.filter { entry in !record.repos.contains { $0.path == entry.path.text } }
        leaving = gone.filter { removable.contains($0.path) }
        kept = gone.filter { !removable.contains($0.path) }
        let writable = manifest.workweave.writableReference
        writableReference = writable
        roles = record.repos.compactMap { repo in
            guard !repo.isProject, let entry = manifest.repositories.first(where: { $0.path.text == repo.path }) else { return nil }
            let isReadOnly = entry.role == .reference && !writable
            return isReadOnly != repo.isReadOnly && (!isReadOnly || removable.contains(repo.path)) ? (repo, isReadOnly) : nil
        }
    }

    /// A repo stays that was to go.
    mutating func keep(_ repo: WorkweaveRecord.Repo) {
        leaving.removeAll { $0 == repo }
        changing.append(repo)
    }

    /// Those stay whose branch alone keeps commits, and those in which somebody has mounted something.
    /// - Parameter top: where the workweave can be seen.
    mutating func keepOthersWork(_ weave: Weave, _ name: String, top: String) throws(WeaveError) {
        for found in try KeptCommits(weave: weave).look(leaving, name) {
            let place = "\(top)/\(found.repo.path)"
            if MountTable.inside(place).contains(where: { $0.path != place }) { keep(found.repo) } else if found.loss != nil {
                leaving.removeAll { $0 == found.repo }
                kept.append(found.repo)
            } else { tips[found.repo.path] = found.tip }
        }
    }

    /// What git knows of those that leave.
    var gone: [Journal.Repo] {
        leaving.map { repo in
            var gone = Journal.Repo(repo, at: tips[repo.path])
            gone.isLeaving = true
            return gone
        }
    }

    /// Those stay that were changed since somebody began to look for work in them.
    /// - Parameter place: where the changed files of a repo lie.
    mutating func keepChanged(since time: Timestamp, _ place: (WorkweaveRecord.Repo) -> String) throws(WeaveError) {
        for repo in leaving where try ChangeTime.firstChange(below: place(repo), since: time) != nil { keep(repo) }
    }

    var isEmpty: Bool { coming.isEmpty && leaving.isEmpty && roles.isEmpty }

    /// Has git refuse or allow changes, and says so in the record; it is not written. Being killed in between is no harm: a sync does it again.
    func applyRoles(to record: inout WorkweaveRecord, _ weave: Weave) throws(WeaveError) {
        for (repo, isReadOnly) in roles {
            let name = record.name
            try git { () throws(GitError) in
                let common = try Repository(opening: weave.root + "/" + repo.path).commonDirectory
                if isReadOnly { try LinkedWorktree.refuseChanges(common, name) } else { try LinkedWorktree.allowChanges(common, name) }
            }
            for i in record.repos.indices where record.repos[i].path == repo.path { record.repos[i].isReadOnly = isReadOnly }
        }
    }

    /// Brings the record up to date; it is not written.
    func apply(to record: inout WorkweaveRecord, added: [WorkweaveRecord.Repo]) {
        record.repos = record.repos.filter { repo in !leaving.contains { $0.path == repo.path } } + added
        record.nextPart += UInt32(added.count)
    }

    var report: SyncReport { SyncReport(added: coming.map(\.path.text), removed: leaving.map(\.path), kept: kept.map(\.path), changing: changing.map(\.path)) }
}
