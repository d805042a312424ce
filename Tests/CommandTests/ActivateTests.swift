import Testing

@Suite struct ActivateTests {
    @Test func surfacesWhatExistsAndSwitches() throws {
        let play = try Playground()
        try play.weave()
        _ = try play.rwv("init", "mobile-app")
        try play.sh("""
            cd w/projects; touch web-app/package.json web-app/package-lock.json web-app/go.work web-app/web-app.code-workspace
            mkdir web-app/gita; touch web-app/gita/repos.csv web-app/notes web-app/pnpm-workspace.yaml
            touch mobile-app/Cargo.toml mobile-app/package.json; ln -s elsewhere ../mine; ln -s projects/web-app/notes ../notes-of-mine; mkdir ../empty
            """)
        #expect(try play.rwv("activate", "web-app") == .init())
        let mine = ["mine -> elsewhere", "notes-of-mine -> projects/web-app/notes"]
        func links() throws -> [String] { try play.listing().split(separator: "\n").map(String.init).filter { $0.contains("->") } }
        #expect(try links() == [
            "gita/repos.csv -> ../projects/web-app/gita/repos.csv", "go.work -> projects/web-app/go.work", mine[0], mine[1],
            "package-lock.json -> projects/web-app/package-lock.json", "package.json -> projects/web-app/package.json",
            "web-app.code-workspace -> projects/web-app/web-app.code-workspace",
        ])
        #expect(try play.read("w/.rwv-active") == "web-app\n")
        #expect(try play.rwv("activate", "mobile-app") == .init())
        #expect(try links() == ["Cargo.toml -> projects/mobile-app/Cargo.toml", mine[0], mine[1], "package.json -> projects/mobile-app/package.json"])
        #expect(try play.read("w/.rwv-active") == "mobile-app\n")
        #expect(play.exists("w/empty"))
        #expect(play.exists("w/gita"))
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
