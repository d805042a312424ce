internal import Manifest

/// rwv.yaml(5).
enum ManifestManual {
    static var page: String {
        var page = Roff(title: "RWV.YAML", section: 5)
        page.section("NAME")
        page.text("rwv.yaml - the repositories of a project of a weave")
        page.section("DESCRIPTION")
        page.text("""
            YAML, as repoweave 0.2 has it. 'rwv init' makes an empty one; 'rwv add' and 'rwv remove' edit it and keep comments, order and
            keys that they do not know.
            """)
        page.literal("""
            repositories:
              github/chatly/server:
                type: git
                url: https://github.com/chatly/server.git
                version: main
                role: primary
            integrations:
              cargo-workspace:
                enabled: false
            workweave:
              copy: [.env]
              link: [data]
            """)
        page.section("KEYS")
        page.item("repositories", "each key is the path of a clone in the weave: registry/owner/repo, or owner/repo")
        page.item("repositories.PATH.type", "git")
        page.item("repositories.PATH.url", "what git clones from: https, ssh, git@host:path, file, or a path")
        page.item("repositories.PATH.version", "a branch, tag or revision that a new clone stands on; without it the remote's default branch")
        page.item("repositories.PATH.role", "how freely the project changes it: \(Role.allCases.map(\.rawValue).joined(separator: ", ")); owned is read as primary")
        page.item("integrations.NAME.enabled", "whether activation makes and links the files of an ecosystem; see 'rwv activate'")
        page.item("integrations.static-files.files", "files of the project directory to link at the root")
        page.item("workweave.copy", "files and directories of the weave that each new workweave gets a copy of")
        page.item("workweave.link", "files and directories of the weave that each workweave gets a link to")
        page.item("workweave.writable-reference", "true: repositories of role reference can be changed in a workweave")
        page.section("ERRORS")
        page.text("""
            Refused, naming file, line, column and key: absolute paths, .., empty segments, .git and control characters in a path, a path inside
            another, URLs that begin with - or name a transport helper, unknown roles and types, keys that stand twice.
            """)
        page.section("SEE ALSO")
        page.text("rwv(1)")
        return page.source
    }
}
