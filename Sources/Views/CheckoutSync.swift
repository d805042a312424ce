internal import Control
internal import Manifest
internal import Syscalls
internal import Weave

/// Brings the ordinary checkouts of a workweave in line with its own manifest. Whoever finds it half done goes by the record (``CheckoutMoves``).
struct CheckoutSync {
    let weave: Weave
    let maker: WorkweaveMaker

    func run(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions) throws(WeaveError) -> SyncReport {
        let directory = weave.state(of: name), root = directory + "/checkout", before = record
        try finish(before, directory)
        var change = SyncChange(try ownManifest(record, root), record, removable: Set(options.removable))
        try change.keepOthersWork(weave, name.text, top: root)
        let plan = try ViewPlan.makeAdditions(weave, record, change.coming, writableReference: change.writableReference, name)
        for repo in plan where Files.exists("\(root)/\(repo.path)") {
            throw WeaveError(.exists, "\(repo.path) is a directory of yours in '\(name.text)'", hint: "move it away, then run the command again")
        }
        for repo in plan {
            guard let obstacle = try system("look at \(repo.path)", { () throws(Errno) in try Files.obstacle(root, repo.path) }) else { continue }
            throw WeaveError(.exists, "\(obstacle) is a file or link of yours in '\(name.text)', so \(repo.path) cannot be put there", hint: "move it away, then run the command again")
        }
        try Journal(name: name.text, coming: plan, leaving: change.gone).write(directory)
        do throws(WeaveError) {
            var added: [WorkweaveRecord.Repo] = []
            for repo in plan {
                let part = record.nextPart + UInt32(added.count)
                added.append(try maker.checkOut(repo, part: part, name, root, joining: CheckoutMoves(weave, record).joining(part)))
            }
            for repo in change.leaving { if try !leaves(repo, name, options.since) { change.keep(repo) } }
            for (repo, isReadOnly) in change.roles where !isReadOnly { try CheckoutProtection(top: "\(root)/\(repo.path)", umask: record.umask).release() }
            change.apply(to: &record, added: added)
            try change.applyRoles(to: &record, weave)
            try record.protectCheckouts(below: root, in: weave)
            try record.write(directory)
        } catch {
            try? finish(before, directory)
            throw error
        }
        try finish(record, directory)
        for repo in change.leaving { removeEmpty(above: repo.path, root) }
        return change.report
    }

    /// Takes a repo aside. - Returns: false, and it stays, when it is in use or was changed.
    private func leaves(_ repo: WorkweaveRecord.Repo, _ name: WorkweaveName, _ since: Timestamp) throws(WeaveError) -> Bool {
        let leaving = LeavingCheckout(weave, name.text, repo)
        do throws(WeaveError) { try leaving.take(unchangedSince: since) } catch {
            try leaving.putBack()
            guard [.busy, .dirty].contains(error.code) else { throw error }
            return false
        }
        return true
    }

    /// Makes git and the directories what the record on disk says.
    private func finish(_ record: WorkweaveRecord, _ directory: String) throws(WeaveError) {
        let journal = try Journal.read(directory), isOurs = journal?.operation == .sync
        if let journal, isOurs { _ = try journal.takeAway(weave, record) }
        try CheckoutMoves(weave, record).settle()
        if isOurs { Journal.remove(directory) }
    }

    private func ownManifest(_ record: WorkweaveRecord, _ root: String) throws(WeaveError) -> Manifest {
        let project: ProjectName
        do throws(ManifestError) { project = try ProjectName(record.project) } catch { throw WeaveError(error) }
        return try weave.readManifest(project, in: "\(root)/projects/\(project)")
    }

    /// The directories above a repo that left which it leaves empty.
    private func removeEmpty(above path: String, _ root: String) {
        var above = path[...]
        while let slash = above.lastIndex(of: "/") {
            above = above[..<slash]
            guard (try? Files.removeDirectory("\(root)/\(above)")) != nil else { return }
        }
    }
}
