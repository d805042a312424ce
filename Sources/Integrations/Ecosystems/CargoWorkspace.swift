internal import Manifest
internal import YAML

/// Cargo's workspace and its lock (doc.rust-lang.org/cargo, "Workspaces").
struct CargoWorkspace: Ecosystem {
    let name = "cargo-workspace"
    let isOnByDefault = true
    let marker: String? = "Cargo.toml"
    let tool: String? = "cargo"

    func surfacedPaths(project: ProjectName, settings: Integration?) -> [String] { ["Cargo.toml", "Cargo.lock"] }

    /// Cargo refuses a workspace in a workspace.
    func package(_ bytes: [UInt8]) -> PackageFacts {
        PackageFacts(toml: bytes) { root in
            let package = root["package"]
            return PackageFacts(name: package?["name"]?.string, version: package?["version"]?.string, requires: package?["rust-version"]?.string,
                                refusal: root["workspace"] == nil ? nil : "has a workspace of its own")
        }
    }

    func files(_ session: RootSession) throws(IntegrationError) -> [GeneratedFile] {
        func members(_ others: [String]) -> String { "[" + (session.members(of: self).map { "\"\($0.path.text)\"" } + others).joined(separator: ", ") + "]" }
        guard let existing = session.existing["Cargo.toml"] else {
            return [GeneratedFile("Cargo.toml", "\(generatedMark)\n\n[workspace]\nmembers = \(members([]))\nresolver = \"2\"\n")]
        }
        guard isGenerated(existing), let changed = TextEdit.replacingArray(existing, ["workspace", "members"], keeping: session.isOthers, by: members) else {
            throw .own("Cargo.toml", self, session)
        }
        return [GeneratedFile("Cargo.toml", String(decoding: changed, as: UTF8.self))]
    }

    func isGenerated(_ bytes: [UInt8]) -> Bool { isMarkedGenerated(bytes) }

    func lockArguments(installs: Bool) -> [String]? { installs ? ["fetch"] : ["generate-lockfile"] }

    func findings(_ session: RootSession) -> [String] { session.refused(by: self) + session.doubles(in: self) }
}
