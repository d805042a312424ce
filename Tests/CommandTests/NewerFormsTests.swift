import Testing

/// Projects as repoweave 0.19 and later write them: rwv.toml, and rwv.lock in JSON.
@Suite struct NewerFormsTests {
    /// A weave whose project has an rwv.toml of one repository with a tag, and that repository's clone.
    private func weave(_ play: Playground) throws {
        try play.weave("chatly/web")
        try play.sh("git -C w/local/chatly/web tag v1; rm w/projects/web-app/rwv.yaml")
        try play.write("w/projects/web-app/rwv.toml", """
            # ours
            [repositories."local/chatly/web"]
            type = "git"
            url = "\(play.root)/repos/chatly/web"
            version = "main"
            role = "owned"

            """)
    }

    private func lock(_ play: Playground) throws -> String {
        """
        {
          "repositories": {
            "local/chatly/web": {
              "type": "git",
              "url": "ROOT/repos/chatly/web",
              "version": "\(try play.head("w/local/chatly/web"))"
            }
          }
        }

        """
    }

    @Test func areReadAndChecked() throws {
        let play = try Playground()
        try weave(play)
        #expect(try play.rwv() == .init("Weave: ROOT/w\nProject: web-app\nRepos: 1\nProjects: web-app\n"))
        #expect(try play.rwv("--project", "web-app", in: "w/projects/web-app").status == 0)
        #expect(try play.rwv("lock") == .init(err: "wrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(try play.read("w/projects/web-app/rwv.lock") == lock(play))
        try play.sh("rm -rf w/local; git -C repos/chatly/web commit -q --allow-empty -m two")
        let gone = try play.rwv("check")
        #expect(gone.out.contains("[error] core: dangling reference in web-app: local/chatly/web\n"))
        #expect(try play.rwv("fetch", "--frozen") == .init(err: "1 repo ready\n"))
        #expect(try play.rwv("fetch") == .init(err: "keeping local/chatly/web (already cloned)\n1 repo ready\n"))
        try play.sh("git -C w/local/chatly/web checkout -q main")
        #expect(try play.rwv("check").out.contains("[error] core: stale lock in web-app: local/chatly/web locked="))
        try play.sh("printf 'submodules = \"skip\"\\n' >> w/projects/web-app/rwv.toml; echo 'repositories: {}' > w/projects/web-app/rwv.yaml")
        // rwv.yaml is preferred, and that is said.
        let both = try play.rwv("check")
        #expect(both.out.contains("[warning] core: projects/web-app has rwv.yaml and rwv.toml: rwv.yaml is read\n"), "\(both)")
        #expect(!both.out.contains("submodules"))
        try play.sh("rm w/projects/web-app/rwv.yaml")
        #expect(try play.rwv("check").out.contains("[warning] core: projects/web-app/rwv.toml:7:1: repositories.local/chatly/web.submodules: rwv leaves the submodules of every repository alone\n"))
    }

    /// Whoever wrote a JSON lock must be able to read the next one, also where the manifest is rwv.yaml.
    @Test func aLockKeepsItsForm() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("git -C w/local/chatly/web tag v1")
        try play.write("w/projects/web-app/rwv.lock", "{\"repositories\": {}}\n")
        #expect(try play.rwv("lock").status == 0)
        #expect(try play.read("w/projects/web-app/rwv.lock") == lock(play))
        try play.sh("rm w/projects/web-app/rwv.lock")
        #expect(try play.rwv("lock").status == 0)
        #expect(try play.read("w/projects/web-app/rwv.lock").hasSuffix("    version: v1\n"))
    }

    @Test func areFetched() throws {
        let play = try Playground()
        try play.repository("chatly/web")
        try play.sh("git init -q repos/team/web-app")
        try play.write("repos/team/web-app/rwv.toml", "[repositories]\n\"local/chatly/web\" = {type = 'git', url = '\(play.root)/repos/chatly/web', version = 'main', role = 'owned'}\n")
        try play.sh("cd repos/team/web-app; git add .; git commit -qm project")
        #expect(try play.rwv("fetch", "local/team/web-app") == .init(err: "fetched projects/web-app\n1 repo ready\nwrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(try play.read("w/projects/web-app/rwv.lock") == lock(play))
    }

    @Test func areNotEdited() throws {
        let play = try Playground()
        try weave(play)
        try play.repository("chatly/lib")
        let before = try play.read("w/projects/web-app/rwv.toml")
        let refusal = Playground.Transcript(err: """
            error: projects/web-app/rwv.toml is read, but not edited by rwv
            hint: edit it by hand; then 'rwv fetch' clones what is missing

            """, status: 1)
        #expect(try play.rwv("add", "local/chatly/lib") == refusal)
        #expect(try play.rwv("add", "--new", "github/me/x") == refusal)
        #expect(try play.rwv("remove", "local/chatly/web", "--delete", "--force") == refusal)
        #expect(try play.read("w/projects/web-app/rwv.toml") == before)
        #expect(!play.exists("w/local/chatly/lib"))
        #expect(!play.exists("w/github"))
        #expect(play.exists("w/local/chatly/web/readme"))
        #expect(!play.exists("w/projects/web-app/rwv.yaml"))
        #expect(try play.rwv("init", "web-app").status == 1)
    }

    @Test func damaged() throws {
        let play = try Playground()
        try weave(play)
        try play.sh("sed -i 's/owned/boss/' w/projects/web-app/rwv.toml")
        for verb in ["fetch", "lock"] {
            #expect(try play.rwv(verb) == .init(err: """
                error: projects/web-app/rwv.toml:6:8: repositories.local/chatly/web.role: unknown role 'boss'
                hint: use one of primary, fork, dependency, reference

                """, status: 1))
        }
        try play.sh("sed -i 's/\"boss\"/owned/' w/projects/web-app/rwv.toml")
        let said = try play.rwv("check")
        #expect(said.status == 1)
        #expect(said.out.contains("[error] core: projects/web-app/rwv.toml:6:8: 'owned' is no value; strings stand in quotes\n"), "\(said)")
        try play.sh("sed -i 's/= owned/= \"owned\"/' w/projects/web-app/rwv.toml; echo '{\"repositories\": {' > w/projects/web-app/rwv.lock")
        #expect(try play.rwv("fetch", "--locked").err.hasPrefix("error: projects/web-app/rwv.lock:2:1: "))
        #expect(try play.rwv("lock") == .init(err: "wrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(try play.read("w/projects/web-app/rwv.lock") == lock(play))
    }
}
