internal import Manifest
internal import YAML

/// Files that the manifest lists: `static-files: {enabled: true, files: [docker-compose.yml]}`.
struct StaticFiles: Ecosystem {
    let name = "static-files"
    let isOnByDefault = false

    func surfacedPaths(project: ProjectName, settings: Integration?) throws(ManifestError) -> [String] {
        var paths: [String] = []
        for item in settings?.settings["files"]?.items ?? [] {
            if let text = item.string { paths.append(try WorkweaveSettings.path(text)) }
        }
        return paths
    }
}
