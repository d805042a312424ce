package import Manifest
internal import Syscalls

extension RootSession {
    /// The longest marker or generated file that is read, in bytes; a longer one counts as empty.
    private static let longest = 4 << 20

    /// What is on disk at a root (of the weave or of a workweave). Members are read side by side.
    /// - Parameters:
    ///   - strangers: clones at the root that the project does not list.
    ///   - otherProjects: the other projects at the root.
    package static func onDisk(root: String, project: ProjectName, workweave: WorkweaveName?, manifest: Manifest, strangers: [RepoPath],
                               otherProjects: [ProjectName]) throws(IntegrationError) -> RootSession {
        let paths: [String]
        do throws(ManifestError) { paths = try generatedPaths(project, manifest) } catch {
            throw IntegrationError(message: error.message, hint: error.hint)
        }
        let directory = root + "/projects/" + project.text
        var existing: [String: [UInt8]] = [:]
        for path in paths { existing[path] = content(directory + "/" + path) }
        let members = facts(manifest) { path in { content("\(root)/\(path.text)/\($0)") } }
        return RootSession(project: project, workweave: workweave, root: root, manifest: manifest, members: members, strangers: strangers,
                           otherProjects: otherProjects, existing: existing)
    }

    /// The facts of all repositories of a manifest, read side by side.
    /// - Parameter open: returns a reader of the files at a repository's root.
    package static func facts(_ manifest: Manifest, open: @escaping @Sendable (RepoPath) -> (String) -> [UInt8]?) -> [MemberFacts] {
        Thread.map(manifest.repositories, width: CurrentProcess.processorCount) { MemberFacts($0, read: open($0.path)) }
    }

    /// The bytes of a file; empty for one that cannot be read or is no file, nil when there is nothing.
    private static func content(_ path: String) -> [UInt8]? {
        guard let status = try? Files.status(path, follow: true) else { return nil }
        guard status.isRegular else { return [] }
        return (try? Files.read(path, limit: longest)) ?? []
    }
}
