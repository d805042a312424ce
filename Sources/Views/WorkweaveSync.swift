internal import Control
internal import Git
internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// Brings a workweave's repos in line with its own `projects/P/rwv.yaml`, while it is mounted.
struct WorkweaveSync {
    let weave: Weave
    let maker: WorkweaveMaker
    let serving: ServedWorkweave
    let overlay: Overlay

    /// The journal stays until the kernel has been told.
    func run(_ record: inout WorkweaveRecord, _ name: WorkweaveName, _ options: SyncOptions, _ tellKernel: (UInt64, String) -> Void) throws(WeaveError) -> SyncReport {
        var change = SyncChange(try ownManifest(record), record, removable: Set(options.removable))
        if change.isEmpty { return change.report }
        try change.keepOthersWork(weave, name.text, top: weave.workweave(name))
        let directory = weave.state(of: name)
        var added: [WorkweaveRecord.Repo] = []
        let plan = try planAdditions(change, record, name)
        var journal = Journal(name: name.text, coming: plan, leaving: change.gone)
        journal.changed = overlay.topmostNew(plan.map(\.path) + change.leaving.map(\.path))
        try journal.write(directory)
        let places = (journal.changed ?? []).compactMap(overlay.place)
        do throws(WeaveError) {
            for repo in plan {
                added.append(try maker.add(repo, part: record.nextPart + UInt32(added.count), name, directory, umask: record.umask))
            }
            try replaceLower(&record, &change, added, options, directory)
        } catch {
            try? Journal(operation: .create, name: name.text, repos: plan.map(Journal.Repo.init)).removeFromGit(weave)
            Journal.remove(directory)
            throw error
        }
        try Journal(operation: .delete, name: name.text, repos: change.gone).removeFromGit(weave)
        for repo in change.leaving { try? Files.removeTree(aside(repo, directory)) }
        for (parent, entry) in places { tellKernel(parent, entry) }
        return change.report
    }

    /// Nobody writes meanwhile: what is found here is all there is.
    private func replaceLower(_ record: inout WorkweaveRecord, _ change: inout SyncChange, _ added: [WorkweaveRecord.Repo], _ options: SyncOptions,
                              _ directory: String) throws(WeaveError) {
        try overlay.replaceLower { () throws(WeaveError) in
            try change.keepChanged(since: options.since) { "\(directory)/upper/\($0.path)" }
            change.apply(to: &record, added: added)
            try change.applyRoles(to: &record, weave)
            let lower = try serving.lower(record)
            try record.write(directory)
            // Not through a link that somebody has put in the way.
            for repo in change.leaving where (try? Files.obstacle("\(directory)/upper", repo.path)) == .some(nil) {
                try? Files.rename("\(directory)/upper/\(repo.path)", aside(repo, directory))
            }
            return lower
        }
    }

    /// Where changed files of a repo that left are until they are removed; what a killed server leaves there its successor sweeps away.
    private func aside(_ repo: WorkweaveRecord.Repo, _ directory: String) -> String { "\(directory)/work/leaving-\(repo.part)" }

    /// The repos that come. - Throws: `.exists` when something of the user's is in the place of one.
    func planAdditions(_ change: SyncChange, _ record: WorkweaveRecord, _ name: WorkweaveName) throws(WeaveError) -> [ViewPlan.Repo] {
        let plan = try ViewPlan.makeAdditions(weave, record, change.coming, writableReference: change.writableReference, name)
        for repo in plan { try requireWay(to: repo.path, record) }
        for repo in plan where try system("look at \(repo.path)", { () throws(Errno) in try overlay.find(path: repo.path, Scratch()) }) != nil {
            throw WeaveError(.exists, "\(repo.path) is a directory of yours in '\(name.text)'", hint: "move it away, then run the command again")
        }
        return plan
    }

    /// What leads to a repo must be directories in which the base shows. - Throws: `.exists`.
    private func requireWay(to path: String, _ record: WorkweaveRecord) throws(WeaveError) {
        for place in PartDirectory.prefixes(of: path).dropLast() {
            let isOpen = try system("look at \(place)") { () throws(Errno) in try overlay.isOpen(path: place, ifHidden: record.engine == EngineKind.kernel.rawValue) }
            if isOpen { continue }
            throw WeaveError(.exists, "\(place) was replaced, moved or removed in '\(record.name)', so \(path) cannot be shown there",
                             hint: "put the directory back as it was, or add the repo in another workweave")
        }
    }

    /// The workweave's own.
    func ownManifest(_ record: WorkweaveRecord) throws(WeaveError) -> Manifest {
        for file in Manifest.fileNames {
            let path = "projects/\(record.project)/\(file)"
            let bytes = try system("read \(path) of '\(record.name)'") { () throws(Errno) in try overlay.readFile(path: path) }
            guard let bytes else { continue }
            do throws(ManifestError) { return try Manifest.parse(bytes, file: path) } catch { throw WeaveError(error) }
        }
        throw WeaveError(.notFound, "projects/\(record.project)/\(Manifest.fileName) does not exist in '\(record.name)'", hint: "restore it with git")
    }
}

extension Overlay {
    /// For each path, the topmost of its directories, or itself, that is not in the view yet.
    func topmostNew(_ paths: [String]) -> [String] {
        let s = Scratch()
        return paths.map { path in PartDirectory.prefixes(of: path).first { (try? find(path: $0, s)) ?? nil == nil } ?? path }
    }

    /// The directory in which the kernel must look up a path anew, and the name: where directories above it are gone, theirs.
    func place(of path: String) -> (UInt64, String)? {
        let names = path.split(separator: "/").map(String.init), s = Scratch()
        for depth in stride(from: names.count - 1, through: 0, by: -1) {
            if let id = try? find(path: names[..<depth].joined(separator: "/"), s) { return (id.raw, names[depth]) }
        }
        return nil
    }
}
