internal import Manifest

/// uv's workspace of Python packages and its lock.
struct UvWorkspace: Ecosystem {
    let name = "uv-workspace"
    let isOnByDefault = true

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["pyproject.toml", "uv.lock"] }
}
