internal import JSONCoding
internal import Manifest
internal import YAML

/// The workspace file of VS Code, named after the project (code.visualstudio.com, "Multi-root Workspaces").
struct VSCodeWorkspace: Ecosystem {
    let name = "vscode-workspace"
    let isOnByDefault = true
    let isAlwaysSurfaced = true
    private static let mark = "rwv.generated"

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["\(project.name).code-workspace"] }

    /// Settings, folders and patterns of the user's in the file stay.
    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let path = "\(session.project.name).code-workspace"
        var root = YAMLValue.mapping([])
        // A committed file serves a workweave as it is.
        if session.workweave != nil, let existing = session.existing[path], isGenerated(existing) {
            return [GeneratedFile(path, String(decoding: existing, as: UTF8.self))]
        }
        if let existing = session.existing[path], !existing.allSatisfy({ $0 == 0x20 || $0 == 0x0A }) {
            guard let read = TextEdit.object(existing)?.value else {
                throw IntegrationError(message: "projects/\(session.project)/\(path) is not plain JSON, so \(name) cannot add to it",
                                       hint: "take comments and trailing commas out, or remove the file")
            }
            root = read
        }
        let hidesDotFiles = session.manifest.integration(name)?.settings["hide-dotfiles"]?.bool ?? true
        let place = session.workweave?.text ?? "primary"
        let folder = YAMLValue.mapping([YAMLMember("name", .string("\(session.project.text) (\(place))")), YAMLMember("path", .string("."))])
        let others = (root["folders"]?.items ?? []).filter { $0["path"]?.string != "." }
        var settings = root["settings"] ?? .mapping([])
        let kept = (settings["files.exclude"]?.members ?? []).filter { !Self.isOurs($0.key, session) }
        let excluded = (hidesDotFiles ? [".*"] : []) + Self.collapsed(session.strangers, beside: session.members.map(\.path))
            + session.otherProjects.map { "projects/\($0.text)" }
        settings = settings.setting("files.exclude", .mapping(kept + excluded.map { YAMLMember($0, .bool(true)) }))
            .setting("git.autoRepositoryDetection", .string("subFolders")).setting("git.repositoryScanMaxDepth", .number("3"))
        root = root.setting("folders", .sequence([folder] + others)).setting(Self.mark, .bool(true)).setting("settings", settings)
        return [GeneratedFile(path, JSON(root).sorted.text)]
    }

    func isGenerated(_ bytes: [UInt8]) -> Bool { TextEdit.root(bytes)?[Self.mark] != nil }

    /// Patterns that an earlier run wrote.
    private static func isOurs(_ pattern: String, _ session: RootSession) -> Bool {
        let first = pattern.prefix { $0 != "/" }
        let tops = Set((session.strangers + session.members.map(\.path)).compactMap(\.segments.first) + ["projects", "github", "gitlab", "bitbucket"])
        return pattern == ".*" || tops.contains(String(first))
    }

    /// Paths of repositories, or of a directory where all that lies in it is excluded.
    private static func collapsed(_ paths: [RepoPath], beside kept: [RepoPath]) -> [String] {
        var found: [String] = []
        for path in paths {
            let segments = path.segments
            let short = (1...segments.count).first { count in
                let above = segments.prefix(count)
                return !kept.contains { $0.segments.prefix(count) == above }
            }
            let text = segments.prefix(short ?? segments.count).joined(separator: "/")
            if !found.contains(text) { found.append(text) }
        }
        return found
    }
}
