internal import Manifest

/// gita's tables of repositories and groups (github.com/nosarthur/gita, README).
struct Gita: Ecosystem {
    let name = "gita"
    let isOnByDefault = true
    let tool: String? = "gita"
    let isAlwaysSurfaced = true
    private static let heads = (repositories: "path,name,flags", groups: "group,repos")

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["gita/repos.csv", "gita/groups.csv"] }

    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        guard !session.wired.isEmpty else { return [] }
        for (path, head) in [("gita/repos.csv", Self.heads.repositories), ("gita/groups.csv", Self.heads.groups)] {
            if let existing = session.existing[path], !existing.isEmpty, TextEdit.lines(existing).first != head { throw .own(path, self, session) }
        }
        let named = zip(session.wired, Self.names(session.wired.map(\.path))).sorted { ($0.1, $0.0.path) < ($1.1, $1.0.path) }
        var repositories = Self.heads.repositories + "\n", groups = Self.heads.groups + "\n"
        for (member, name) in named { repositories += "\(session.root)/\(member.path.text),\(name),\n" }
        for role in Role.allCases.map(\.rawValue).sorted() {
            let names = named.filter { $0.0.role?.rawValue == role }.map(\.1)
            if !names.isEmpty { groups += "\(role),\(names.joined(separator: " "))\n" }
        }
        return [GeneratedFile("gita/repos.csv", repositories), GeneratedFile("gita/groups.csv", groups)]
    }

    /// The last segment of each path; where several share it, as many more segments before it as tell them apart.
    private static func names(_ paths: [RepoPath]) -> [String] {
        paths.map { path in
            let segments = path.segments
            for count in 1..<segments.count {
                let name = segments.suffix(count)
                if !paths.contains(where: { $0 != path && $0.segments.suffix(count) == name }) { return name.joined(separator: "/") }
            }
            return path.text
        }
    }
}
