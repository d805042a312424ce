internal import Manifest

/// Cargo's workspace and its lock.
struct CargoWorkspace: Ecosystem {
    let name = "cargo-workspace"
    let isOnByDefault = true

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["Cargo.toml", "Cargo.lock"] }
}
