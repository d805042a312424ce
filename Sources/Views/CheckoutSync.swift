internal import Control
internal import Manifest
internal import Syscalls
internal import Weave

/// Brings the ordinary checkouts of a workweave in line with its own manifest.
struct CheckoutSync {
    let weave: Weave
    let maker: WorkweaveMaker

    func run(_ record: inout WorkweaveRecord, _ name: WorkweaveName, removable: Set<String>) throws(WeaveError) -> SyncReport {
        let directory = weave.state(of: name), root = directory + "/checkout"
        let change = SyncChange(try ownManifest(record, root), record, removable: removable)
        let plan = try ViewPlan.makeAdditions(weave, record, change.coming, writableReference: change.writableReference, name)
        var added: [WorkweaveRecord.Repo] = []
        do throws(WeaveError) {
            for repo in plan {
                if Files.exists("\(root)/\(repo.path)") {
                    throw WeaveError(.exists, "\(repo.path) is a directory of yours in '\(name.text)'", hint: "move it away, then run the command again")
                }
                added.append(try maker.checkOut(repo, part: record.nextPart + UInt32(added.count), name, root))
            }
        } catch {
            try? Journal(operation: .create, name: name.text, repos: plan.map(Journal.Repo.init)).removeFromGit(weave)
            for repo in added { try? Files.removeTree("\(root)/\(repo.path)") }
            throw error
        }
        for (repo, isReadOnly) in change.roles where !isReadOnly { try CheckoutProtection(top: "\(root)/\(repo.path)", umask: record.umask).release() }
        change.apply(to: &record, added: added)
        try change.applyRoles(to: &record, weave)
        try record.protectCheckouts(below: root, in: weave)
        try record.write(directory)
        try Journal(operation: .delete, name: name.text, repos: change.leaving.map(Journal.Repo.init)).removeFromGit(weave)
        for repo in change.leaving { remove(repo.path, root) }
        return change.report
    }

    private func ownManifest(_ record: WorkweaveRecord, _ root: String) throws(WeaveError) -> Manifest {
        let project: ProjectName
        do throws(ManifestError) { project = try ProjectName(record.project) } catch { throw WeaveError(error) }
        return try weave.readManifest(project, in: "\(root)/projects/\(project)")
    }

    /// The checkout, and the directories above it that it leaves empty.
    private func remove(_ path: String, _ root: String) {
        try? Files.removeTree("\(root)/\(path)")
        var above = path[...]
        while let slash = above.lastIndex(of: "/") {
            above = above[..<slash]
            guard (try? Files.removeDirectory("\(root)/\(above)")) != nil else { return }
        }
    }
}
