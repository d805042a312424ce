internal import Manifest
internal import YAML

/// pnpm's workspace file, which lists the members, and its lock (pnpm.io, "pnpm-workspace.yaml").
struct PnpmWorkspaces: Ecosystem {
    let name = "pnpm-workspaces"
    let isOnByDefault = false
    let marker: String? = "package.json"
    let tool: String? = "pnpm"

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["pnpm-workspace.yaml", "pnpm-lock.yaml"] }

    func package(_ bytes: [UInt8]) -> PackageFacts { NpmWorkspaces().package(bytes) }

    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let path = "pnpm-workspace.yaml", paths = session.members(of: self).map(\.path.text), items = paths.map { "- " + YAMLEmitter.scalar($0) }
        guard let existing = session.existing[path] else {
            return [GeneratedFile(path, "packages:\n" + items.map { "  \($0)\n" }.joined())]
        }
        guard isGenerated(existing), let root = TextEdit.root(existing), let list = root["packages"]?.value else { throw .own(path, self, session) }
        let others = (list.items ?? []).filter { session.isOthers($0.text) }, wanted = paths + others.compactMap(\.text)
        if list.items?.map(\.text) == wanted { return [GeneratedFile(path, String(decoding: existing, as: UTF8.self))] }
        // pnpm itself keeps settings in this file.
        let indent = "\n" + String(repeating: " ", count: max(0, list.start.column - 1))
        let kept = others.map { "- " + String(decoding: existing[$0.start.offset..<$0.end.offset], as: UTF8.self) }
        let changed = TextEdit.replacing(existing, list.start.offset..<list.contentEnd.offset, by: (items + kept).joined(separator: indent))
        // An anchor, an alias or a tag goes with the list, and what refers to it means nothing or something else.
        guard let after = TextEdit.root(changed), after["packages"]?.value.items?.map(\.text) == wanted, Self.others(after) == Self.others(root) else {
            throw IntegrationError(
                message: "projects/\(session.project)/\(path):\(list.start.line): 'packages' has an anchor, an alias or a tag, so \(name) cannot change it",
                hint: "write it as a plain list, or turn the integration off (integrations: {\(name): {enabled: false}})")
        }
        return [GeneratedFile(path, String(decoding: changed, as: UTF8.self))]
    }

    /// What stands in the file beside the list.
    private static func others(_ root: YAMLNode) -> [YAMLMember] {
        (root.pairs ?? []).filter { $0.name != "packages" }.map { YAMLMember($0.name, $0.value.value) }
    }

    /// Ours is a list in block style of plain paths of repositories; a pattern is somebody's own.
    func isGenerated(_ bytes: [UInt8]) -> Bool {
        guard let list = TextEdit.root(bytes)?["packages"]?.value, !list.isFlow, let items = list.items, !items.isEmpty else { return false }
        return items.allSatisfy { item in
            guard let text = item.text, !text.contains("*"), !text.hasPrefix("!") else { return false }
            return ((try? RepoPath(text))?.segments.count ?? 0) >= 2
        }
    }

    func lockArguments(installs: Bool) -> [String]? { installs ? ["install"] : ["install", "--lockfile-only"] }

    func findings(_ session: RootSession) -> [String] { session.doubles(in: self) }
}
