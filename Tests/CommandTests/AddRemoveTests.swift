import Testing

@Suite struct AddRemoveTests {
    static let manifest = """
        # what we build
        repositories:
          # the heart
          local/chatly/server:  # keep
            url: "/somewhere/server"
            type: git
            version: main
            role: primary
            note: unknown keys stay
        integrations: {gita: {enabled: false}}

        """

    @Test func addsWithoutLoss() throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/web")
        try play.write("w/projects/web-app/rwv.yaml", Self.manifest)
        #expect(try play.rwv("add", "file://\(play.root)/repos/chatly/web", "--role", "fork") == .init(err: "added local/chatly/web to projects/web-app/rwv.yaml\n"))
        #expect(try play.sh("git -C w/local/chatly/web log --format=%s") == "one\n")
        let text = try play.read("w/projects/web-app/rwv.yaml")
        let entry = "  local/chatly/web:\n    type: git\n    url: file://ROOT/repos/chatly/web\n    version: main\n    role: fork\n"
        #expect(text.contains(entry))
        #expect(text.split(separator: entry, omittingEmptySubsequences: false).joined() == Self.manifest)
        #expect(try play.rwv("remove", "local/chatly/web") == .init(err: "removed local/chatly/web from projects/web-app/rwv.yaml\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == Self.manifest)
        #expect(play.exists("w/local/chatly/web"))
    }

    @Test func sources() throws {
        let play = try Playground()
        try play.weave()
        for path in ["chatly/web", "chatly/lib.git", "chatly/dev"] { try play.repository(path) }
        try play.sh("git -C repos/chatly/dev checkout -q -b trunk; git clone -q repos/chatly/dev w/github/me/dev; git init -q other/place; git -C other/place commit -q --allow-empty -m x")
        #expect(try play.rwv("add", "local/chatly/web").err == "added local/chatly/web to projects/web-app/rwv.yaml\n")
        #expect(try play.rwv("add", "local/chatly/web") == .init(err: "local/chatly/web is in projects/web-app/rwv.yaml already\nkeeping local/chatly/web (already cloned)\n"))
        #expect(try play.rwv("add", "../repos/chatly/lib.git").err == "added local/chatly/lib to projects/web-app/rwv.yaml\n")
        // A clone in the weave is listed by its origin.
        #expect(try play.rwv("add", "me/dev", in: "w/github").err == "keeping github/me/dev (already cloned)\nadded github/me/dev to projects/web-app/rwv.yaml\n")
        #expect(try play.rwv("add", "../other/place").err == "added other/place to projects/web-app/rwv.yaml\n")
        #expect(try play.rwv("add", "--new", "github/me/fresh").err == "added github/me/fresh to projects/web-app/rwv.yaml\n")
        let text = try play.read("w/projects/web-app/rwv.yaml")
        #expect(text.contains("  github/me/dev:\n    type: git\n    url: ROOT/repos/chatly/dev\n    version: trunk\n    role: dependency\n"))
        #expect(text.contains("  github/me/fresh:\n    type: git\n    url: https://github.com/me/fresh.git\n    version: main\n    role: primary\n"))
        #expect(text.contains("  other/place:\n    type: git\n    url: ROOT/other/place\n"))
    }

    @Test func anotherRole() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        let before = try play.read("w/projects/web-app/rwv.yaml")
        let listed = "local/chatly/web is in projects/web-app/rwv.yaml already\nkeeping local/chatly/web (already cloned)\n"
        #expect(try play.rwv("add", "local/chatly/web", "--role", "fork") == .init(err: listed + "the role of local/chatly/web is fork now; it was dependency\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == before.replacing("role: dependency", with: "role: fork"))
        #expect(try play.rwv("add", "local/chatly/web", "--role", "fork") == .init(err: listed))
        #expect(try play.rwv("add", "local/chatly/web") == .init(err: listed))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == before.replacing("role: dependency", with: "role: fork"))
    }

    @Test func addRefusals() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        let before = try play.read("w/projects/web-app/rwv.yaml")
        func refused(_ line: String, status: Int32 = 1, _ message: String, location: SourceLocation = #_sourceLocation) throws {
            let words = line.split(separator: " ").map { String($0.map { $0 == "_" ? " " : $0 }) }
            let said = try play.rwv("add", words[0], words.count > 1 ? words[1] : "--quiet", words.count > 2 ? words[2] : "--quiet")
            #expect(said.status == status, "\(said)", sourceLocation: location)
            #expect(said.err.hasPrefix("error: \(message)"), "\(said)", sourceLocation: location)
            #expect(said.err.contains("\nhint: "), "\(said)", sourceLocation: location)
        }
        try refused("local/chatly/web --role boss", status: 2, "unknown role 'boss'")
        try refused("ext::sh_-c_touch%_/tmp/x", "url 'ext::sh -c touch% /tmp/x' names a transport helper")
        #expect(try play.rwv("add", "--", "-u/x").err.hasPrefix("error: url '-u/x' starts with '-'\n"))
        try refused("web", "'web' is no git repository")
        try refused("file://\(play.root)/repos/none/such", "cannot clone local/none/such: ")
        try refused("foo/bar --new", "'foo/bar' does not say where a new repository belongs")
        try refused("x/y/z --new", "cannot infer a URL for 'x/y/z': no registry 'x'")
        try refused("local/chatly/web/sub --new", "projects/web-app/rwv.yaml: path 'local/chatly/web/sub' lies inside")
        #expect(try play.read("w/projects/web-app/rwv.yaml") == before)
        #expect(try play.sh("find w -name '.rwv-tmp-*' | wc -l") == "0\n")
        #expect(!play.exists("w/local/none"))
        try play.sh("mkdir away; ln -s ../away w/linked")
        try play.write("home/.config/rwv/config.yaml", "registries:\n  linked: {directory: \(play.root)/repos}\n")
        try refused("file://\(play.root)/repos/chatly/web", "cannot make linked/chatly/web: linked is a symbolic link")
        #expect(try play.sh("ls away") == "")
    }

    @Test func deleting() throws {
        let play = try Playground()
        try play.weave("chatly/web", "chatly/server")
        try play.sh("cd w/local/chatly/web; git commit -q --allow-empty -m own; touch new; cd ../server; git stash list")
        _ = try play.rwv("init", "other")
        _ = try play.rwv("activate", "web-app")
        try play.sh("cp w/projects/web-app/rwv.yaml w/projects/other/rwv.yaml")
        let before = try play.read("w/projects/web-app/rwv.yaml")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete") == .init(err: """
            error: local/chatly/web has 1 uncommitted change: new
            error: local/chatly/web has 1 commit that no remote has
            error: local/chatly/web is listed by other
            hint: nothing was changed; --force deletes it all the same

            """, status: 1))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == before)
        #expect(try play.rwv("remove", "local/chatly/web", "--delete", "--force").err == "removed local/chatly/web from projects/web-app/rwv.yaml\ndeleted local/chatly/web\n")
        #expect(!play.exists("w/local/chatly/web"))
        try play.sh("rm -r w/projects/other; git -C w/local/chatly/server worktree add -q ../../../tree")
        #expect(try play.rwv("remove", "local/chatly/server", "--delete", "--force").err.hasPrefix("error: local/chatly/server has worktrees: tree\n"))
        try play.sh("git -C w/local/chatly/server worktree remove ../../../tree; git -C w/local/chatly/server branch -q -d tree")
        #expect(try play.rwv("remove", "web-app/../../local/chatly/server/", "--delete", in: "w/projects").status == 0)
        #expect(!play.exists("w/local/chatly/server"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == "repositories: {}\n")
        #expect(try play.rwv("remove", "local/chatly/server").status == 1)
    }

    @Test func manyAtOnceLoseNothing() throws {
        let play = try Playground()
        try play.weave()
        for i in 0..<8 { try play.repository("many/r\(i)") }
        try play.sh("cd w; for i in 0 1 2 3 4 5 6 7; do '\(try #require(play.programForShell))' add --quiet local/many/r$i & done; wait")
        for i in 0..<8 { #expect(try play.read("w/projects/web-app/rwv.yaml").contains("local/many/r\(i):")) }
    }
}
