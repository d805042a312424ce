internal import Syscalls

/// A submodule's repository inside a worktree's administration, or in its working tree: gone with it.
package struct SubmoduleRepository: Sendable, Hashable {
    /// The submodule's name, with `/modules/` between nested ones.
    package let name: String
    /// Its git directory.
    package let path: String
    /// What it holds that no remote branch of its own reaches.
    package let unpushed: UnreachableCommits
}

extension Status {
    /// The submodule repositories below `adminDirectory/modules` that hold commits which none of their remote branches reaches:
    /// on a branch, in the stash or under HEAD, or under any other reference but a tag.
    /// - Throws: what opening one of them throws; one that cannot be read must not be taken for empty.
    package static func submodulesWithOwnCommits(_ adminDirectory: String, limit: Int = 3) throws(GitError) -> [SubmoduleRepository] {
        var found: [SubmoduleRepository] = []
        for (name, path) in try repositories(below: adminDirectory + "/modules", "") {
            if let own = try ownCommits(path, name, limit: limit) { found.append(own) }
        }
        return found
    }

    /// Of one git directory; nil when its remote branches reach all. - Throws: as ``submodulesWithOwnCommits(_:limit:)``.
    package static func ownCommits(_ gitDirectory: String, _ name: String, limit: Int = 3) throws(GitError) -> SubmoduleRepository? {
        let repository = try Repository(openingGitDirectory: gitDirectory)
        var starts: Set<ObjectID> = []
        if let head = try repository.head().commit { starts.insert(head) }
        // Tags may have come from the remote.
        for (reference, target) in try repository.references.list() where !["refs/remotes/", "refs/tags/", "refs/prefetch/"].contains(where: reference.hasPrefix) {
            starts.insert(target)
        }
        let kept = Set(try repository.references.list("refs/remotes/").map(\.target))
        let own = try repository.commits(from: starts.sorted { $0.hex < $1.hex }, hiding: kept, limit: limit)
        return own.isEmpty ? nil : SubmoduleRepository(name: name, path: gitDirectory, unpushed: own)
    }

    /// Git directories below a `modules` directory, and below their own. Names may hold slashes.
    static func repositories(below directory: String, _ prefix: String) throws(GitError) -> [(name: String, path: String)] {
        guard Files.isDirectory(directory) else { return [] }
        let names = try onDisk("cannot list \(directory)") { () throws(Errno) -> [String] in
            let open = OwnedDescriptor(try Files.open(directory, OpenFlags.directory))
            return try open.descriptor.directoryEntries().map(\.text).sorted()
        }
        var all: [(name: String, path: String)] = []
        for name in names {
            let path = directory + "/" + name
            if Files.exists(path + "/HEAD"), Files.isDirectory(path + "/objects") {
                all.append((prefix + name, path))
                all += try repositories(below: path + "/modules", prefix + name + "/modules/")
            } else if Files.isDirectory(path) { all += try repositories(below: path, prefix + name + "/") }
        }
        return all
    }
}
