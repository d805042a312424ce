internal import Integrations
internal import Manifest
internal import Weave

/// What the integrations of one project have to say to `rwv check`.
struct IntegrationCheck {
    private let context: Context
    private let project: ProjectName
    private let manifest: Manifest

    init(_ context: Context, _ project: ProjectName, _ manifest: Manifest) {
        self.context = context
        self.project = project
        self.manifest = manifest
    }

    /// Tools that are missing, members that a tool would refuse, and for the active project what activating it anew would change.
    func findings() throws -> [CheckFinding] {
        let wiring = try Activate.wiring(project, context, manifest: manifest)
        var found: [CheckFinding] = []
        for ecosystem in ecosystems where ecosystem.isEnabled(manifest) {
            if let tool = ecosystem.tool, !wiring.members(of: ecosystem).isEmpty, !LockHooks.isOnPath(tool) {
                found.append(finding(.warning, ecosystem.name, "\(tool) is not on PATH", project: nil))
            }
            found += ecosystem.findings(wiring).map { finding(.warning, ecosystem.name, $0, project: project) }
        }
        let command = CommandIntegration(context, project)
        found += try command.unknownNames(manifest).map {
            finding(.warning, CommandFiles().name, "the manifest wants '\($0)' run, which your config.yaml does not have below 'commands'", project: project)
        }
        guard try Activate.isActive(project, context) else { return found }
        do { return found + (try stale(try command.run(wiring))) } catch {
            return found + [finding(.error, CommandFiles().name, CommandFailure(reporting: error).errors.joined(separator: "; "), project: project)]
        }
    }

    private func stale(_ wiring: RootSession) throws -> [CheckFinding] {
        let plan: Activation
        do { plan = try Activate.resolve(wiring, context) } catch let error as IntegrationError {
            return [finding(.error, "integrations", error.message, project: project)]
        }
        let remedy = "run 'rwv activate \(project)'"
        let files = plan.write.map { file in (file.path, wiring.existing[file.path] == nil ? "\(file.path) does not exist" : "\(file.path) is not up to date") }
        let links = plan.make.filter { link in !files.contains { $0.0 == link.path } }.map { ($0.path, "\($0.path) is not linked to the root") }
        return (files + links).map { path, text in finding(.warning, name(of: path), "\(text): \(remedy)", project: project) }
            + plan.remove.map { finding(.warning, "core", "the link \($0) is left from another project: \(remedy)", project: project) }
    }

    /// The integration that a file belongs to.
    private func name(of path: String) -> String {
        ecosystems.first { ecosystem in
            ecosystem.isEnabled(manifest) && ((try? ecosystem.surfacedPaths(project: project, settings: manifest.integration(ecosystem.name))) ?? []).contains(path)
        }?.name ?? "core"
    }

    private func finding(_ severity: CheckFinding.Severity, _ source: String, _ text: String, project: ProjectName?) -> CheckFinding {
        CheckFinding(severity: severity, kind: .integration, project: project, path: nil, text: text, source: source)
    }
}
