internal import ArgumentParsing
internal import Manifest

/// `rwv manual PAGE`: the manual pages, made of the command table.
enum Manual {
    static let verb = Verb(CommandSpec(
        "manual", "print a manual page's source", positionals: [PositionalSpec("PAGE", "rwv.1 or rwv.yaml.5")],
        details: "'make install' puts the pages where man looks for them. To read one: rwv manual rwv.1 | man -l -")
    ) { session in
        let page = session.arguments[0] ?? ""
        guard let text = text(page) else {
            throw CommandFailure("there is no manual page '\(page)'", hint: "there are \(pages.joined(separator: " and "))", status: 2)
        }
        session.output.print(text, terminator: "")
    }

    static let pages = ["rwv.1", "rwv.yaml.5"]

    private static func text(_ page: String) -> String? {
        switch page {
        case "rwv.1": commandPage
        case "rwv.yaml.5": ManifestManual.page
        default: nil
        }
    }

    private static var commandPage: String {
        var page = Roff(title: "RWV", section: 1)
        page.section("NAME")
        page.text("\(Program.name) - \(Program.summary)")
        page.section("SYNOPSIS")
        page.bold("\(Program.name) [OPTION…] [COMMAND [ARGUMENT…]]")
        page.section("DESCRIPTION")
        page.text("""
            A weave is a directory of ordinary git clones at registry/owner/repo, with projects below projects/. A project lists its repositories in
            rwv.yaml(5) and pins them in rwv.lock. A workweave is an isolated working copy of every repository of a project, each one a linked git worktree.
            """)
        page.text("""
            Weave, workweave and project are those of the working directory: found by walking up to a workweave's marker, then to a directory that holds
            projects/. Without a command they are shown.
            """)
        page.section("OPTIONS")
        page.text("They may stand anywhere on the line; -- ends them.")
        for option in Program.globals { page.item(option.heading, option.help) }
        page.section("COMMANDS")
        for spec in Verbs.all.map(\.spec) {
            page.subsection("\(Program.name) \(spec.usage)")
            page.text("\(spec.summary.prefix(1).uppercased())\(spec.summary.dropFirst()).")
            if !spec.details.isEmpty { page.text(spec.details) }
            for positional in spec.positionals { page.item(positional.name, positional.help) }
            for option in spec.options { page.item(option.heading, option.help) }
        }
        page.section("EXIT STATUS")
        page.item("0", "done")
        page.item("1", "refused or failed: what happened, and a hint what to do, stand on standard error")
        page.item("2", "wrong usage")
        page.item("128 + N", "ended by signal N while it cloned, made or removed a directory; nothing half-made is left")
        page.section("ENVIRONMENT")
        page.item("NO_COLOR", "no colour, also on a terminal")
        page.section("FILES")
        page.item("projects/P/rwv.yaml", "the manifest of project P; see rwv.yaml(5)")
        page.item("projects/P/rwv.lock", "the revisions that 'rwv lock' recorded")
        page.item(".rwv-active", "the name of the active project")
        page.item(".workweaves/NAME", "a workweave")
        page.item(".rwv/", "state of the program; .rwv/cache may be removed at any time, .rwv/log says what the server did")
        page.item("$XDG_CONFIG_HOME/rwv/config.yaml", "more registries")
        page.section("SEE ALSO")
        page.text("rwv.yaml(5), git(1), git-worktree(1)")
        return page.source
    }
}
