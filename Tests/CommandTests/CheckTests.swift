import Testing

@Suite struct CheckTests {
    @Test func clean() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("git -C w/local/chatly/server tag v1")
        _ = try play.rwv("lock")
        #expect(try play.rwv("check") == .init("0 errors, 0 warnings\n"))
        #expect(try play.rwv("check", "--quiet") == .init())
        // A tag that points at HEAD is not stale, whatever other tags there are.
        try play.sh("git -C w/local/chatly/server tag a0")
        #expect(try play.rwv("check").status == 0)
    }

    @Test func findings() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web", "chatly/protocol")
        _ = try play.rwv("lock")
        let locked = try play.head("w/local/chatly/server")
        try play.sh("""
            git -C w/local/chatly/server commit -q --allow-empty -m more; rm -rf w/local/chatly/web
            git init -q w/github/some/one; mkdir -p w/gitlab/plain/directory w/projects/other
            sed -i '/protocol:/,/role/ { /role/d }' w/projects/web-app/rwv.yaml
            """)
        try play.write("w/projects/other/rwv.yaml", "repositories:\n  local/chatly/server: {type: git, url: /x, version: main, role: reference}\n")
        let said = try play.rwv("check")
        #expect(said.status == 1)
        #expect(said.err.isEmpty)
        #expect(said.out == """
            [error] core: orphaned clone: github/some/one
            [warning] core: missing role in web-app: local/chatly/protocol
            [error] core: dangling reference in web-app: local/chatly/web
            [error] core: stale lock in web-app: local/chatly/server locked=\(locked) actual=\(try play.head("w/local/chatly/server"))
            [warning] gita: gita/groups.csv is not up to date: run 'rwv activate web-app'
            [warning] vscode-workspace: web-app.code-workspace is not up to date: run 'rwv activate web-app'
            3 errors, 3 warnings

            """)
        let json = try play.rwv("check", "--json")
        #expect(json.status == 1)
        #expect(json.out.contains("\"kind\": \"orphaned-clone\""))
    }

    @Test func aWarningAloneIsNoFailure() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("sed -i /role/d w/projects/web-app/rwv.yaml")
        #expect(try play.rwv("check") == .init("""
            [warning] core: missing role in web-app: local/chatly/server
            [warning] gita: gita/groups.csv is not up to date: run 'rwv activate web-app'
            0 errors, 2 warnings

            """))
    }

    @Test func aManifestThatCannotBeRead() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.write("w/projects/broken/rwv.yaml", "repositories: [\n")
        let said = try play.rwv("check")
        #expect(said.status == 1)
        #expect(said.out.hasPrefix("[error] core: projects/broken/rwv.yaml:"))
        #expect(!said.out.contains("orphaned"))
    }
}
