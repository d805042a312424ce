internal import Manifest
internal import YAML

/// Files that the manifest lists: `static-files: {enabled: true, files: [docker-compose.yml]}`.
struct StaticFiles: Ecosystem {
    let name = "static-files"
    let isOnByDefault = false
    let isAlwaysSurfaced = true

    func surfacedPaths(project: ProjectName, settings: Integration?) throws(ManifestError) -> [String] {
        var paths: [String] = []
        for item in settings?.settings["files"]?.items ?? [] {
            if let text = item.string { paths.append(try WorkweaveSettings.path(text)) }
        }
        return paths
    }

    func files(_ session: RootSession) -> [GeneratedFile] { [] }

    func findings(_ session: RootSession) -> [String] {
        let listed = (try? surfacedPaths(project: session.project, settings: session.manifest.integration(name))) ?? []
        return listed.filter { session.existing[$0] == nil }.map { "declared file '\($0)' not found in project directory" }
    }
}
