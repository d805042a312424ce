internal import Manifest

/// pnpm's workspace file and its lock.
struct PnpmWorkspaces: Ecosystem {
    let name = "pnpm-workspaces"
    let isOnByDefault = false

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["pnpm-workspace.yaml", "pnpm-lock.yaml"] }
}
