package import YAML

/// A project's `rwv.yaml` (or `rwv.toml`): its repositories and how to wire them.
package struct Manifest: Equatable, Sendable {
    /// In file order; no two with the same path, none inside another.
    package let repositories: [RepositoryEntry]
    /// In file order.
    package let integrations: [Integration]
    /// What the `workweave` key says.
    package let workweave: WorkweaveSettings
    /// What the file asks for that rwv does not do; each with file, line, column and key.
    package let unsupported: [ManifestError]

    package init(repositories: [RepositoryEntry] = [], integrations: [Integration] = [], workweave: WorkweaveSettings = WorkweaveSettings(),
                 unsupported: [ManifestError] = []) {
        self.repositories = repositories
        self.integrations = integrations
        self.workweave = workweave
        self.unsupported = unsupported
    }

    /// What `init` writes.
    package static let initialText = "repositories: {}\n"

    /// The file's name in a project directory.
    package static let fileName = "rwv.yaml"

    /// Its name and form since repoweave 0.19; read, never edited.
    package static let tomlFileName = "rwv.toml"

    /// The names that a manifest may have; where several are there, the first counts.
    package static let fileNames = [fileName, tomlFileName]

    /// The entry of a path; nil if there is none.
    package subscript(path: RepoPath) -> RepositoryEntry? { repositories.first { $0.path == path } }

    /// The integration of a name; nil if the manifest does not mention it.
    package func integration(_ name: String) -> Integration? { integrations.first { $0.name == name } }
}

/// One repository of a manifest.
package struct RepositoryEntry: Equatable, Sendable {
    /// The entry's key.
    package let path: RepoPath
    package let type: RepositoryType
    /// Where to clone from.
    package let url: RemoteURL
    /// The branch or tag the project follows; nil: the remote's default branch.
    package let version: String?
    /// Nil if the manifest does not say, of which `check` warns.
    package let role: Role?
    /// Where the entry's key stands in the file.
    package let position: YAMLMark

    package init(path: RepoPath, type: RepositoryType = .git, url: RemoteURL, version: String?, role: Role?, position: YAMLMark) {
        self.path = path
        self.type = type
        self.url = url
        self.version = version
        self.role = role
        self.position = position
    }
}

/// The version control system of a repository.
package enum RepositoryType: String, Sendable { case git }

/// The settings of one integration.
package struct Integration: Equatable, Sendable {
    /// Such as `npm-workspaces`; a name nobody knows is kept.
    package let name: String
    /// Always a mapping.
    package let settings: YAMLValue
    /// Where the name stands in the file.
    package let position: YAMLMark

    package init(name: String, settings: YAMLValue, position: YAMLMark) {
        self.name = name
        self.settings = settings
        self.position = position
    }

    /// The setting every integration has; nil if not said.
    package var enabled: Bool? { settings["enabled"]?.bool }
}

/// The manifest's `workweave` key: what a new workweave gets besides its repositories.
package struct WorkweaveSettings: Equatable, Sendable {
    /// Files and directories of the weave to copy, relative to its root.
    package let copy: [String]
    /// The same, to link to.
    package let link: [String]
    /// Whether repositories with the role `reference` can be written to.
    package let writableReference: Bool

    package init(copy: [String] = [], link: [String] = [], writableReference: Bool = false) {
        self.copy = copy
        self.link = link
        self.writableReference = writableReference
    }
}
