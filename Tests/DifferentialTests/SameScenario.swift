import Testing

/// The same commands with the real rwv 0.2.8 and with ours leave the same behind, byte for byte. What is meant to differ stands in docs/differences.md.
@Suite(.serialized) struct SameScenario {
    private static let hub = "https://github.com"

    @Test func initialising() throws {
        try TwoPrograms().compare("rwv init first; rwv activate first; rwv init second --provider github/me; rwv activate second")
    }

    @Test func addingWithRolesAndURLForms() throws {
        try TwoPrograms().compare("""
            rwv init a; rwv activate a
            rwv add \(Self.hub)/chatly/server.git --role primary; rwv add \(Self.hub)/chatly/gateway --role fork
            rwv add git@github.com:chatly/web.git --role dependency; rwv add \(Self.hub)/other/spec.git --role reference; rwv add git@github.com:other/lonely
            rwv add \(Self.hub)/chatly/server.git
            git clone -q \(Self.hub)/socketio/core.git github/socketio/core; rwv add github/socketio/core
            git clone -q \(Self.hub)/socketio/tools.git github/socketio/tools; rwv add \(Self.hub)/socketio/tools.git
            rwv add "file://$PWD/../remotes/chatly/ui.git"
            """, intended: { _, line in line.hasPrefix("    url: ") && line.hasSuffix("/socketio/core.git") })
    }

    @Test func addingNewOnes() throws {
        try TwoPrograms().compare("""
            rwv init a; rwv activate a; rwv add --new github/me/fresh; rwv add --new gitlab/me/other
            """, intended: { program, line in program == .ours && line.hasPrefix("remote.origin.") })
    }

    @Test func removing() throws {
        try TwoPrograms().compare("""
            rwv init a; rwv activate a; for r in chatly/server chatly/web chatly/ui socketio/core; do rwv add \(Self.hub)/$r.git; done
            rwv remove github/chatly/web; rwv remove github/chatly/ui --delete --force; rwv remove github/socketio/core --delete
            """)
    }

    @Test func fetching() throws { try TwoPrograms().compare("rwv fetch \(Self.hub)/chatly/web-app.git") }

    @Test(arguments: ["--locked", "--frozen"]) func fetchingLocked(_ mode: String) throws {
        try TwoPrograms().compare("""
            rwv fetch \(Self.hub)/chatly/web-app.git; git -C github/chatly/server checkout -q v1.0.0; git -C github/chatly/ui checkout -q HEAD~1 --detach
            rwv lock; cd projects/web-app; git add rwv.lock; git commit -qm locked; git push -q origin main; cd ../../..
            rm -rf weave; mkdir -p weave/github; cd weave
            rwv fetch \(Self.hub)/chatly/web-app.git \(mode)
            """)
    }

    @Test func activatingTwoInTurn() throws {
        let fetch = "rwv fetch \(Self.hub)/chatly/web-app.git; rwv fetch \(Self.hub)/chatly/mobile-app.git;"
        try TwoPrograms().compare(fetch + "rwv activate mobile-app")
        try TwoPrograms().compare(fetch + "rwv activate mobile-app; rwv activate web-app")
    }

    @Test func locking() throws {
        try TwoPrograms().compare("""
            rwv fetch \(Self.hub)/chatly/mobile-app.git; git -C github/chatly/server commit -q --allow-empty -m more; rwv lock
            """)
        try TwoPrograms().compare("""
            rwv fetch \(Self.hub)/chatly/mobile-app.git; git -C github/chatly/server checkout -q v1.0.0; git -C github/chatly/ui tag 0e1; git -C github/chatly/ui tag 1.10
            touch github/chatly/ui/new; rwv lock --dirty
            """)
    }

    /// Every integration, on eight repos that cover all ecosystems.
    @Test(arguments: [
        "",
        "integrations:\n  pnpm-workspaces: {enabled: true}\n  npm-workspaces: {enabled: false}\n  gita: {enabled: false}\n",
        "integrations:\n  static-files:\n    enabled: true\n    files: [docs/guide.md, .editorconfig]\n  vscode-workspace:\n    hide-dotfiles: true\n",
        "integrations:\n  go-work: {enabled: false}\n  uv-workspace: {enabled: false}\n  cargo-workspace: {enabled: false}\n  vscode-workspace: {enabled: false}\n",
    ]) func everyIntegration(_ settings: String) throws {
        try TwoPrograms().compare("""
            rwv fetch \(Self.hub)/chatly/web-app.git; git clone -q \(Self.hub)/other/lonely.git github/other/lonely
            cd projects/web-app; mkdir docs; echo guide > docs/guide.md; echo root = true > .editorconfig
            printf '%b' '\(settings.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\\n"))' >> rwv.yaml; cd ../..
            rwv activate web-app; rwv lock --dirty
            """, intended: { program, line in program == .ours && line == "./gita/" })
    }
}
