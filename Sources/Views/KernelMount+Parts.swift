internal import Syscalls
internal import Weave

/// What is mounted inside a workweave's overlay: repos that joined while it was mounted, and repos that cannot be written to.
/// In the process of its own, in the base view's root.
extension KernelMount {
    /// Takes out the repos that left, and mounts what is missing. Whatever was done before is left as it is.
    /// - Parameter isNew: the overlay has just been mounted, and nothing in it.
    /// - Throws: EBUSY when a repo that is to go is a mount of its own and in use: nothing is changed then.
    func mountParts(_ record: WorkweaveRecord, isNew: Bool) throws(Errno) {
        let leaving = (record.left ?? []).filter { !$0.isGone }.map(\.repo)
        for repo in leaving where repo.isApart == true { try unmountParts(of: repo, lazy: false) }
        for repo in leaving { try takeOut(repo) }
        // Read once: it may be long.
        let there = isNew ? [:] : Dictionary(MountTable.all().map { ($0.path, $0.isReadOnly) }) { _, last in last }
        for repo in record.repos {
            let isMounted = there[place(repo)] != nil
            if repo.isApart == true, !isMounted { try mountApart(repo, record) }
            if there[place(repo)] ?? false != repo.isReadOnly { try protect(repo) }
        }
    }

    private func place(_ repo: WorkweaveRecord.Repo) -> String { "\(path)/\(repo.path)" }

    private func unmountParts(of repo: WorkweaveRecord.Repo, lazy: Bool) throws(Errno) {
        var attempts = 0
        while MountTable.find(place(repo)) != nil {
            do throws(Errno) { try Syscalls.unmount(place(repo), lazy: lazy) } catch {
                // Who only looks something up there has it for a moment.
                guard error == .busy, attempts < 20, PlaceUsers.find(place(repo)).isEmpty else { throw error }
                attempts += 1
                Thread.sleep(milliseconds: 10)
            }
        }
    }

    /// Removes a repo as anybody could: moved out of sight in one step, where overlayfs can move directories, and then taken apart.
    private func takeOut(_ repo: WorkweaveRecord.Repo) throws(Errno) {
        // Nobody can be writing to what is read-only.
        try unmountParts(of: repo, lazy: true)
        let aside = "\(path)/\(Self.leavingPrefix)\(repo.part)"
        // Not through a link that somebody has put in the way.
        if try Files.obstacle(path, repo.path) != nil { return }
        if repo.isApart == true { try? Files.removeDirectory(place(repo)) } else if try isRepo(repo) {
            do throws(Errno) { try Files.rename(place(repo), aside) } catch {
                guard error == .crossDevice else { throw error }
                try Files.removeTree(place(repo))
            }
        }
        try Files.removeTree(aside)
        // Directories above it that it leaves empty; not empty is as good a reason as any to stay.
        var above = repo.path[...]
        while let slash = above.lastIndex(of: "/") {
            above = above[..<slash]
            guard (try? Files.removeDirectory("\(path)/\(above)")) != nil else { return }
        }
    }

    /// Where a repo that leaves is moved to, with its part's number behind it.
    static let leavingPrefix = ".rwv-tmp-leaving-"

    /// Whether the repo is still at its place: somebody may have put something else there since it was taken out.
    private func isRepo(_ repo: WorkweaveRecord.Repo) throws(Errno) -> Bool {
        guard let text = try Files.readIfExists("\(place(repo))/.git") else { return false }
        return String(decoding: text, as: UTF8.self).contains("/worktrees/\(name)")
    }

    /// Mounts the overlay of a repo that joined. Its paths begin at the workweave's root, as in the large overlay, so that its upper directory
    /// can be moved into that one's as it is; of the overlay only the repo's directory is shown.
    private func mountApart(_ repo: WorkweaveRecord.Repo, _ record: WorkweaveRecord) throws(Errno) {
        let own = PartDirectory(state: state, repo), whole = own.path + "/mount"
        // Left by one that was killed between its steps.
        while MountTable.find(whole) != nil { try Syscalls.unmount(whole, lazy: true) }
        do throws(Errno) { try Files.makeDirectory(whole, mode: 0o700) } catch where error == .exists {}
        CurrentProcess.setUmask(record.umask)
        if try Files.obstacle(path, repo.path) != nil { throw .notDirectory }
        try Files.makeDirectories(place(repo))
        try mountOverlay(lower: [try layer(repo)], at: whole, own.path, record)
        defer { try? Syscalls.unmount(whole, lazy: true) }
        try bindMount("\(whole)/\(repo.path)", to: place(repo))
    }

    /// - Throws: EBUSY when a file is open for writing.
    func setReadOnly(_ place: String, _ isReadOnly: Bool) throws(Errno) {
        try mountFileSystem("none", at: place, type: "none", flags: Self.flags | MountFlags.bind | MountFlags.remount | (isReadOnly ? MountFlags.readOnly : 0), options: "")
    }

    /// Lets everything be changed again that may be.
    func unseal(_ record: WorkweaveRecord) throws(Errno) {
        for repo in record.repos where repo.isApart == true && !repo.isReadOnly && MountTable.find(place(repo)) != nil { try setReadOnly(place(repo), false) }
        try setReadOnly(path, false)
    }

    /// Mounts a repo of role `reference` over itself, read-only; or takes that back.
    private func protect(_ repo: WorkweaveRecord.Repo) throws(Errno) {
        if !repo.isReadOnly { return try Syscalls.unmount(place(repo), lazy: true) }
        if try Files.obstacle(path, repo.path) != nil { return }
        try bindMount(place(repo), to: place(repo))
        do throws(Errno) { try setReadOnly(place(repo), true) } catch {
            try? Syscalls.unmount(place(repo), lazy: true)
            throw error
        }
    }
}
