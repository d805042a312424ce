internal import Git
internal import Manifest
internal import Syscalls
internal import Weave

/// Puts a state directory straight that somebody left half-made, half-removed, or moved with the weave. Before it is shown.
struct Recovery {
    let weave: Weave
    let change: EngineChange
    let log: @Sendable (String) -> Void

    /// The finished record of a state directory; nil when there is none (any more).
    /// - Parameter hasChanged: set when the kernel may know the workweave as what it was before its engine or its repos changed; the journal stays
    ///   until it has been told (``EngineChange/end(_:)``).
    func recover(_ name: String, hasChanged: inout Bool) throws(WeaveError) -> WorkweaveRecord? {
        let directory = weave.states + "/" + name
        let record = try WorkweaveRecord.read(directory)
        if let journal = try Journal.read(directory) {
            // It has had a record before and during these.
            if record == nil, [.convert, .sync].contains(journal.operation) { throw WorkweaveRecord.gone(directory) }
            if journal.operation == .convert, let record {
                log("finishing the unfinished change of the engine of '\(name)'")
                try change.finish(record)
                hasChanged = true
            } else if journal.operation == .delete || record == nil {
                log("\(journal.operation == .create ? "taking back" : "finishing") the unfinished \(journal.operation.rawValue) of '\(name)'")
                try journal.removeFromGit(weave)
                try weave.discard(directory)
                return nil
            } else if journal.operation == .sync, let record {
                try takeAway(journal, record)
                hasChanged = true
            } else { Journal.remove(directory) }
        } else if record == nil {
            guard try WorkweaveRecord.isBarelyBegun(directory) else { throw WorkweaveRecord.gone(directory) }
            try weave.discard(directory)
            return nil
        }
        try LeavingCheckout(weave, name).putBack()
        if let record, record.engine == EngineKind.checkout.rawValue { try CheckoutMoves(weave, record).settle() }
        guard let record, record.weave != weave.root else { return record }
        return try follow(record, directory)
    }

    /// Takes away what git knows of repos that a sync had only begun to bring in, or had nearly taken out.
    private func takeAway(_ journal: Journal, _ record: WorkweaveRecord) throws(WeaveError) {
        log("putting straight the unfinished sync of '\(record.name)'")
        let gone = try journal.takeAway(weave, record)
        // Of those that were to go, changed files are nobody's work. The kernel engine sees to its own.
        guard record.engine == EngineKind.fuse.rawValue else { return }
        let upper = "\(weave.states)/\(record.name)/upper"
        for repo in gone where repo.isLeaving == true {
            try system("remove what is left of \(repo.path)") { () throws(Errno) in if try Files.obstacle(upper, repo.path) == nil { try Files.removeTree("\(upper)/\(repo.path)") } }
        }
    }

    /// Repairs the paths of a workweave whose weave was moved.
    private func follow(_ old: WorkweaveRecord, _ directory: String) throws(WeaveError) -> WorkweaveRecord {
        log("the weave was moved from \(old.weave): repairing the paths of '\(old.name)'")
        for repo in old.repos {
            guard let admin = weave.worktree(old.name, of: repo.path) else { continue }
            guard Files.isDirectory(admin) else { continue }
            let top = weave.top(of: old)
            try git { () throws(GitError) in try LinkedWorktree.setPath(admin, "\(top)/\(repo.path)") }
            if old.engine == EngineKind.checkout.rawValue { try renew("\(top)/\(repo.path)/.git", LinkedWorktree.gitFileText(admin)) }
        }
        // Links into the weave are absolute.
        var record = old
        let prefix = old.weave + "/"
        record.links = old.links.mapValues { $0.hasPrefix(prefix) ? weave.root + "/" + $0.dropFirst(prefix.count) : $0 }
        let isCheckout = old.engine == EngineKind.checkout.rawValue
        if isCheckout, let project = try? ProjectName(record.project) {
            try renew(directory + "/checkout/.rwv-workweave", WorkweaveMarker(primary: weave.root, project: project).text)
        }
        try renewLinks(old, record, directory + (isCheckout ? "/checkout" : "/upper"))
        record.weave = weave.root
        try record.write(directory)
        return record
    }

    /// Links into the weave that are on disk: in a checkout all of them, else those in repos.
    private func renewLinks(_ old: WorkweaveRecord, _ new: WorkweaveRecord, _ root: String) throws(WeaveError) {
        for (path, target) in new.links where old.links[path] != target {
            try system("renew \(root)/\(path)") { () throws(Errno) in
                // One that the user has made another is his.
                guard try Files.readLink(root + "/" + path) == old.links[path] else { return }
                try Files.makeSymlink("\(root)/\(path)\(Files.temporarySuffix)", target: target)
                try Files.rename("\(root)/\(path)\(Files.temporarySuffix)", root + "/" + path)
            }
        }
    }

    /// Writes a file anew where it is there.
    private func renew(_ path: String, _ text: String) throws(WeaveError) {
        try system("write \(path)") { () throws(Errno) in
            guard let status = try Files.status(path), status.isRegular else { return }
            try Files.writeAtomically(path, Array(text.utf8))
            try Files.setMode(path, status.permissions)
        }
    }
}

extension Weave {
    /// Takes a state directory away at once, and its contents after that.
    func discard(_ directory: String) throws(WeaveError) {
        let trash = state + "/trash"
        try system("remove \(directory)") { () throws(Errno) in
            do throws(Errno) { try Files.makeDirectory(trash, mode: 0o700) } catch where error == .exists {}
            let aside = trash + "/" + randomHex(8)
            try Files.rename(directory, aside)
            try Files.removeTree(aside)
        }
    }
}
