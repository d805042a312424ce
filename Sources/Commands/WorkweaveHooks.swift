package import Manifest
package import Weave

/// A workweave as far as `check` wants to know it.
package struct WorkweaveFacts: Sendable {
    package let name: WorkweaveName
    package let project: ProjectName
    /// The repositories that it has worktrees of, as its record says.
    package let repositories: [RepoPath]

    package init(name: WorkweaveName, project: ProjectName, repositories: [RepoPath]) {
        self.name = name
        self.project = project
        self.repositories = repositories
    }
}

/// The places where the commands without a server touch what the server keeps. Nothing else in those commands does.
enum WorkweaveHooks {
    /// Called after `add`, `remove` or `fetch` in a workweave changed its rwv.yaml or made clones for it: to bring its worktrees up to date.
    static func afterManifestChange(_ workweave: WorkweaveName, _ project: ProjectName, _ context: Context) throws {}

    /// Every workweave on record.
    static func recorded(_ weave: Weave) throws -> [WorkweaveFacts] { [] }
}
