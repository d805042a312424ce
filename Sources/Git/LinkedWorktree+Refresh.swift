internal import Syscalls

extension LinkedWorktree {
    /// Has git look at every file of a working tree once, so that its index knows their times and inode numbers, and the next `git status`
    /// need not (`git update-index --refresh`). Changes nothing else; what is changed, unmerged or missing stays so. May take seconds.
    /// - Parameter isReadOnly: the worktree refuses changes (``refuseChanges(_:_:)``): its index is replaced by a refreshed copy.
    package static func refreshIndex(_ adminDirectory: String, top: String, isReadOnly: Bool) {
        let index = adminDirectory + "/index", fresh = adminDirectory + "/index.rwv-tmp"
        var changes: [String: String?] = [:]
        if isReadOnly {
            try? Files.unlink(fresh)
            guard (try? Files.copy(index, fresh)) != nil, (try? Files.setMode(fresh, 0o644)) != nil else { return }
            changes["GIT_INDEX_FILE"] = fresh
        }
        // Its status says whether anything is changed.
        _ = try? GitProgram.run(["-C", top, "update-index", "-q", "--unmerged", "--refresh"], directory: "/", environment: changes)
        if isReadOnly { try? Files.rename(fresh, index) }
    }
}
