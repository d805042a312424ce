internal import Manifest
internal import Weave

/// `rwv`: where am I.
enum ShowContext {
    static func run(_ session: Session) throws {
        let context = try session.context(), output = session.output
        let projects = try context.weave.allProjects()
        var repos: [String]?
        var unreadable: (any Error)?
        if let project = context.project {
            do { repos = try context.readManifest(project).repositories.map(\.path.text) } catch { unreadable = error }
        }
        if session.wantsJSON {
            let workweave = context.workweave.map { JSON.object([("name", .string($0.text)), ("path", .string(context.root))]) }
            output.print(.object([
                ("weave", .string(context.weave.root)), ("workweave", workweave ?? .null), ("mount", .string(context.mount)), ("project", .string(context.project?.text)),
                ("repos", repos.map { .strings($0) } ?? .null), ("projects", .strings(projects.map(\.text))),
            ]))
        } else {
            if context.workweave != nil { output.print("Workweave: \(context.root)") }
            if let mount = context.mount { output.print("Mount: \(mount)") }
            output.print("Weave: \(context.weave.root)")
            if let project = context.project { output.print("Project: \(project.text)") }
            if let repos { output.print("Repos: \(repos.count)") }
            // Not `joined`: its search for conformances is felt in so short a run (decision 0017).
            if let first = projects.first { output.print("Projects: \(projects.dropFirst().reduce(first.text) { "\($0), \($1)" })") }
        }
        if let unreadable { throw unreadable }
    }
}
