internal import Control
internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// What lies below a mounted overlay must not change. So a repo that joins gets an overlay of its own at its path, and one that leaves is
/// removed as anybody could remove it; ``OverlayJoin`` makes one piece of it when the overlay is next taken away.
extension KernelEngine {
    func sync(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions, _ tellKernel: (UInt64, String) -> Void) throws(WeaveError) -> SyncReport {
        if problem(name.text) != nil { return try fuse.sync(&record, name, options, tellKernel) }
        // To read with; the kernel's overlay goes on.
        let overlay = try serving.overlay(record.beneath, isInherited: true)
        let sync = WorkweaveSync(weave: weave, maker: maker, serving: serving, overlay: overlay)
        var change = SyncChange(try sync.ownManifest(record), record, removable: Set(options.removable))
        if change.isEmpty {
            // Under a predecessor that died, or while somebody was in the way, it may have stopped half way.
            if !KernelMount(weave: weave, name: name.text).isComplete(record) { record = try mountParts(record) }
            return change.report
        }
        try change.keepOthersWork(weave, name.text, top: weave.workweave(name))
        let plan = try sync.planAdditions(change, record, name)
        let directory = weave.state(of: name)
        // Between this look and the repo's going, some ms, nobody is kept from writing.
        try change.keepChanged(since: options.since) { $0.isApart == true ? PartDirectory(state: directory, $0).top : "\(directory)/upper/\($0.path)" }
        try Journal(name: name.text, coming: plan, leaving: change.gone).write(directory)
        do throws(WeaveError) {
            try takeOut(change, &record, directory)
            try change.applyRoles(to: &record, weave)
            try record.write(directory)
            record = try mountParts(record)
            try bringIn(plan, &record, name, directory)
        } catch {
            Journal.remove(directory)
            throw error
        }
        Journal.remove(directory)
        return change.report
    }

    /// - Throws: `.busy`, and nothing has changed, when one is a mount of its own and in use.
    private func takeOut(_ change: SyncChange, _ record: inout WorkweaveRecord, _ directory: String) throws(WeaveError) {
        let leaving = change.leaving
        if leaving.isEmpty { return }
        let before = record
        record.repos.removeAll { leaving.contains($0) }
        record.left = (record.left ?? []) + leaving.map { .init(repo: $0, isGone: false) }
        try record.write(directory)
        do throws(WeaveError) { record = try mountParts(record) } catch {
            // Otherwise the next mount goes on.
            guard error.code == .busy else { throw error }
            try before.write(directory)
            _ = try? mountParts(before)
            throw inUse(leaving, record.name) ?? error
        }
        try Journal(operation: .delete, name: record.name, repos: change.gone).removeFromGit(weave)
    }

    /// Who is in one of the repos that are mounts of their own, a line each.
    private func inUse(_ leaving: [WorkweaveRecord.Repo], _ name: String) -> WeaveError? {
        let places = leaving.filter { $0.isApart == true }.map { (path: $0.path, users: PlaceUsers.find("\(weave.workweaves)/\(name)/\($0.path)")) }.filter { !$0.users.isEmpty }
        if places.isEmpty { return nil }
        let lines = places.map { "\($0.path) is to go, but in use" } + places.flatMap(\.users).map(\.text)
        return WeaveError(.busy, lines.joined(separator: "\n"), hint: "leave its directory and end those programs")
    }

    /// All or none.
    private func bringIn(_ plan: [ViewPlan.Repo], _ record: inout WorkweaveRecord, _ name: WorkweaveName, _ directory: String) throws(WeaveError) {
        if plan.isEmpty { return }
        let before = record
        do throws(WeaveError) {
            for repo in plan {
                var one = try maker.add(repo, part: record.nextPart, name, directory, umask: record.umask)
                one.isApart = true
                let own = PartDirectory(state: directory, one), umask = record.umask
                try system("make \(own.path)") { () throws(Errno) in try own.make(gitFile: weave.gitFile(of: one.path, name.text), umask: umask) }
                record.repos.append(one)
                record.nextPart += 1
            }
            try record.write(directory)
            try base.show(record)
            record = try mountParts(record)
        } catch {
            var back = before
            back.nextPart = record.nextPart
            let added = record.repos.filter { repo in !before.repos.contains { $0.part == repo.part } }
            back.left = (before.left ?? []) + added.map { .init(repo: $0, isGone: false) }
            try? back.write(directory)
            if (try? mountParts(back)) == nil { log("what joined '\(name.text)' is not taken back yet") }
            try? Journal(operation: .create, name: name.text, repos: plan.map(Journal.Repo.init)).removeFromGit(weave)
            throw error
        }
    }
}
