internal import Layers
internal import Syscalls
internal import Weave

/// Turns a workweave's record into its overlay: maps the bases, attaches the repos, opens upper and work.
struct ServedWorkweave {
    let weave: Weave
    let blobs: CloneBlobs
    let files: DescriptorCache
    let tables = BaseTables()

    func directory(_ record: WorkweaveRecord) -> String { weave.states + "/" + record.name }

    func overlay(_ record: WorkweaveRecord, isInherited: Bool) throws(WeaveError) -> Overlay {
        guard let format = record.upper?.format else {
            throw WeaveError(.invalid, "'\(record.name)' has an upper directory of unknown form", hint: "use the rwv that made it")
        }
        if format.prefix == .trusted, CurrentProcess.userID != 0 {
            throw WeaveError(.denied, "'\(record.name)' was made by root, and its changes are recorded where only root can read them",
                             hint: "run rwv as root for this weave")
        }
        let lower = try lower(record)
        return try system("open the state of '\(record.name)'") { () throws(Errno) in
            try Overlay(lower: lower, directory: directory(record), format: format, files: files, generation: UInt64(record.generation ?? 0) + 1, isInherited: isInherited)
        }
    }

    func lower(_ record: WorkweaveRecord) throws(WeaveError) -> LowerTree {
        let (virtual, attachments) = try VirtualRoot(record, weave: weave).table()
        var parts: [UInt32: LowerPart] = [:]
        for repo in record.repos {
            let stem = "\(directory(record))/base/\(repo.part)"
            let table = try system("read \(stem).meta") { () throws(Errno) in try tables.table(repo.baseKey, path: stem + ".meta") }
            let converted = try system("open \(stem).content") { () throws(Errno) -> SharedFile? in
                Files.exists(stem + ".content") ? SharedFile(try Files.open(stem + ".content")) : nil
            }
            parts[repo.part] = LowerPart(table: table, gitFile: weave.gitFile(of: repo.path, record.name), blobs: try blobs.cache(forRepo: repo.path),
                                         converted: converted, isReadOnly: repo.isReadOnly, attachment: attachments[repo.part] ?? 0)
        }
        return LowerTree(workweave: record.id, virtual: virtual, parts: parts)
    }
}

extension Weave {
    /// What the `.git` file of a workweave's repo says.
    func gitFile(of path: String, _ name: String) -> [UInt8] {
        let git = worktree(name, of: path) ?? "\(root)/\(path)/.git/worktrees/\(name)"
        return Array("gitdir: \(git)\n".utf8)
    }
}

extension WorkweaveRecord.Upper {
    init(_ format: UpperFormat) {
        self.init(prefix: format.prefix.rawValue, whiteout: format.whiteout.rawValue, renamesWithWhiteout: format.renamesWithWhiteout)
    }

    /// Nil when this program does not know the form.
    var format: UpperFormat? {
        guard let prefix = UpperFormat.Prefix(rawValue: prefix), let whiteout = UpperFormat.Whiteout(rawValue: whiteout) else { return nil }
        return UpperFormat(prefix: prefix, whiteout: whiteout, renamesWithWhiteout: renamesWithWhiteout)
    }
}
