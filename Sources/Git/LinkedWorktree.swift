internal import Syscalls

/// A linked worktree as its clone knows it: the directory `worktrees/NAME` of the common git directory
/// (gitrepository-layout(5)). Plain files, no config.lock.
package struct LinkedWorktree: Sendable, Hashable {
    package let name: String
    /// `…/.git/worktrees/NAME`.
    package let adminDirectory: String
    /// The top of its working tree, as users see it.
    package let path: String
    /// The full name of its branch; nil when detached.
    package let branch: String?
    /// The commit in HEAD when detached.
    package let detachedAt: ObjectID?
    /// Why it must not be pruned; nil when it is not locked.
    package let lockReason: String?

    /// What stands in the working tree's `.git` file.
    package var gitFileText: String { Self.gitFileText(adminDirectory) }
    package static func gitFileText(_ adminDirectory: String) -> String { "gitdir: \(adminDirectory)\n" }

    package static func adminDirectory(_ commonDirectory: String, _ name: String) -> String { "\(commonDirectory)/worktrees/\(name)" }

    /// All linked worktrees of a clone, in order of name. Directories that are none are left out.
    package static func list(_ commonDirectory: String) throws(GitError) -> [LinkedWorktree] {
        let path = commonDirectory + "/worktrees"
        guard Files.isDirectory(path) else { return [] }
        let names = try onDisk("cannot list \(path)") { () throws(Errno) -> [String] in
            let directory = OwnedDescriptor(try Files.open(path, OpenFlags.directory))
            return try directory.descriptor.directoryEntries().map(\.text)
        }
        var all: [LinkedWorktree] = []
        for name in names.sorted() {
            if let found = try find(commonDirectory, name) { all.append(found) }
        }
        return all
    }

    /// The worktree of this name; nil when there is none.
    package static func find(_ commonDirectory: String, _ name: String) throws(GitError) -> LinkedWorktree? {
        let admin = adminDirectory(commonDirectory, name)
        guard let gitdir = try line(admin + "/gitdir") else { return nil }
        let head = try line(admin + "/HEAD") ?? ""
        let file = gitdir.hasPrefix("/") ? gitdir : admin + "/" + gitdir
        return LinkedWorktree(name: name, adminDirectory: admin,
                              path: file.hasSuffix("/.git") ? String(file.dropLast(5)) : file,
                              branch: head.hasPrefix("ref: ") ? String(head.dropFirst(5)) : nil,
                              detachedAt: ObjectID(hex: head), lockReason: try line(admin + "/locked"))
    }

    /// Removes `worktrees/NAME`, and with it submodule repositories below it; the working tree itself is the caller's.
    /// At once for everybody who looks: renamed away, then removed. Returns false when there is none.
    @discardableResult
    package static func remove(_ commonDirectory: String, _ name: String) throws(GitError) -> Bool {
        let away = temporaryPath(commonDirectory)
        do throws(Errno) { try Files.rename(adminDirectory(commonDirectory, name), away) } catch {
            if error == .notFound { return false }
            throw GitError(error, "cannot remove \(adminDirectory(commonDirectory, name))")
        }
        try onDisk("cannot remove \(away)") { () throws(Errno) in try Files.removeTree(away) }
        // git removes the directory of all worktrees with the last one.
        try? Files.removeDirectory(commonDirectory + "/worktrees")
        return true
    }

    /// Whether the administration of a worktree holds more than HEAD and index: a merge or the like under way, or repositories of submodules.
    package static func isInMidOperation(_ adminDirectory: String) -> Bool {
        ["modules", "MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG"]
            .contains { Files.exists(adminDirectory + "/" + $0) }
    }

    /// Keeps `git worktree prune` away while the working tree is not mounted: writes why.
    package static func lock(_ adminDirectory: String, _ reason: String) throws(GitError) {
        try onDisk("cannot lock \(adminDirectory)") { () throws(Errno) in try Files.writeAtomically(adminDirectory + "/locked", line(reason)) }
    }

    /// Points the administration to where its working tree is now, as git-worktree(1)'s `repair` does.
    package static func setPath(_ adminDirectory: String, _ path: String) throws(GitError) {
        try onDisk("cannot write \(adminDirectory)/gitdir") { () throws(Errno) in try Files.writeAtomically(adminDirectory + "/gitdir", line(path + "/.git")) }
    }

    /// A place for half-made or half-removed administration, where git does not look for worktrees.
    static func temporaryPath(_ commonDirectory: String) -> String { "\(commonDirectory)/\(temporaryPrefix)\(randomHex(8))" }
    static let temporaryPrefix = "rwv-worktree."

    /// Removes what killed processes have left, unless it is younger than `seconds`.
    package static func removeLeftovers(_ commonDirectory: String, olderThan seconds: Int64 = 3600) throws(GitError) {
        try onDisk("cannot clean \(commonDirectory)") { () throws(Errno) in
            let directory = OwnedDescriptor(try Files.open(commonDirectory, OpenFlags.directory))
            for entry in try directory.descriptor.directoryEntries() where entry.text.hasPrefix(temporaryPrefix) {
                let path = commonDirectory + "/" + entry.text
                guard let s = try Files.status(path), s.changed.seconds < Timestamp.current.seconds - seconds else { continue }
                try Files.removeTree(path)
            }
        }
    }

    /// The first line of a small file; nil when there is no such file.
    private static func line(_ path: String) throws(GitError) -> String? {
        let bytes = try onDisk("cannot read \(path)") { () throws(Errno) in try Files.readIfExists(path) }
        return bytes.map { String(decoding: $0.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) }
    }
}
