import Testing

@Suite struct ContextTests {
    @Test func contextOfAWeave() throws {
        let play = try Playground()
        try play.weave("acme/lib")
        #expect(try play.rwv("init", "mobile-app") == .init(err: "initialized project 'mobile-app' at projects/mobile-app\n"))
        _ = try play.rwv("activate", "web-app")
        let everywhere = Playground.Transcript("Weave: ROOT/w\nProject: web-app\nRepos: 1\nProjects: mobile-app, web-app\n")
        #expect(try play.rwv() == everywhere)
        #expect(try play.rwv(in: "w/local/acme/lib") == everywhere)
        #expect(try play.rwv("-C", "w", in: "") == everywhere)
        #expect(try play.rwv(in: "w/projects/mobile-app") == .init("Weave: ROOT/w\nProject: mobile-app\nRepos: 0\nProjects: mobile-app, web-app\n"))
        #expect(try play.rwv("--project=mobile-app").out.contains("Project: mobile-app\n"))
        #expect(try play.rwv("resolve", in: "w/local/acme") == .init("ROOT/w\n"))
    }

    @Test func json() throws {
        let play = try Playground()
        try play.weave("acme/lib")
        #expect(try play.rwv("--json") == .init("""
            {
              "weave": "ROOT/w",
              "workweave": null,
              "mount": null,
              "project": "web-app",
              "repos": [
                "local/acme/lib"
              ],
              "projects": [
                "web-app"
              ]
            }

            """))
    }

    @Test func insideAWorkweave() throws {
        let play = try Playground()
        try play.weave("acme/lib")
        try play.sh("mkdir -p w/.workweaves/agent-1/deep; cp -r w/projects w/.workweaves/agent-1")
        try play.write("w/.workweaves/agent-1/.rwv-workweave", "primary: \(play.root)/w\nproject: web-app\n")
        let context = Playground.Transcript("Workweave: ROOT/w/.workweaves/agent-1\nWeave: ROOT/w\nProject: web-app\nRepos: 1\nProjects: web-app\n")
        #expect(try play.rwv(in: "w/.workweaves/agent-1/deep") == context)
        #expect(try play.rwv("resolve", in: "w/.workweaves/agent-1/deep") == .init("ROOT/w/.workweaves/agent-1\n"))
    }

    @Test func noWeave() throws {
        let play = try Playground()
        let said = try play.rwv("resolve")
        #expect(said.status == 1)
        #expect(said.out.isEmpty)
        #expect(said.err.hasPrefix("error: no weave found above ROOT/w\nhint: "))
        #expect(try play.rwv("-C", "nowhere") == .init(err: "error: cannot enter nowhere: No such file or directory\nhint: check that the path is there\n", status: 1))
    }

    @Test func brokenManifest() throws {
        let play = try Playground()
        try play.weave()
        try play.write("w/projects/web-app/rwv.yaml", "repositories:\n  github/a/b:\n    type: git\n    url: https://github.com/a/b\n    role: boss\n")
        let said = try play.rwv()
        #expect(said.status == 1)
        #expect(said.out == "Weave: ROOT/w\nProject: web-app\nProjects: web-app\n")
        #expect(said.err.hasPrefix("error: projects/web-app/rwv.yaml:5:11: repositories.github/a/b.role: unknown role 'boss'\nhint: "))
    }

    @Test func usage() throws {
        let play = try Playground()
        #expect(try play.rwv("lokc") == .init(err: "error: unknown command 'lokc'\nhint: did you mean 'lock'?\n", status: 2))
        #expect(try play.rwv("lock", "--dirrty") == .init(err: "error: unknown option '--dirrty'\nhint: did you mean '--dirty'?\n", status: 2))
        let version = try play.rwv("--version")
        #expect(version.out.hasPrefix("rwv 0.1.0+"))
        #expect(version.status == 0)
        #expect(try play.rwv("lock", "--help").out.hasPrefix("rwv lock - "))
        #expect(try play.rwv("-h").out.hasPrefix("rwv - "))
    }

    @Test func aReaderThatClosesThePipe() throws {
        let play = try Playground()
        try play.weave()
        #expect(try play.sh("set -o pipefail; \(try #require(play.programForShell)) --help | true; echo ok") == "ok\n")
    }
}
