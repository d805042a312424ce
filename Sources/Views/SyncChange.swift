internal import Control
internal import Manifest
internal import Weave

/// What comes and goes when a workweave's repos become those of its manifest.
struct SyncChange {
    /// Entries that have no worktree yet.
    let coming: [RepositoryEntry]
    /// Repos that are listed no more and may go.
    let leaving: [WorkweaveRecord.Repo]
    /// Repos that are listed no more, but hold work.
    let kept: [WorkweaveRecord.Repo]
    /// Whether repos of role `reference` can be written to.
    let writableReference: Bool

    init(_ manifest: Manifest, _ record: WorkweaveRecord, removable: Set<String>) {
        let wanted = Set(manifest.repositories.map(\.path.text))
        let gone = record.repos.filter { !$0.isProject && !wanted.contains($0.path) }
        coming = manifest.repositories.filter { entry in !record.repos.contains { $0.path == entry.path.text } }
        leaving = gone.filter { removable.contains($0.path) }
        kept = gone.filter { !removable.contains($0.path) }
        writableReference = manifest.workweave.writableReference
    }

    /// Brings the record up to date; it is not written.
    func apply(to record: inout WorkweaveRecord, added: [WorkweaveRecord.Repo]) {
        record.repos = record.repos.filter { repo in !leaving.contains { $0.path == repo.path } } + added
        record.nextPart += UInt32(added.count)
    }

    var report: SyncReport { SyncReport(added: coming.map(\.path.text), removed: leaving.map(\.path), kept: kept.map(\.path)) }
}
