internal import ArgumentParsing
internal import JSONCoding
internal import Manifest
internal import Weave

/// `rwv check`: what is not as the manifests say.
enum Check {
    static let verb = Verb(CommandSpec(
        "check", "look for orphaned clones, dangling references, missing roles, stale locks and workweave drift",
        details: "Looks at all projects of the weave. Ends with 1 if there is an error; warnings alone end with 0.")
    ) { session in
        let context = try session.context(), output = session.output
        let findings = try CheckRun(context, try session.registries()).findings() + CheckMounts.findings(context, session.service)
        let errors = findings.count { $0.severity == .error }, warnings = findings.count - errors
        if session.wantsJSON {
            output.print(.object([("findings", .array(findings.map(\.json))), ("errors", .number(errors)), ("warnings", .number(warnings))]))
        } else {
            for finding in findings { output.print("[\(finding.severity.rawValue)] \(finding.source): \(finding.text)") }
            if !output.isQuiet { output.print("\(counted(errors, "error")), \(counted(warnings, "warning"))") }
        }
        if errors > 0 { throw CommandFailure.silent }
    }
}

/// One thing that is not as it should be.
struct CheckFinding: Sendable {
    enum Severity: String, Sendable { case error, warning }
    /// For programs; stable.
    enum Kind: String, Sendable {
        case manifest, orphanedClone = "orphaned-clone", danglingReference = "dangling-reference", missingRole = "missing-role"
        case staleLock = "stale-lock", workweaveDrift = "workweave-drift", repository, integration
        case manifestForm = "manifest-form", unsupported, staleMount = "stale-mount"
    }
    let severity: Severity
    let kind: Kind
    let project: ProjectName?
    let path: RepoPath?
    let text: String
    /// Who found it: `core`, or an integration's name.
    var source = "core"

    var json: JSON {
        .object([
            ("severity", .string(severity.rawValue)), ("source", .string(source)), ("kind", .string(kind.rawValue)),
            ("project", .string(project?.text)), ("path", .string(path?.text)), ("text", .string(text)),
        ])
    }
}
