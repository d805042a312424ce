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

    /// Settings, folders and patterns of the user's in the file stay, and so do values of ours that the user changed.
    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let path = "\(session.project.name).code-workspace"
        // A committed file serves a workweave as it is.
        if session.workweave != nil, let existing = session.existing[path], isGenerated(existing) {
            return [GeneratedFile(path, String(decoding: existing, as: UTF8.self))]
        }
        let name = "\(session.project.text) (\(session.workweave?.text ?? "primary"))"
        let folder = JSON.object([("name", .string(name)), ("path", .string("."))]), excluded = excluded(session)
        let settings: [(key: String, value: JSON)] = [
            ("files.exclude", .object(excluded.map { ($0, .bool(true)) })), ("git.autoRepositoryDetection", .string("subFolders")), ("git.repositoryScanMaxDepth", .number(3)),
        ]
        let whole: [(key: String, value: JSON)] = [("folders", .array([folder])), (Self.mark, .bool(true)), ("settings", JSON.object(settings).sorted)]
        guard let existing = session.existing[path], !existing.allSatisfy({ $0 == 0x20 || $0 == 0x0A }) else { return [GeneratedFile(path, JSON.object(whole).text)] }
        guard let root = TextEdit.object(existing) else {
            throw IntegrationError(message: "projects/\(session.project)/\(path) is not plain JSON, so \(self.name) cannot add to it",
                                   hint: "take comments and trailing commas out, or remove the file")
        }
        var edit = JSONEdit(bytes: existing)
        edit.change(setting: whole.filter { Self.isMissing($0.key, root, like: $0.value) })
        rename(edit["folders"], name, session, &edit)
        if edit["folders"]?.items?.contains(where: { $0["path"]?.string == "." }) == false { edit.insert(folder, into: "folders") }
        if let there = edit["settings"] {
            edit.change("settings", setting: settings.filter { Self.isMissing($0.key, there, like: $0.value) })
            let patterns = edit["settings", "files.exclude"]
            edit.change("settings", "files.exclude", setting: excluded.filter { patterns?[$0] == nil }.map { ($0, .bool(true)) }) { pattern, value in
                value.bool == true && !excluded.contains(pattern) && Self.isOurs(pattern, session)
            }
        }
        return [GeneratedFile(path, String(decoding: edit.bytes, as: UTF8.self))]
    }

    func isGenerated(_ bytes: [UInt8]) -> Bool { TextEdit.object(bytes)?[Self.mark] != nil || TextEdit.root(bytes)?[Self.mark] != nil }

    /// Whether an object lacks a member, or has a list or an object to be added to in no such form.
    private static func isMissing(_ key: String, _ object: JSONNode, like value: JSON) -> Bool {
        guard let there = object[key] else { return true }
        return switch value {
        case .array: there.items == nil
        case .object: there.members == nil
        default: false
        }
    }

    /// Names the folder of the root, unless the user has named it: what another workweave, or the weave, wrote is ours.
    private func rename(_ folders: JSONNode?, _ name: String, _ session: RootSession, _ edit: inout JSONEdit) {
        guard let there = folders?.items?.first(where: { $0["path"]?.string == "." })?["name"], let text = there.string,
              text.hasPrefix("\(session.project.text) ("), text.hasSuffix(")"), text != name else { return }
        edit.replace(there.range, by: .string(name))
    }

    /// The patterns of what is not the project's.
    private func excluded(_ session: RootSession) -> [String] {
        let hidesDotFiles = session.manifest.integration(name)?.settings["hide-dotfiles"]?.bool ?? true
        let patterns = (hidesDotFiles ? [".*"] : []) + Self.collapsed(session.strangers, beside: session.members.map(\.path))
            + session.otherProjects.map { "projects/\($0.text)" }
        return patterns.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Whether an earlier run may have written a pattern: it is the path of a clone or a project, or of a directory of some, and nothing within one.
    private static func isOurs(_ pattern: String, _ session: RootSession) -> Bool {
        if pattern == ".*" { return true }
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let roots = (session.members.map(\.path) + session.strangers).map(\.text), projects = ([session.project] + session.otherProjects).map { "projects/\($0.text)" }
        if pattern.contains(where: { "*?[{".contains($0) }) || (roots + projects).contains(where: { pattern.hasPrefix($0 + "/") }) { return false }
        if parts[0] == "projects" { return (2...4).contains(parts.count) && pattern != projects[0] }
        return Set(roots.map { $0.prefix { $0 != "/" } } + ["github", "gitlab", "bitbucket"]).contains(pattern.prefix { $0 != "/" })
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
