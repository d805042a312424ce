internal import Syscalls

extension LinkedWorktree {
    /// Makes git refuse to commit, switch or reset in a worktree whose tree cannot change: its `index.lock` and `HEAD.lock` are there for good,
    /// so every command that would write says so and stops, while status and log work.
    package static func refuseChanges(_ commonDirectory: String, _ name: String) throws(GitError) {
        for file in ["index.lock", "HEAD.lock"] {
            let path = adminDirectory(commonDirectory, name) + "/" + file
            do throws(Errno) {
                try Files.create(path, Array("read-only: the manifest gives this repo the role 'reference'\n".utf8))
            } catch { throw GitError(error, "cannot make \(path)") }
        }
    }
}
