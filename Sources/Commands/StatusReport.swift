internal import ArgumentParsing
internal import Manifest
internal import Weave

/// `rwv status`: where each repository of the project stands.
enum StatusReport {
    static let verb = Verb(CommandSpec(
        "status", "show branch, tip, changes, upstream and lock of each repository of the project",
        details: """
            One line for each: path, branch, commit, changed files, commits ahead of (+) and behind (-) its upstream, what rwv.lock
            records, and how HEAD is related to that: ok, ahead, behind, diverged, no-lock or unknown.
            """)
    ) { session in
        let context = try session.context(), project = try context.requireProject()
        let entries = try context.readManifest(project).repositories, lock = try context.readLock(project)
        let found = inParallel(entries) { entry in
            try RepositoryStatus(of: entry, at: context.repository(entry.path), locked: lock?[entry.path]?.version)
        }
        var failures: [CommandFailure] = []
        let rows = zip(entries, found).map { entry, result in
            switch result {
            case .success(let status): return status
            case .failure(let failure):
                failures.append(failure)
                return RepositoryStatus(of: entry, locked: lock?[entry.path]?.version, error: failure.errors.joined(separator: "; "))
            }
        }
        if session.wantsJSON {
            session.output.print(.object([
                ("project", .string(project.text)), ("workweave", .string(context.workweave?.text)), ("repos", .array(rows.map(\.json))),
            ]))
        } else { print(rows.map(\.cells), session.output) }
        guard failures.isEmpty else { throw CommandFailure(errors: failures.flatMap(\.errors), hint: failures.first?.hint) }
    }

    /// Columns as wide as their widest cell, two spaces between them.
    private static func print(_ rows: [[String]], _ output: Output) {
        guard let first = rows.first else { return }
        let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = row.indices.map { column in
                column == row.count - 1 ? row[column] : row[column] + String(repeating: " ", count: widths[column] - row[column].count)
            }
            output.print(cells.joined(separator: "  "))
        }
    }
}
