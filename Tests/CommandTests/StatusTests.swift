import Testing

@Suite struct StatusTests {
    /// A row's JSON, read by python3: the value of one field of the repo with that name, `null` as "None".
    private func field(_ play: Playground, _ repo: String, _ name: String, in directory: String = "w") throws -> String {
        let json = try play.rwv("status", "--json", in: directory).out
        try play.write("status.json", json)
        return try play.sh("python3 -c 'import json; print([r for r in json.load(open(\"status.json\"))[\"repos\"] if r[\"path\"].endswith(\"/\(repo)\")][0][\"\(name)\"], end=\"\")'")
    }

    @Test func rows() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("git -C w/local/chatly/server tag v1")
        _ = try play.rwv("lock")
        let server = try play.head("w/local/chatly/server").prefix(12), web = try play.head("w/local/chatly/web").prefix(12)
        #expect(try play.rwv("status") == .init("""
            local/chatly/server  main  \(server)  clean  origin/main +0 -0  lock: v1            [ok]
            local/chatly/web     main  \(web)  clean  origin/main +0 -0  lock: \(web)  [ok]

            """))
        #expect(try play.rwv("status", "--json").out.hasPrefix("""
            {
              "project": "web-app",
              "workweave": null,
              "repos": [
                {
                  "path": "local/chatly/server",
                  "role": "dependency",
                  "present": true,
                  "branch": "main",
                  "tip": "\(try play.head("w/local/chatly/server"))",
                  "changed": 0,
                  "operation": null,
                  "upstream": "origin/main",
                  "ahead": 0,
                  "behind": 0,
                  "lock": "v1",
                  "relation": "ok",
                  "error": null
                },

            """))
    }

    @Test func relationsAreThoseOfGit() throws {
        let play = try Playground()
        try play.weave("a/ahead", "a/behind", "a/diverged", "a/unknown", "a/without")
        try play.sh("cd w/local/a/behind; git commit -q --allow-empty -m more; cd ../unknown; git commit -q --allow-empty -m more")
        _ = try play.rwv("lock")
        try play.sh("""
            cd w/local/a; git -C ahead commit -q --allow-empty -m more; git -C behind reset -q --hard HEAD~1
            git -C diverged commit -q --amend -m other
            cd unknown; git reset -q --hard HEAD~1; git reflog expire --expire=all --all; git gc -q --prune=now
            cd ../../../projects/web-app; sed -i '/without/,$d' rwv.lock
            """)
        for name in ["ahead", "behind", "diverged", "unknown"] {
            let said = try field(play, name, "relation")
            #expect(said == name)
        }
        #expect(try field(play, "without", "relation") == "no-lock")
        for name in ["ahead", "behind", "diverged"] {
            let counts = try play.sh("git -C w/local/a/\(name) rev-list --left-right --count HEAD...@{u} | tr '\\t' ' ' | tr -d '\\n'")
            #expect(try field(play, name, "ahead") + " " + field(play, name, "behind") == counts)
        }
    }

    @Test func shallowHistoryIsCountedAsGitCounts() throws {
        let play = try Playground()
        try play.weave("a/b")
        _ = try play.rwv("lock")
        try play.sh("cd repos/a/b; for i in 1 2 3; do git commit -q --allow-empty -m $i; done; cd ../../../w/local/a; rm -rf b; git clone -q --depth 2 file://$PWD/../../../repos/a/b; cd b; git commit -q --allow-empty -m mine")
        #expect(try field(play, "b", "ahead") + field(play, "b", "behind") == "10")
        #expect(try field(play, "b", "relation") == "unknown")
    }

    @Test func oddStates() throws {
        let play = try Playground()
        try play.weave("a/detached", "a/missing", "a/rebasing", "a/unborn")
        _ = try play.rwv("lock")
        try play.sh("""
            cd w/local/a; rm -rf missing unborn; git init -q unborn; git -C detached checkout -q --detach; touch detached/new detached/newer
            cd rebasing; echo x > readme; git commit -qam x; git checkout -q -b other HEAD~1; echo y > readme; git commit -qam y; git rebase -q main || true
            """)
        let said = try play.rwv("status")
        let detached = try play.head("w/local/a/detached").prefix(12), rebasing = try play.head("w/local/a/rebasing").prefix(12)
        let lock = try play.sh("git -C repos/a/missing rev-parse HEAD").prefix(12), unborn = try play.sh("git -C repos/a/unborn rev-parse HEAD").prefix(12)
        #expect(said.status == 0 && said.err.isEmpty)
        let rows = said.out.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(rows == [
            "local/a/detached (detached) \(detached) 2 changed - lock: \(detached) [ok]",
            "local/a/missing - not cloned - - lock: \(lock) [unknown]",
            "local/a/rebasing (detached) \(rebasing) 1 changed, rebasing - lock: \(try play.sh("git -C repos/a/rebasing rev-parse HEAD").prefix(12)) [ahead]",
            "local/a/unborn main no commit clean - lock: \(unborn) [unknown]",
        ])
        #expect(try field(play, "missing", "present") == "False")
        #expect(try field(play, "detached", "branch") == "None")
    }

    @Test func whatCannotBeReadIsSaidAtTheEnd() throws {
        let play = try Playground()
        try play.weave("a/b", "a/c")
        try play.sh("rm -rf w/local/a/b/.git")
        let said = try play.rwv("status")
        #expect(said.status == 1)
        #expect(said.err.hasPrefix("error: ROOT/w/local/a/b is not a git repository\nhint: "))
        #expect(said.out.contains("unreadable") && said.out.contains("local/a/c"))
        #expect(try play.rwv("status", "--project", "nope").status == 1)
    }

    @Test func aBranchThatIsNoText() throws {
        let play = try Playground()
        try play.weave("a/b")
        try play.sh("cd w/local/a/b; git checkout -q -b $'caf\\xe9'")
        let said = """
            error: the branch of ROOT/w/local/a/b has a name that is not UTF-8: caf\\xe9
            hint: give it another name: git -C ROOT/w/local/a/b branch -m NEW

            """
        #expect(try play.rwv("status").err == said)
        #expect(try play.rwv("lock").err == said)
        try play.sh("git -C w/local/a/b branch -m caffè")
        #expect(try play.rwv("lock").status == 0)
    }

    @Test func inAWorkweaveItsOwn() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        _ = try play.rwv("lock")
        try play.sh("cd w/projects/web-app; git add .; git commit -qm web-app")
        #expect(try play.rwv("workweave", "web-app", "create", "agent-1", "--engine", "checkout") == .init("ROOT/w/.workweaves/agent-1\n"))
        try play.sh("cd w/.workweaves/agent-1/local/chatly/server; git commit -q --allow-empty -m more; touch new")
        #expect(try field(play, "server", "branch", in: "w/.workweaves/agent-1/local") == "agent-1/main")
        #expect(try field(play, "server", "changed", in: "w/.workweaves/agent-1/local") == "1")
        #expect(try field(play, "server", "changed") == "0")
        #expect(try field(play, "server", "tip", in: "w/.workweaves/agent-1") == play.head("w/.workweaves/agent-1/local/chatly/server"))
        let lock = try play.rwv("lock", "--dirty", in: "w/.workweaves/agent-1")
        #expect(lock.status == 0)
        #expect(try field(play, "server", "relation", in: "w/.workweaves/agent-1") == "ok")
        #expect(try field(play, "server", "relation") == "ok")
        try play.sh("git -C w/.workweaves/agent-1/local/chatly/server commit -q --allow-empty -m again")
        #expect(try field(play, "server", "relation", in: "w/.workweaves/agent-1") == "ahead")
    }
}
