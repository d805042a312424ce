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
        let path = "pnpm-workspace.yaml", items = session.members(of: self).map { "- " + YAMLEmitter.scalar($0.path.text) }
        guard let existing = session.existing[path] else {
            return [GeneratedFile(path, "packages:\n" + items.map { "  \($0)\n" }.joined())]
        }
        guard isGenerated(existing), let list = TextEdit.root(existing)?["packages"]?.value else { throw .own(path, self, session) }
        // pnpm itself keeps settings in this file.
        let indent = "\n" + String(repeating: " ", count: max(0, list.start.column - 1))
        let changed = TextEdit.replacing(existing, list.start.offset..<list.contentEnd.offset, by: items.joined(separator: indent))
        return [GeneratedFile(path, String(decoding: changed, as: UTF8.self))]
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
