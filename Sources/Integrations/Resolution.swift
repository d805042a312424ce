package import Manifest

/// What a project's integrations come to: the files to generate in the project directory and the links at the root. Made without writing anything.
package struct Resolution: Equatable, Sendable {
    package let project: ProjectName
    /// By path; also those that are there with the same bytes already.
    package let files: [GeneratedFile]
    package let links: [SurfacedLink]

    /// Runs every integration that is on.
    /// - Parameters:
    ///   - exists: whether the project directory has a file.
    ///   - dangling: links to the tools' own lock files are made before those exist, as in a weave, where the tool then writes through them.
    ///   - keepingOwn: files of the user's are left as they are instead of being an error.
    package static func make(_ session: RootSession, dangling: Bool, keepingOwn: Bool = false, exists: (String) -> Bool) throws(IntegrationError) -> Resolution {
        var files: [GeneratedFile] = [], paths: [String] = []
        for ecosystem in ecosystems where ecosystem.isEnabled(session.manifest) {
            let surfaced: [String]
            do throws(ManifestError) {
                surfaced = try ecosystem.surfacedPaths(project: session.project, settings: session.manifest.integration(ecosystem.name))
            } catch { throw IntegrationError(message: "integrations.\(ecosystem.name): \(error)", hint: error.hint) }
            var isWired = ecosystem.isActive(session), made: [GeneratedFile] = []
            if isWired {
                do throws(IntegrationError) { made = try ecosystem.files(session) } catch {
                    guard keepingOwn else { throw error }
                    isWired = false
                }
            }
            files += made
            for path in surfaced + made.map(\.path).filter({ !surfaced.contains($0) }) where !paths.contains(path) {
                if isWired {
                    if dangling || exists(path) || made.contains(where: { $0.path == path }) { paths.append(path) }
                } else if exists(path), !isStale(surfaced, ecosystem, session) { paths.append(path) }
            }
        }
        return Resolution(project: session.project, files: files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) },
                          links: paths.map { SurfacedLink(path: $0, project: session.project) })
    }

    /// Whether what is there was generated when the project still had members of the ecosystem.
    private static func isStale(_ surfaced: [String], _ ecosystem: any Ecosystem, _ session: RootSession) -> Bool {
        guard let first = surfaced.first, let bytes = session.existing[first] else { return false }
        return ecosystem.isGenerated(bytes)
    }
}
