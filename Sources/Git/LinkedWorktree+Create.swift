internal import CGit2
internal import Syscalls

extension LinkedWorktree {
    /// What a new linked worktree is to be.
    package struct Plan: Sendable {
        /// The name under `worktrees/`, unique in the clone.
        package var name: String
        /// The top of the working tree as users see it, absolute. Need not exist yet.
        package var path: String
        /// Full name of the branch that HEAD names. It must exist already for git to find a commit.
        package var branch: String
        package var commit: ObjectID
        /// Keeps `git worktree prune` away while the working tree is not mounted.
        package var lockReason: String?
        /// A file to be linked (or copied) as the worktree's index.
        package var index: String?
        /// Who stands in the log of HEAD; nil writes no log.
        package var identity: Identity?

        package init(name: String, path: String, branch: String, commit: ObjectID, lockReason: String?, index: String?, identity: Identity?) {
            self.name = name
            self.path = path
            self.branch = branch
            self.commit = commit
            self.lockReason = lockReason
            self.index = index
            self.identity = identity
        }
    }

    /// Makes `worktrees/NAME` with what `git worktree add --lock` would write there, all or nothing: made elsewhere in the git
    /// directory, then renamed. Runs no hook, takes no lock, makes neither branch nor working tree.
    /// - Throws: exists when the clone has a worktree of this name; invalidName.
    package static func create(_ plan: Plan, in repository: Repository) throws(GitError) -> LinkedWorktree {
        guard isUsable(plan.name) else { throw GitError(.invalidName, "\(plan.name) cannot be the name of a worktree") }
        guard plan.path.hasPrefix("/"), !plan.path.contains("\n"), plan.branch.hasPrefix("refs/"), !plan.branch.contains("\n") else {
            throw GitError(.invalidName, "\(plan.path) on \(plan.branch) cannot be a worktree")
        }
        let common = repository.commonDirectory
        let admin = adminDirectory(common, plan.name)
        let taken = GitError(.exists, "\(common) already has a worktree \(plan.name)")
        // What a git that was still at work there has left of one that is gone.
        if !["HEAD", "gitdir", "locked"].contains(where: { Files.exists("\(admin)/\($0)") }) { try? Files.removeTree(admin) }
        if Files.exists(admin) { throw taken }
        let temporary = temporaryPath(common)
        do throws(GitError) {
            try onDisk("cannot make the worktree \(plan.name) in \(common)") { () throws(Errno) in try write(plan, temporary) }
            try copySettings(repository, to: temporary)
            do throws(Errno) { try moveIntoPlace(temporary, common, plan.name) } catch {
                if error == .exists || error == .notEmpty { throw taken }
                throw GitError(error, "cannot make \(admin)")
            }
        } catch {
            try? Files.removeTree(temporary)
            throw error
        }
        return LinkedWorktree(name: plan.name, adminDirectory: admin, path: plan.path, branch: plan.branch, detachedAt: nil,
                              lockReason: plan.lockReason)
    }

    private static func write(_ plan: Plan, _ directory: String) throws(Errno) {
        try Files.makeDirectory(directory)
        if let reason = plan.lockReason { try Files.create(directory + "/locked", line(reason)) }
        try Files.create(directory + "/gitdir", line(plan.path + "/.git"))
        try Files.create(directory + "/commondir", line("../.."))
        try Files.create(directory + "/HEAD", line("ref: " + plan.branch))
        try Files.create(directory + "/ORIG_HEAD", line(plan.commit.hex))
        if let identity = plan.identity {
            try Files.makeDirectory(directory + "/logs")
            let log = "\(ObjectID.zero.hex) \(plan.commit.hex) \(identity.text)\n"
                + "\(plan.commit.hex) \(plan.commit.hex) \(identity.text)\treset: moving to HEAD\n"
            try Files.create(directory + "/logs/HEAD", Array(log.utf8))
        }
        if let index = plan.index { try Files.linkOrCopy(index, directory + "/index") }
    }

    /// A line as git writes one-line files: an empty text stays an empty file.
    static func line(_ text: String) -> [UInt8] { text.isEmpty ? [] : Array(text.utf8) + [UInt8(ascii: "\n")] }

    /// `worktrees` itself comes with the first and goes with the last worktree, perhaps at this moment.
    private static func moveIntoPlace(_ temporary: String, _ common: String, _ name: String) throws(Errno) {
        var attempts = 20
        while true {
            do throws(Errno) { try Files.makeDirectory(common + "/worktrees") } catch where error == .exists {}
            do throws(Errno) {
                return try Files.rename(temporary, adminDirectory(common, name), flags: RenameFlags.noReplace)
            } catch {
                attempts -= 1
                if error != .notFound || attempts == 0 { throw error }
            }
        }
    }

    /// What git copies from the clone's main worktree: its sparse patterns and its own configuration (git's builtin/worktree.c).
    private static func copySettings(_ repository: Repository, to directory: String) throws(GitError) {
        let configuration = try repository.configuration.get()
        let common = repository.commonDirectory
        let patterns = common + "/info/sparse-checkout"
        try onDisk("cannot copy \(patterns)") { () throws(Errno) in
            guard configuration.bool("core.sparsecheckout"), let bytes = try Files.readIfExists(patterns) else { return }
            try Files.makeDirectory(directory + "/info")
            try Files.create(directory + "/info/sparse-checkout", bytes)
        }
        let own = common + "/config.worktree"
        guard configuration.bool("extensions.worktreeconfig") else { return }
        let copy = directory + "/config.worktree"
        let copied = try onDisk("cannot copy \(own)") { () throws(Errno) -> Bool in
            guard let bytes = try Files.readIfExists(own) else { return false }
            try Files.create(copy, bytes)
            return true
        }
        if copied { try dropMainSettings(copy) }
    }

    /// core.worktree, and core.bare if it is on, concern the main worktree alone.
    private static func dropMainSettings(_ path: String) throws(GitError) {
        var config: OpaquePointer?
        try git(unsafe git_config_open_ondisk(&config, path), "cannot read \(path)")
        defer { unsafe git_config_free(config) }
        var bare: Int32 = 0
        if unsafe git_config_get_bool(&bare, config, "core.bare") >= 0, bare != 0 {
            try git(unsafe git_config_delete_multivar(config, "core.bare", ".*"), "cannot change \(path)")
        }
        let result = unsafe git_config_delete_multivar(config, "core.worktree", ".*")
        if result != GIT_ENOTFOUND.rawValue { try git(result, "cannot change \(path)") }
    }

    private static func isUsable(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.hasSuffix(".lock") && name.utf8.count < 200
            && name.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") }
    }
}
