internal import JSONCoding
internal import Manifest

/// npm's workspaces: a package.json that lists the members, and npm's lock (docs.npmjs.com, "workspaces").
struct NpmWorkspaces: Ecosystem {
    let name = "npm-workspaces"
    let isOnByDefault = true
    let marker: String? = "package.json"
    let tool: String? = "npm"
    /// The package name that marks the file as generated.
    private static let packageName = "repoweave"

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["package.json", "package-lock.json"] }

    func package(_ bytes: [UInt8]) -> PackageFacts {
        guard let root = TextEdit.object(bytes) else { return PackageFacts() }
        return PackageFacts(name: root["name"]?.string, version: root["version"]?.string, requires: root["engines"]?["node"]?.string)
    }

    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let paths = session.members(of: self).map(\.path.text)
        let fresh = JSON.object([("name", .string(Self.packageName)), ("private", .bool(true)), ("workspaces", .strings(paths))]).text
        guard let existing = session.existing["package.json"] else { return [GeneratedFile("package.json", fresh)] }
        guard isGenerated(existing), let workspaces = TextEdit.object(existing)?["workspaces"], let list = workspaces.members == nil ? workspaces : workspaces["packages"] else {
            throw .own("package.json", self, session)
        }
        // Dependencies that somebody installed at the root stand beside the list.
        let others = (list.items ?? []).filter { session.isOthers($0.string) }.map { String(decoding: existing[$0.range], as: UTF8.self) }
        let items = paths.map { String(decoding: JSON.string($0).bytes(isPretty: false), as: UTF8.self) } + others
        let changed = TextEdit.replacing(existing, list.range, by: "[\n" + items.map { "    \($0)" }.joined(separator: ",\n") + "\n  ]")
        return [GeneratedFile("package.json", String(decoding: changed, as: UTF8.self))]
    }

    func isGenerated(_ bytes: [UInt8]) -> Bool {
        guard let root = TextEdit.object(bytes) else { return false }
        return root["name"]?.string == Self.packageName || root["x-repoweave"] != nil
    }

    func lockArguments(installs: Bool) -> [String]? { installs ? ["install"] : ["install", "--package-lock-only"] }

    func findings(_ session: RootSession) -> [String] { session.doubles(in: self) }
}
