internal import Manifest
internal import Syscalls
internal import Weave

/// Where commands may write: below the weave, whatever links or manifests say.
enum WritePlace {
    /// For a directory that is about to be made below `root` at a relative path: what is there above it must be directories of
    /// the weave, neither links nor inside of a repository.
    static func check(_ path: String, below root: String) throws {
        let parts = path.split(separator: "/")
        guard !parts.contains(where: { $0.hasPrefix(Workbench.prefix) }) else {
            throw CommandFailure("cannot make \(path): names that begin with '\(Workbench.prefix)' are those of unfinished work, which rwv removes",
                                 hint: "give it another name")
        }
        for count in 1..<max(1, parts.count) {
            let above = parts[..<count].joined(separator: "/"), full = root + "/" + above
            guard let status = try onPath(full, { () throws(Errno) in try Files.status(full) }) else { return }
            guard status.isDirectory else {
                let what = status.isSymlink ? "a symbolic link" : "not a directory"
                throw CommandFailure("cannot make \(path): \(above) is \(what)", hint: "rwv writes inside the weave only; put a directory there")
            }
            if Files.exists(full + "/.git") {
                throw CommandFailure("cannot make \(path): it would lie inside the repository \(above)", hint: "give it another path")
            }
        }
    }

    /// The real path of an existing file or directory that is about to be replaced or written into; it must lie below the root.
    @discardableResult
    static func real(_ path: String, in context: Context) throws -> String {
        let real = try system("find \(path)") { () throws(Errno) in try Files.canonical(path) }
        guard real.hasPrefix(context.root + "/") || real.hasPrefix(context.weave.root + "/") else {
            throw CommandFailure("\(path) leads out of the weave, to \(real)", hint: "replace the link by what it leads to")
        }
        return real
    }

    /// Refuses paths that differ in case alone where the disk does not tell them apart.
    static func checkCase(_ manifest: Manifest, _ weave: Weave) throws {
        guard let pair = RepoPath.caseInsensitiveCollisions(in: manifest.repositories.map(\.path)).first, ignoresCase(weave) else { return }
        throw CommandFailure("\(pair.first) and \(pair.second) are the same directory on this disk, which ignores case",
                             hint: "give one of them another path, or use a disk that tells them apart")
    }

    private static func ignoresCase(_ weave: Weave) -> Bool {
        guard let lower = try? Files.status(weave.projects), let upper = try? Files.status(weave.root + "/PROJECTS") else { return false }
        return lower.ino == upper.ino
    }
}
