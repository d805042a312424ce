internal import Git
internal import Layers
internal import Manifest
internal import Syscalls
internal import Weave

/// Whether a repo of a workweave is as it was made, told without touching the mount (the kernel waits for an rmdir with
/// directories locked, so nothing may be looked up there). Careful: what it cannot tell for certain counts as changed.
struct CleanCheck {
    let weave: Weave
    let record: WorkweaveRecord
    let repo: WorkweaveRecord.Repo

    func isClean() -> Bool {
        if !WorkweaveInspector(weave: weave).isTouched(record, repo) { return true }
        let directory = weave.states + "/" + record.name
        guard record.engine != EngineKind.checkout.rawValue, let admin = weave.worktree(record.name, of: repo.path), WorktreeState(directory: admin).isPlain(on: repo.branch),
              LinkedWorktree.ownReferences(admin).isEmpty, let repository = try? Repository(opening: weave.root + "/" + repo.path),
              (try? repository.references.read(repo.branch))??.hex == repo.base,
              let table = try? BaseTable(path: "\(directory)/base/\(repo.part).meta") else { return false }
        // The index against HEAD: no file of the working tree is looked at.
        guard let outcome = try? GitProgram.run(["--git-dir", admin, "diff-index", "--cached", "--quiet", "HEAD"], directory: admin), outcome.succeeded else { return false }
        guard let upper = try? Files.open("\(directory)/upper/\(repo.path)", OpenFlags.directory | OpenFlags.noFollow) else {
            return !Files.exists("\(directory)/upper/\(repo.path)")
        }
        defer { upper.close() }
        return matches(upper, table, 0, repo.path)
    }

    /// Whether a directory of the upper holds nothing but what the base says of it.
    private func matches(_ directory: FileDescriptor, _ table: BaseTable, _ entry: UInt32, _ place: String) -> Bool {
        let path = PathBuffer()
        for prefix in [UpperFormat.Prefix.trusted, .user] {
            for name in ["opaque", "redirect"] {
                // An unreadable attribute is one we cannot judge; `x` only announces whiteouts, which are seen below.
                if let value = try? directory.attribute(path, AttributeName(prefix.rawValue + name)), value != [UInt8(ascii: "x")] { return false }
            }
        }
        guard let entries = try? directory.directoryEntries() else { return false }
        for e in entries {
            path.reset()
            let shown = place + "/" + e.text
            if record.holdsOnlyGiven(shown, in: weave.states + "/\(record.name)/upper") { continue }
            guard (try? path.prepend(e.name.span)) != nil, let status = try? directory.statusIfExists(path),
                  let known = table.child(entry, e.name.span) else { return false }
            if status.isDirectory {
                guard table.isDirectory(known), let child = try? directory.openBeneath(path, OpenFlags.directory) else { return false }
                defer { child.close() }
                if !matches(child, table, known, shown) { return false }
                continue
            }
            guard status.isRegular, status.mode == table.mode(known), !table.flags(known).contains(.converted), !table.flags(known).contains(.gitFile),
                  let file = try? directory.openBeneath(path, OpenFlags.readOnly) else { return false }
            defer { file.close() }
            guard let bytes = try? file.readAll(limit: 64 << 20) else { return false }
            if blobID(of: bytes) != table.object(known) { return false }
        }
        return true
    }
}
