internal import Syscalls

extension Repository {
    /// The git directory of the clone at `path`, without opening it: `path/.git`, or where that file points (git init --separate-git-dir).
    /// Absolute when `path` is. Nil when there is no `.git`.
    package static func gitDirectory(ofClone path: String) -> String? {
        let git = path + "/.git"
        guard let status = try? Files.status(git, follow: true) else { return nil }
        if status.isDirectory { return git }
        guard let text = (try? Files.read(git)).map({ String(decoding: $0, as: UTF8.self) }), text.hasPrefix("gitdir: ") else { return nil }
        let named = text.dropFirst("gitdir: ".count).prefix { $0 != "\n" }
        return named.hasPrefix("/") ? String(named) : path + "/" + named
    }
}
