package import Manifest
internal import YAML

/// One integration: what makes a repository a member of its ecosystem, which files of the project wire the members together, and which
/// program keeps its lock. Each has a file of its own below `Ecosystems/`; adding one touches nothing but ``ecosystems``.
package protocol Ecosystem: Sendable {
    /// The key below `integrations:` in rwv.yaml.
    var name: String { get }
    /// Whether it works without being mentioned there.
    var isOnByDefault: Bool { get }
    /// The file at a repository's root that makes it a member; nil when the integration does not look at repositories.
    var marker: String? { get }
    /// What that file says of its package. Pure; nothing it holds is an error here.
    func package(_ bytes: [UInt8]) -> PackageFacts
    /// The integration's own file in the project directory, and the tools' files beside it, relative to the project directory and
    /// the same relative to the root.
    /// - Throws: for settings that name a path outside the project directory.
    func surfacedPaths(project: ProjectName, settings: Integration?) throws(ManifestError) -> [String]
    /// Whether the links are made whatever the project's repositories are.
    var isAlwaysSurfaced: Bool { get }
    /// The files to generate; asked only when the integration is on and has something to wire.
    /// - Throws: for a file of the user's that stands in the way.
    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile]
    /// Whether an existing file was generated (and may be changed or left behind); false for one of the user's own.
    func isGenerated(_ bytes: [UInt8]) -> Bool
    /// The tool's program, as it is looked for on the PATH.
    var tool: String? { get }
    /// The arguments of the tool that bring its own lock file up to date; nil when `rwv lock` has nothing to run.
    /// - Parameter installs: the manifest wants the full installation (`install: true`).
    func lockArguments(installs: Bool) -> [String]?
    /// What is wrong with members or settings, for `check`. Pure.
    func findings(_ session: RootSession) -> [String]
}

extension Ecosystem {
    package var marker: String? { nil }
    package func package(_ bytes: [UInt8]) -> PackageFacts { PackageFacts() }
    package var isAlwaysSurfaced: Bool { false }
    package func isGenerated(_ bytes: [UInt8]) -> Bool { false }
    package var tool: String? { nil }
    package func lockArguments(installs: Bool) -> [String]? { nil }
    package func findings(_ session: RootSession) -> [String] { [] }

    package func isEnabled(_ manifest: Manifest) -> Bool { manifest.integration(name)?.enabled ?? isOnByDefault }

    /// Whether `install: true` stands in its settings.
    package func installs(_ manifest: Manifest) -> Bool { manifest.integration(name)?.settings["install"]?.bool ?? false }

    /// Whether the integration is on and has something to do for these members.
    package func isActive(_ session: RootSession) -> Bool {
        isEnabled(session.manifest) && (isAlwaysSurfaced || !session.members(of: self).isEmpty)
    }
}

/// Every integration, in the order of the reference's table, then ours.
package let ecosystems: [any Ecosystem] = [
    NpmWorkspaces(), PnpmWorkspaces(), GoWork(), UvWorkspace(), CargoWorkspace(), Gita(), VSCodeWorkspace(), StaticFiles(), CommandFiles(),
]

/// A file that activation writes.
package struct GeneratedFile: Equatable, Sendable {
    /// Relative to the project directory.
    package let path: String
    package let bytes: [UInt8]

    package init(_ path: String, _ text: String) {
        self.path = path
        bytes = Array(text.utf8)
    }
}

/// Why a project cannot be activated.
package struct IntegrationError: Error, Equatable, Sendable {
    package let message: String
    package let hint: String

    package init(message: String, hint: String) {
        self.message = message
        self.hint = hint
    }

    /// For a file of the project directory that stands where a generated one belongs.
    static func own(_ path: String, _ ecosystem: some Ecosystem, _ session: RootSession) -> IntegrationError {
        IntegrationError(
            message: "projects/\(session.project)/\(path) is a file of yours, where \(ecosystem.name) would generate one",
            hint: "move it away, or turn the integration off (integrations: {\(ecosystem.name): {enabled: false}}); nothing was changed")
    }
}
