internal import Manifest

/// Cargo's workspace and its lock (doc.rust-lang.org/cargo, "Workspaces").
struct CargoWorkspace: Ecosystem {
    let name = "cargo-workspace"
    let isOnByDefault = true
    let marker: String? = "Cargo.toml"
    let tool: String? = "cargo"

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["Cargo.toml", "Cargo.lock"] }

    /// Cargo refuses a workspace in a workspace.
    func package(_ bytes: [UInt8]) -> PackageFacts {
        let outline = TOMLOutline(bytes)
        return PackageFacts(name: outline["package.name"], version: outline["package.version"], requires: outline["package.rust-version"],
                            refusal: outline.has("workspace") ? "has a workspace of its own" : nil)
    }

    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        let members = "members = [" + session.members(of: self).map { "\"\($0.path.text)\"" }.joined(separator: ", ") + "]"
        guard let existing = session.existing["Cargo.toml"] else {
            return [GeneratedFile("Cargo.toml", "\(generatedMark)\n\n[workspace]\n\(members)\nresolver = \"2\"\n")]
        }
        guard isGenerated(existing), let changed = TextEdit.replacingArray(existing, table: "[workspace]", key: "members", by: members) else {
            throw .own("Cargo.toml", self, session)
        }
        return [GeneratedFile("Cargo.toml", String(decoding: changed, as: UTF8.self))]
    }

    func isGenerated(_ bytes: [UInt8]) -> Bool { isMarkedGenerated(bytes) }

    func lockArguments(installs: Bool) -> [String]? { installs ? ["fetch"] : ["generate-lockfile"] }

    func findings(_ session: RootSession) -> [String] { session.refused(by: self) + session.doubles(in: self) }
}
