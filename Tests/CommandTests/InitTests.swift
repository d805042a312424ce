import Testing

@Suite struct InitTests {
    @Test func makesProjectAndWeave() throws {
        let play = try Playground()
        #expect(try play.rwv("init", "web-app", "--provider", "github/me") == .init(err: "initialized project 'web-app' at projects/web-app\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == "repositories: {}\n")
        #expect(try play.sh("git -C w/projects/web-app remote get-url origin; git -C w/projects/web-app symbolic-ref HEAD")
            == "https://github.com/me/web-app.git\nrefs/heads/main\n")
        #expect(try play.listing().split(separator: "\n").filter { !$0.contains("gita") && !$0.contains("code-workspace") } == [".rwv-active", "projects/web-app/rwv.yaml"])
        #expect(try play.read("w/.rwv-active") == "web-app\n")
        #expect(try play.sh("git -C w/projects/web-app rev-list --all; cd w/projects/web-app; git config --get-regexp remote") == """
            remote.origin.url https://github.com/me/web-app.git
            remote.origin.fetch +refs/heads/*:refs/remotes/origin/*

            """)
    }

    /// As rwv 0.2.8 does it: the newest project is the active one.
    @Test func activatesWhatItMakes() throws {
        let play = try Playground()
        try play.weave()
        #expect(try play.rwv("init", "mobile-app", "--provider=gitlab/group/sub") == .init(err: "initialized project 'mobile-app' at projects/mobile-app\n"))
        #expect(try play.read("w/.rwv-active") == "mobile-app\n")
        #expect(try play.sh("git -C w/projects/mobile-app remote get-url origin") == "https://gitlab.com/group/sub/mobile-app.git\n")
    }

    @Test func anEmptyDirectoryBecomesAWeaveOfItsOwn() throws {
        let play = try Playground()
        try play.weave()
        try play.sh("mkdir -p w/github/empty")
        #expect(try play.rwv("init", "inner", in: "w/github/empty").status == 0)
        #expect(play.exists("w/github/empty/projects/inner/rwv.yaml"))
        #expect(try play.rwv("init", "chatly/scoped", in: "w/projects/web-app").status == 0)
        #expect(play.exists("w/projects/chatly/scoped/rwv.yaml"))
    }

    /// Made by hand or by another program: it is not listed, and does no harm.
    @Test func aHiddenProjectThatIsThere() throws {
        let play = try Playground()
        try play.weave()
        try play.sh("cp -r w/projects/web-app w/projects/.hid")
        #expect(try play.rwv("activate", ".hid") == .init())
        for command in ["check", "status", "lock"] { #expect(try play.rwv(command).status == 0) }
        #expect(try play.rwv().out.contains("Projects: web-app\n"))
        #expect(try play.rwv("activate", "web-app") == .init())
    }

    @Test func refusals() throws {
        let play = try Playground()
        try play.weave()
        let before = try play.listing()
        #expect(try play.rwv("init", "web-app").err == "error: project 'web-app' exists already at projects/web-app\nhint: choose another name, such as OWNER/web-app\n")
        #expect(try play.rwv("init", "x", "--provider", "nope/me")
            == .init(err: "error: unknown registry 'nope'\nhint: known registries: github, gitlab, bitbucket, local\n", status: 1))
        #expect(try play.rwv("init", "x", "--provider", "nope") == .init(err: "error: invalid --provider 'nope'\nhint: write registry/owner, such as github/myorg\n", status: 2))
        #expect(try play.rwv("init", "../x").status == 1)
        #expect(try play.rwv("init").status == 2)
        #expect(try play.listing() == before)
        for name in [".hid", "chatly/.hid", ".rwv-tmp-aaa"] {
            #expect(try play.rwv("init", name).err.hasPrefix("error: project name '\(name)' has a segment that starts with '.'\nhint: "))
        }
        #expect(try play.rwv("add", "--new", "local/me/.rwv-tmp-x") == .init(err: """
            error: cannot make local/me/.rwv-tmp-x: names that begin with '.rwv-tmp-' are those of unfinished work, which rwv removes
            hint: give it another name

            """, status: 1))
        #expect(try play.listing() == before)
        try play.sh("ln -s /tmp w/projects/away")
        #expect(try play.rwv("init", "away/x").err.hasPrefix("error: cannot make projects/away/x: projects/away is a symbolic link\n"))
    }
}
