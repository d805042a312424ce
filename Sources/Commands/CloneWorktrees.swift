internal import Git
internal import Weave

/// The worktrees that hang on a clone. Of a clone that is itself a linked worktree: those of this weave's workweaves, since it goes without the others.
struct CloneWorktrees {
    private let clone: String
    private let common: String
    private let weave: Weave
    private let isLinked: Bool

    init(_ clone: String, _ weave: Weave) throws {
        (self.clone, self.weave) = (clone, weave)
        let repository = try? Repository(opening: clone)
        common = repository?.commonDirectory ?? clone + "/.git"
        isLinked = repository.map { $0.gitDirectory != $0.commonDirectory } ?? false
    }

    /// - Parameter place: where the clone is meanwhile.
    func names(movedTo place: String? = nil) throws -> [String] {
        var directory = common
        if let place, common == clone || common.hasPrefix(clone + "/") { directory = place + common.dropFirst(clone.count) }
        return try LinkedWorktree.list(directory).filter { worktree in
            worktree.path != clone && (!isLinked || worktree.path.hasPrefix(weave.workweaves + "/") || worktree.path.hasPrefix(weave.states + "/"))
        }.map(\.name)
    }
}
