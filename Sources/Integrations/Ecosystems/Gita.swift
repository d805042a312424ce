internal import Manifest

/// gita's tables of repositories and groups (github.com/nosarthur/gita, README).
struct Gita: Ecosystem {
    let name = "gita"
    let isOnByDefault = true
    let tool: String? = "gita"
    let isAlwaysSurfaced = true
    private static let heads = (repositories: "path,name,flags", groups: "group,repos")

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["gita/repos.csv", "gita/groups.csv"] }

    /// Rows of other repositories and groups stay, and so do names and flags that the user gave to ours.
    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        guard !session.wired.isEmpty else { return [] }
        func rows(_ path: String, _ head: String) throws(IntegrationError) -> [String] {
            guard let existing = session.existing[path], !existing.isEmpty else { return [] }
            let lines = TextLines(existing).lines
            guard lines.first == head else { throw .own(path, self, session) }
            return lines.dropFirst().filter { !$0.isEmpty }
        }
        let table = Self.split(try rows("gita/repos.csv", Self.heads.repositories), session)
        let names = Self.names(session.wired.map(\.path), besides: table.others.map { Self.fields($0)[1] })
        let named = zip(session.wired, names).map { member, name in
            let row = table.ours[member.path]
            let isGiven = row.map { !$0.name.isEmpty && !Self.isGenerated($0.name, for: member.path) && !names.contains($0.name) } ?? false
            return (member: member, name: isGiven ? row?.name ?? name : name, flags: row?.flags ?? "")
        }.sorted { ($0.name, $0.member.path) < ($1.name, $1.member.path) }
        let repositories = named.map { "\(session.root)/\($0.member.path.text),\($0.name),\($0.flags)" } + table.others
        var groups: [String] = [], own = try rows("gita/groups.csv", Self.heads.groups)
        let strangers = table.others.map { Self.fields($0)[1] }
        for role in Role.allCases.map(\.rawValue).sorted() {
            let added = own.filter { Self.fields($0)[0] == role }.flatMap { Self.fields($0)[1].split(separator: " ").map(String.init).filter(strangers.contains) }
            own.removeAll { Self.fields($0)[0] == role }
            let names = named.filter { $0.member.role?.rawValue == role }.map(\.name) + added
            if !names.isEmpty { groups.append("\(role),\(names.joined(separator: " "))") }
        }
        func file(_ path: String, _ lines: [String]) -> GeneratedFile {
            var text = TextLines(session.existing[path] ?? [])
            text.lines = lines + [""]
            return GeneratedFile(path, text.text)
        }
        return [file("gita/repos.csv", [Self.heads.repositories] + repositories), file("gita/groups.csv", [Self.heads.groups] + groups + own)]
    }

    /// The rows of members, by path, and those of repositories that lie elsewhere. What was written for another root, as in a workweave or before the
    /// weave was moved, is known by the names of its members.
    private static func split(_ rows: [String], _ session: RootSession) -> (ours: [RepoPath: (name: String, flags: String)], others: [String]) {
        var roots = Set([session.root])
        let byName = Dictionary(grouping: session.members.map(\.path), by: \.name)
        for field in rows.map(fields) {
            for path in byName[field[0].split(separator: "/").last.map { String($0) } ?? ""] ?? [] where field[0].hasSuffix("/" + path.text) && isGenerated(field[1], for: path) {
                roots.insert(String(field[0].dropLast(path.text.count + 1)))
            }
        }
        let tops = Set((session.members.map(\.path) + session.strangers).map { $0.segments[0] } + RegistrySet().registries.map(\.name))
        var ours: [RepoPath: (name: String, flags: String)] = [:], others: [String] = []
        for row in rows {
            let field = fields(row)
            let inside = roots.filter { field[0].hasPrefix($0 + "/") }.max { $0.utf8.count < $1.utf8.count }.map { String(field[0].dropFirst($0.count + 1)) }
            guard let inside, let path = try? RepoPath(inside), tops.contains(path.segments[0]) else {
                others.append(row)
                continue
            }
            ours[path] = (field[1], field[2...].joined(separator: ","))
        }
        return (ours, others)
    }

    /// Whether a name is one of those that ``names(_:besides:)`` gives.
    private static func isGenerated(_ name: String, for path: RepoPath) -> Bool { ("/" + path.text).hasSuffix("/" + name) }

    /// The fields of a row, three at least.
    private static func fields(_ row: String) -> [String] {
        let fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        return fields + [String](repeating: "", count: max(0, 3 - fields.count))
    }

    /// The last segment of each path; where several share it or another row has it, as many more segments before it as tell them apart.
    private static func names(_ paths: [RepoPath], besides taken: [String]) -> [String] {
        paths.map { path in
            let segments = path.segments
            for count in 1..<segments.count {
                let name = segments.suffix(count), text = name.joined(separator: "/")
                if !taken.contains(text), !paths.contains(where: { $0 != path && $0.segments.suffix(count) == name }) { return text }
            }
            return path.text
        }
    }
}
