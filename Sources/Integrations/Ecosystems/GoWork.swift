internal import Manifest

/// Go's workspace file and its checksums.
struct GoWork: Ecosystem {
    let name = "go-work"
    let isOnByDefault = true

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["go.work", "go.sum"] }
}
