internal import Manifest

/// npm's workspaces: package.json and its lock.
struct NpmWorkspaces: Ecosystem {
    let name = "npm-workspaces"
    let isOnByDefault = true

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["package.json", "package-lock.json"] }
}
