import Testing

@Suite struct LockTests {
    @Test func wordForWord() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("cd w/local/chatly/server; echo a > new; echo b >> readme")
        let short = try play.head("w/local/chatly/server").prefix(7)
        #expect(try play.rwv("lock") == .init(err: """
            error: local/chatly/server has 2 uncommitted changes
            error: lock would record HEAD (\(short)), not working tree state
            hint: commit your changes first, or use --dirty to lock anyway

            """, status: 1))
        #expect(!play.exists("w/projects/web-app/rwv.lock"))
        #expect(try play.rwv("lock", "--dirty") == .init(err: """
            ⚠ local/chatly/server: 2 uncommitted changes (locking HEAD, not working tree)
            wrote projects/web-app/rwv.lock (2 repos)

            """))
        #expect(try play.rwv("lock", "--dirty", "--quiet") == .init())
    }

    @Test func recordsTagsAndRevisions() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("cd w/local/chatly/server; git tag 1.0; git tag -m annotated 0e1; git tag -f other HEAD")
        #expect(try play.rwv("lock") == .init(err: "wrote projects/web-app/rwv.lock (2 repos)\n"))
        #expect(try play.read("w/projects/web-app/rwv.lock") == """
            repositories:
              local/chatly/server:
                type: git
                url: ROOT/repos/chatly/server
                version: '0e1'
              local/chatly/web:
                type: git
                url: ROOT/repos/chatly/web
                version: \(try play.head("w/local/chatly/web"))

            """)
    }

    @Test func inAWorkweave() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("""
            mkdir -p w/.workweaves/agent-1; git -C w/local/chatly/server worktree add -q -b agent-1/main ../../../.workweaves/agent-1/local/chatly/server
            cp -r w/projects w/.workweaves/agent-1; cd w/.workweaves/agent-1/local/chatly/server; git commit -q --allow-empty -m more
            """)
        try play.write("w/.workweaves/agent-1/.rwv-workweave", "primary: \(play.root)/w\nproject: web-app\n")
        let tip = try play.head("w/.workweaves/agent-1/local/chatly/server")
        #expect(try play.rwv("lock", in: "w/.workweaves/agent-1/local") == .init(err: "wrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(!play.exists("w/projects/web-app/rwv.lock"))
        #expect(try play.read("w/.workweaves/agent-1/projects/web-app/rwv.lock") == """
            workweave: agent-1
            repositories:
              local/chatly/server:
                type: git
                url: ROOT/repos/chatly/server
                version: \(tip)

            """)
    }

    @Test func whatCannotBeLocked() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("rm -rf w/local/chatly/web; git init -q w/local/chatly/web; rm -rf w/local/chatly/server")
        #expect(try play.rwv("lock") == .init(err: """
            error: local/chatly/server is not on disk
            error: local/chatly/web has no commit yet
            hint: run 'rwv fetch' to clone what is missing

            """, status: 1))
        let noProject = try play.rwv("lock", "--project", "nope")
        #expect(noProject.status == 1)
        try play.sh("rm w/.rwv-active")
        #expect(try play.rwv("lock") == .init(err: "error: no project is active here\nhint: run 'rwv activate PROJECT', or name one with --project\n", status: 1))
    }
}
