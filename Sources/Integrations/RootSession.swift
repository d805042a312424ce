package import Manifest

/// What is known when a project's integrations are resolved: the facts of its members, and what stands at the root. A value; resolving it
/// reads and writes nothing.
package struct RootSession: Sendable {
    package let project: ProjectName
    /// Nil in the weave itself.
    package let workweave: WorkweaveName?
    /// The absolute path by which users know the root of the weave or workweave.
    package let root: String
    package let manifest: Manifest
    /// One for each repository of the manifest, by path.
    package let members: [MemberFacts]
    /// Clones at the root that the project does not list, by path.
    package let strangers: [RepoPath]
    /// The other projects at the root.
    package let otherProjects: [ProjectName]
    /// What the project directory holds already at the places of generated files, by path.
    package private(set) var existing: [String: [UInt8]]
    /// What the user's programs printed for this session: the `command` integration.
    package private(set) var printed: [GeneratedFile] = []

    package init(project: ProjectName, workweave: WorkweaveName?, root: String, manifest: Manifest, members: [MemberFacts], strangers: [RepoPath] = [],
                 otherProjects: [ProjectName] = [], existing: [String: [UInt8]]) {
        self.project = project
        self.workweave = workweave
        self.root = root
        self.manifest = manifest
        self.members = members.sorted { $0.path < $1.path }
        self.strangers = strangers
        self.otherProjects = otherProjects
        self.existing = existing
    }

    /// The session with what the user's programs printed. - Parameter existing: what the project directory holds at those places.
    package func with(printed: [GeneratedFile], existing: [String: [UInt8]]) -> RootSession {
        var session = self
        session.printed = printed
        session.existing.merge(existing) { _, new in new }
        return session
    }

    /// The session with other contents at the places of generated files.
    package func with(existing: [String: [UInt8]]) -> RootSession {
        var session = self
        session.existing = existing
        return session
    }

    /// Members that are wired into anything: all but those of the role `reference`.
    package var wired: [MemberFacts] { members.filter { $0.role != .reference } }

    /// Members of an ecosystem that its tool takes, with their packages. All that are wired when the ecosystem looks at none.
    package func members(of ecosystem: some Ecosystem) -> [(path: RepoPath, package: PackageFacts)] {
        guard let marker = ecosystem.marker else { return wired.map { ($0.path, PackageFacts()) } }
        return wired.compactMap { member in
            guard let package = member.packages[marker], package.refusal == nil else { return nil }
            return (member.path, package)
        }
    }

    /// Whether an entry of a list of members is somebody else's: a pattern, a single name, a way out of the root, or a place within a clone. Any other
    /// may be the path of a clone that an earlier run has written.
    func isOthers(_ entry: String?) -> Bool {
        guard let entry else { return true }
        let path = String(entry.dropFirst(entry.hasPrefix("./") ? 2 : 0).dropLast(entry.hasSuffix("/") ? 1 : 0))
        guard (try? RepoPath(path)) != nil, !path.contains(where: { "*?[{!".contains($0) }) else { return true }
        return (members.map(\.path) + strangers).contains { path.hasPrefix($0.text + "/") }
    }

    /// Members that an ecosystem's tool would refuse, and why.
    package func refused(by ecosystem: some Ecosystem) -> [String] {
        guard let marker = ecosystem.marker else { return [] }
        return wired.compactMap { member in member.packages[marker]?.refusal.map { "\(member.path) is left out: its \(marker) \($0)" } }
    }

    /// Packages of the same name in several members.
    package func doubles(in ecosystem: some Ecosystem) -> [String] {
        var paths: [String: [String]] = [:]
        for member in members(of: ecosystem) { if let name = member.package.name { paths[name, default: []].append(member.path.text) } }
        return paths.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { "\($0.value.joined(separator: " and ")) are both named '\($0.key)'" }
    }

    /// Where generated files of all integrations that are on would stand, relative to the project directory.
    /// - Parameter withDisabled: those of integrations that are off as well, whose links an earlier activation may have left.
    package static func generatedPaths(_ project: ProjectName, _ manifest: Manifest, withDisabled: Bool = false) throws(ManifestError) -> [String] {
        var paths: [String] = []
        for ecosystem in ecosystems where withDisabled || ecosystem.isEnabled(manifest) {
            paths += try ecosystem.surfacedPaths(project: project, settings: manifest.integration(ecosystem.name))
        }
        return paths
    }
}
