internal import Manifest

/// gita's tables of repositories and groups.
struct Gita: Ecosystem {
    let name = "gita"
    let isOnByDefault = true

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["gita/repos.csv", "gita/groups.csv"] }
}
