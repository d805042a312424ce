internal import Manifest
internal import Weave

/// The one place where the commands that need no server touch what the server keeps.
enum WorkweaveHooks {
    /// Called after `add`, `remove` or `fetch` in a workweave changed its rwv.yaml or made clones for it: to bring its worktrees up to date.
    static func afterManifestChange(_ workweave: WorkweaveName, _ project: ProjectName, _ context: Context) throws {}
}
