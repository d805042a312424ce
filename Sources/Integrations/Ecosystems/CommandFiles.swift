package import Manifest
internal import YAML

/// Files that programs of the user's print: `command: {enabled: true, run: [NAME]}`. The names stand for programs in the user's own
/// configuration, so that a manifest from elsewhere runs nothing by itself.
package struct CommandFiles: Ecosystem {
    package let name = "command"
    package let isOnByDefault = false
    package let isAlwaysSurfaced = true

    package init() {}

    package func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { [] }
    package func files(_ session: RootSession) -> [GeneratedFile] { session.printed }

    /// The names below `run:`, a list or a single one.
    package func names(_ manifest: Manifest) -> [String] {
        guard isEnabled(manifest), let run = manifest.integration(name)?.settings["run"] else { return [] }
        return run.items?.compactMap(\.string) ?? run.string.map { [$0] } ?? []
    }
}
