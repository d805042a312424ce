import Testing

@Suite struct ActivateTests {
    private func links(_ play: Playground) throws -> [String] {
        try play.listing().split(separator: "\n").map(String.init).filter { $0.contains("->") }
    }

    /// Activating mends it, as the error for a text that is none says.
    @Test(arguments: ["\\377", "../x", "/p"]) func damagedMarker(_ text: String) throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("printf '\(text)\\n' > w/.rwv-active")
        #expect(try play.rwv("status").status == 1)
        #expect(try play.rwv("activate", "web-app").status == 0)
        #expect(try play.read("w/.rwv-active") == "web-app\n")
    }

    @Test func generatesLinksAndSwitches() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        _ = try play.rwv("init", "mobile-app")
        try play.write("w/projects/mobile-app/rwv.yaml", "repositories:\n  local/chatly/server: {type: git, url: /x, version: main, role: primary}\nintegrations: {gita: {enabled: false}}\n")
        try play.sh("""
            cd w; echo '[package]' > local/chatly/server/Cargo.toml; echo 'module m' > local/chatly/server/go.mod
            touch projects/web-app/notes; ln -s elsewhere mine; ln -s projects/web-app/notes notes-of-mine; mkdir empty
            sed -i 's/^repositories/integrations: {cargo-workspace: {enabled: false}}\\n&/' projects/web-app/rwv.yaml
            sed -i 's/{gita/{go-work: {enabled: false}, gita/' projects/mobile-app/rwv.yaml
            """)
        #expect(try play.rwv("activate", "web-app") == .init())
        let mine = ["mine -> elsewhere", "notes-of-mine -> projects/web-app/notes"]
        #expect(try links(play) == [
            "gita/groups.csv -> ../projects/web-app/gita/groups.csv", "gita/repos.csv -> ../projects/web-app/gita/repos.csv",
            "go.sum -> projects/web-app/go.sum", "go.work -> projects/web-app/go.work", mine[0], mine[1],
            "web-app.code-workspace -> projects/web-app/web-app.code-workspace",
        ])
        #expect(try play.read("w/.rwv-active") == "web-app\n")
        #expect(try play.read("w/go.work") == "go 1.21\n\nuse (\n    ./local/chatly/server\n)\n")
        #expect(try play.rwv("activate", "mobile-app") == .init())
        #expect(try links(play) == [
            "Cargo.lock -> projects/mobile-app/Cargo.lock", "Cargo.toml -> projects/mobile-app/Cargo.toml",
            mine[0],
            "mobile-app.code-workspace -> projects/mobile-app/mobile-app.code-workspace", mine[1],
        ])
        #expect(try play.read("w/.rwv-active") == "mobile-app\n")
        #expect(play.exists("w/empty"))
        #expect(play.exists("w/gita"))
    }

    @Test func aPlanChangesNothing() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo '{\"name\": \"@c/s\", \"version\": \"1.2.3\"}' > w/local/chatly/server/package.json; touch w/package-lock.json")
        let before = try play.listing()
        let plan = """
            write projects/web-app/package.json
            link package.json -> projects/web-app/package.json

            """
        // A lock file at the root beside no generated package.json is the user's.
        #expect(try play.rwv("activate", "web-app", "--plan").err.hasPrefix("error: 'package-lock.json' at the root is a file of yours"))
        try play.sh("rm w/package-lock.json")
        #expect(try play.rwv("activate", "web-app", "--plan") == .init(plan + "link package-lock.json -> projects/web-app/package-lock.json\n"))
        let json = try play.rwv("activate", "web-app", "--plan", "--json")
        #expect(json.out.contains("\"name\": \"@c/s\",\n          \"version\": \"1.2.3\""))
        #expect(try play.listing() + "package-lock.json\n" == before || before.contains("package-lock.json"))
        #expect(!play.exists("w/projects/web-app/package.json"))
        _ = try play.rwv("activate", "web-app")
        #expect(try play.rwv("activate", "web-app", "--plan") == .init())
    }

    @Test func aToolThatReplacedTheLinkIsForgiven() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo '{}' > w/local/chatly/server/package.json")
        _ = try play.rwv("activate", "web-app")
        try play.sh("cd w; rm package-lock.json; echo lock > package-lock.json")
        #expect(try play.rwv("activate", "web-app", "--plan") == .init("""
            move package-lock.json to projects/web-app/package-lock.json
            link package-lock.json -> projects/web-app/package-lock.json

            """))
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.read("w/projects/web-app/package-lock.json") == "lock\n")
        #expect(try play.sh("readlink w/package-lock.json") == "projects/web-app/package-lock.json\n")
        // Nothing is overwritten where both exist.
        try play.sh("cd w; rm package-lock.json; echo other > package-lock.json")
        #expect(try play.rwv("activate", "web-app").status == 1)
        #expect(try play.read("w/package-lock.json") == "other\n")
    }

    @Test func aFileOfTheUsersInTheProject() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo '{}' > w/local/chatly/server/package.json; echo '{\"name\": \"mine\"}' > w/projects/web-app/package.json")
        #expect(try play.rwv("activate", "web-app") == .init(err: """
            error: projects/web-app/package.json is a file of yours, where npm-workspaces would generate one
            hint: move it away, or turn the integration off (integrations: {npm-workspaces: {enabled: false}}); nothing was changed

            """, status: 1))
        #expect(try play.read("w/projects/web-app/package.json") == "{\"name\": \"mine\"}\n")
        #expect(!play.exists("w/package.json"))
        // Without members it is surfaced as it is.
        try play.sh("rm w/local/chatly/server/package.json")
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.read("w/package.json") == "{\"name\": \"mine\"}\n")
    }

    @Test func obeysTheManifest() throws {
        let play = try Playground()
        try play.weave()
        try play.write("w/projects/web-app/rwv.yaml", """
            repositories: {}
            integrations:
              npm-workspaces: {enabled: false}
              pnpm-workspaces: {enabled: true}
              static-files: {enabled: true, files: [Makefile, etc/conf, missing]}

            """)
        try play.sh("cd w/projects/web-app; mkdir etc; touch package.json pnpm-workspace.yaml Makefile etc/conf")
        #expect(try play.rwv("activate", "web-app") == .init())
        let links = try play.listing()
        #expect(!links.contains("package.json ->"))
        for line in ["pnpm-workspace.yaml -> projects/web-app/pnpm-workspace.yaml", "Makefile -> projects/web-app/Makefile", "etc/conf -> ../projects/web-app/etc/conf"] {
            #expect(links.contains(line + "\n"))
        }
    }

    @Test func aFileInTheWayChangesNothing() throws {
        let play = try Playground()
        try play.weave()
        try play.sh("touch w/projects/web-app/Cargo.toml w/projects/web-app/package.json; echo mine > w/package.json")
        let before = try play.listing()
        #expect(try play.rwv("activate", "web-app") == .init(err: """
            error: 'package.json' at the root is a file of yours, where a link to projects/web-app/package.json belongs
            hint: move it away, or into the project directory; nothing was changed

            """, status: 1))
        #expect(try play.listing() == before)
        try play.sh("rm w/package.json; mkdir w/package.json")
        #expect(try play.rwv("activate", "web-app").status == 1)
    }

    @Test func unknownProject() throws {
        let play = try Playground()
        try play.weave()
        #expect(try play.rwv("activate", "nope").err.hasPrefix("error: project 'nope' has no rwv.yaml (projects/nope/rwv.yaml does not exist)\nhint: "))
        #expect(try play.rwv("activate", "../..").status == 1)
    }
}
