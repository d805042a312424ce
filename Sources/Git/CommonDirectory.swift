internal import Syscalls

extension Repository {
    /// The git directory that all worktrees of the clone at `path` share, without opening it: `path/.git`; where that file points (git init
    /// --separate-git-dir); where the worktree's own names it (gitrepository-layout(5), `commondir`), if the clone itself is a linked worktree.
    /// Absolute when `path` is. Nil when there is no `.git`.
    package static func commonDirectory(ofClone path: String) -> String? {
        guard let own = gitDirectory(ofClone: path) else { return nil }
        guard let text = (try? Files.readIfExists(own + "/commondir"))?.map({ String(decoding: $0, as: UTF8.self) }) else { return own }
        let named = String(text.prefix { $0 != "\n" })
        return (try? Files.canonical(named.hasPrefix("/") ? named : own + "/" + named)) ?? own
    }

    private static func gitDirectory(ofClone path: String) -> String? {
        let git = path + "/.git"
        guard let status = try? Files.status(git, follow: true) else { return nil }
        if status.isDirectory { return git }
        guard let text = (try? Files.read(git)).map({ String(decoding: $0, as: UTF8.self) }), text.hasPrefix("gitdir: ") else { return nil }
        let named = text.dropFirst("gitdir: ".count).prefix { $0 != "\n" }
        return named.hasPrefix("/") ? String(named) : path + "/" + named
    }
}
