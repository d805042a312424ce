internal import Git
internal import Syscalls
internal import Weave

/// What git keeps of a worktree beside its index, as far as it tells whether anything is going on in it.
struct WorktreeState {
    /// The administration of the worktree.
    let directory: String

    /// HEAD is on the branch (a full reference name), no merge or the like is under way, and there is no submodule.
    func isPlain(on branch: String) -> Bool {
        guard let head = try? Files.read(directory + "/HEAD"), String(decoding: head, as: UTF8.self) == "ref: \(branch)\n" else { return false }
        return !LinkedWorktree.isInMidOperation(directory)
    }
}
