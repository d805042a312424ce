internal import Git
internal import Syscalls
internal import Weave

/// Puts a state directory straight that somebody left half-made, half-removed, or moved with the weave. Before it is shown.
struct Recovery {
    let weave: Weave
    let change: EngineChange
    let log: @Sendable (String) -> Void

    /// The finished record of a state directory; nil when there is none (any more).
    /// - Parameter hasChanged: set when the kernel may know the workweave as what it was before its engine was changed; the journal stays until it
    ///   has been told (``EngineChange/end(_:)``).
    func recover(_ name: String, hasChanged: inout Bool) throws(WeaveError) -> WorkweaveRecord? {
        let directory = weave.states + "/" + name
        let record = try WorkweaveRecord.read(directory)
        if let journal = try Journal.read(directory) {
            if journal.operation == .convert {
                // It has had a record before and during that.
                guard let record else { throw WeaveError(.invalid, "\(directory)/\(WorkweaveRecord.fileName) is gone", hint: "put it back from a backup") }
                log("finishing the unfinished change of the engine of '\(name)'")
                try change.finish(record)
                hasChanged = true
            } else if journal.operation == .delete || record == nil {
                log("\(journal.operation == .create ? "taking back" : "finishing") the unfinished \(journal.operation.rawValue) of '\(name)'")
                try journal.removeFromGit(weave)
                try weave.discard(directory)
                return nil
            } else {
                if journal.operation == .sync, let record { try takeAway(journal, record) }
                Journal.remove(directory)
            }
        } else if record == nil {
            // Killed before the journal was written: nothing else had been made.
            try weave.discard(directory)
            return nil
        }
        guard let record, record.weave != weave.root else { return record }
        return try follow(record, directory)
    }

    /// Takes away what git knows of repos that a sync had only begun to bring in, or had nearly taken out.
    private func takeAway(_ journal: Journal, _ record: WorkweaveRecord) throws(WeaveError) {
        log("putting straight the unfinished sync of '\(record.name)'")
        var rest = journal
        rest.repos.removeAll { gone in record.repos.contains { $0.path == gone.path } }
        try rest.removeFromGit(weave)
    }

    /// Repairs the paths of a workweave whose weave was moved.
    private func follow(_ old: WorkweaveRecord, _ directory: String) throws(WeaveError) -> WorkweaveRecord {
        log("the weave was moved from \(old.weave): repairing the paths of '\(old.name)'")
        for repo in old.repos {
            guard let admin = weave.worktree(old.name, of: repo.path) else { continue }
            guard Files.isDirectory(admin) else { continue }
            let top = weave.top(of: old)
            try git { () throws(GitError) in try LinkedWorktree.setPath(admin, "\(top)/\(repo.path)") }
        }
        // Links into the weave are absolute.
        var record = old
        let prefix = old.weave + "/"
        record.links = old.links.mapValues { $0.hasPrefix(prefix) ? weave.root + "/" + $0.dropFirst(prefix.count) : $0 }
        record.weave = weave.root
        try record.write(directory)
        return record
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
