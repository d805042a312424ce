internal import Syscalls

extension LinkedWorktree {
    private static let locks = ["index.lock", "HEAD.lock"]
    private static let reason = Array("read-only: the manifest gives this repo the role 'reference'\n".utf8)

    /// Makes git refuse to commit, switch or reset in a worktree whose tree cannot change: its `index.lock` and `HEAD.lock` are there for good,
    /// so every command that would write says so and stops, while status and log work.
    package static func refuseChanges(_ commonDirectory: String, _ name: String) throws(GitError) {
        for file in locks {
            let path = adminDirectory(commonDirectory, name) + "/" + file
            do throws(Errno) {
                if try Files.readIfExists(path) != reason { try Files.create(path, reason) }
            } catch { throw GitError(error, "cannot make \(path)") }
        }
    }

    /// Takes back what ``refuseChanges(_:_:)`` did; locks of git's own stay.
    package static func allowChanges(_ commonDirectory: String, _ name: String) throws(GitError) {
        for file in locks {
            let path = adminDirectory(commonDirectory, name) + "/" + file
            do throws(Errno) {
                if try Files.readIfExists(path) == reason { try Files.unlink(path) }
            } catch { throw GitError(error, "cannot remove \(path)") }
        }
    }
}
