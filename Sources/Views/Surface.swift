package import Manifest

/// What the integrations are asked when a view is made: how to wire a project at one root. They are given by the composition root; views do
/// not know them.
package struct SurfaceRequest {
    package let project: ProjectName
    /// Nil for the weave's own files, seen through a project mount.
    package let workweave: WorkweaveName?
    /// The absolute path by which users know the root.
    package let root: String
    package let manifest: Manifest
    /// Opens a repository and returns a reader of the files at its root, as the view shows them; nil when there is none of that name. Any thread.
    package let member: @Sendable (RepoPath) -> (String) -> [UInt8]?
    /// A file of the project directory, as the view shows it; nil when there is none.
    package let projectFile: (String) -> [UInt8]?

    package init(project: ProjectName, workweave: WorkweaveName?, root: String, manifest: Manifest,
                 member: @escaping @Sendable (RepoPath) -> (String) -> [UInt8]?, projectFile: @escaping (String) -> [UInt8]?) {
        self.project = project
        self.workweave = workweave
        self.root = root
        self.manifest = manifest
        self.member = member
        self.projectFile = projectFile
    }
}

/// The answer: what appears in the project directory and at the root.
package struct SurfaceAnswer: Sendable {
    /// Generated files, relative to the project directory; also those that are there already just so.
    package var files: [(path: String, bytes: [UInt8])]
    /// Links, relative to the root, and where they lead.
    package var links: [(path: String, target: String)]

    package init(files: [(path: String, bytes: [UInt8])] = [], links: [(path: String, target: String)] = []) {
        self.files = files
        self.links = links
    }
}
