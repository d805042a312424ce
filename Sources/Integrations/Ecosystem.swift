package import Manifest

/// One integration: which files of a project directory a build tool expects at the root.
package protocol Ecosystem: Sendable {
    /// The key below `integrations:` in rwv.yaml.
    var name: String { get }
    /// Whether it works without being mentioned there.
    var isOnByDefault: Bool { get }
    /// Paths relative to the project directory, and the same relative to the root.
    /// - Throws: for settings that name a path outside the project directory.
    func surfacedPaths(project: ProjectName, settings: Integration?) throws(ManifestError) -> [String]
}

extension Ecosystem {
    package func isEnabled(_ manifest: Manifest) -> Bool { manifest.integration(name)?.enabled ?? isOnByDefault }
}

/// Every integration, in the order of the reference's table.
package let ecosystems: [any Ecosystem] = [
    NpmWorkspaces(), PnpmWorkspaces(), GoWork(), UvWorkspace(), CargoWorkspace(), Gita(), VSCodeWorkspace(), StaticFiles(),
]
