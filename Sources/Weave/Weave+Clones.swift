package import Manifest
internal import Syscalls

extension Weave {
    /// Git repositories below directories of a root (of the weave or a workweave), at most four levels deep, in order of their paths. Links are
    /// not followed, and nothing inside a repository is looked at.
    package static func repositories(below tops: Set<String>, root: String) -> [RepoPath] {
        tops.sorted().flatMap { repositories(in: $0, root, depth: 1) }
    }

    private static func repositories(in directory: String, _ root: String, depth: Int) -> [RepoPath] {
        guard let file = try? Files.open(root + "/" + directory, OpenFlags.directory | OpenFlags.noFollow) else { return [] }
        defer { file.close() }
        var found: [RepoPath] = []
        for entry in ((try? file.directoryEntries()) ?? []).sorted(by: { $0.text < $1.text }) where entry.name.first != UInt8(ascii: ".") {
            let path = directory + "/" + entry.text
            if Files.exists(root + "/" + path + "/.git") {
                if let repo = try? RepoPath(path) { found.append(repo) }
            } else if depth < 4 { found += repositories(in: path, root, depth: depth + 1) }
        }
        return found
    }
}
