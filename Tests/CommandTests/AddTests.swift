import Syscalls
import Testing

/// `add --new`, URLs of every form, and manifests that are written in every form.
@Suite struct AddTests {
    @Test func newInTheWeave() throws {
        let play = try Playground()
        try play.weave()
        #expect(try play.rwv("add", "--new", "github/me/thing") == .init(err: "added github/me/thing to projects/web-app/rwv.yaml\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == """
            repositories:
              github/me/thing:
                type: git
                url: https://github.com/me/thing.git
                version: main
                role: primary

            """)
        // As rwv 0.2.8 makes it: a branch without a commit, and its remote.
        #expect(try play.sh("cd w/github/me/thing; git symbolic-ref HEAD; git rev-list --all; git status --porcelain; git remote get-url origin; ls -A")
            == "refs/heads/main\nhttps://github.com/me/thing.git\n.git\n")
        #expect(try play.rwv("add", "--new", "github/me/thing") == .init(err: "github/me/thing is in projects/web-app/rwv.yaml already\nerror: github/me/thing exists already\nhint: leave --new out to list it\n", status: 1))
        #expect(try play.rwv("add", "--new", "gitlab/group/sub/deep", "--role=fork") == .init(err: "added gitlab/group/sub/deep to projects/web-app/rwv.yaml\n"))
        #expect(try play.sh("git -C w/gitlab/group/sub/deep remote get-url origin") == "https://gitlab.com/group/sub/deep.git\n")
    }

    /// Found out before anything is cloned.
    @Test func whereTheManifestCannotBeWritten() throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/server")
        try play.sh("mkdir away; mv w/projects/web-app/rwv.yaml away; ln -s ../../../away/rwv.yaml w/projects/web-app/rwv.yaml")
        for words in [["local/chatly/server"], ["local/chatly/server", "--new"]] {
            let said = try play.run(["add"] + words)
            #expect(said.err.contains("error: ROOT/w/projects/web-app/rwv.yaml leads out of the weave, to ROOT/away/rwv.yaml\nhint: "), "\(said)")
            #expect(!play.exists("w/local"))
        }
        // Where the directory takes no new file: for root one that is immutable, as far as the disk knows that.
        try play.sh("cd w/projects/web-app; rm rwv.yaml; mv ../../../away/rwv.yaml .; chattr +i rwv.yaml 2> /dev/null || { [ $(id -u) != 0 ] && chmod 555 .; }")
        let said = try play.rwv("add", "local/chatly/server")
        try play.sh("cd w/projects/web-app; chattr -i rwv.yaml 2> /dev/null || chmod 755 .")
        #expect(said.status == 1 && said.err.contains("cannot write ROOT/w/projects/web-app/rwv.yaml: "), "\(said)")
        #expect(!play.exists("w/local"))
    }

    /// A workweave without a server, as far as commands get before they need one.
    private func workweave(_ play: Playground) throws {
        try play.sh("mkdir -p w/.workweaves/agent-1; cp -r w/projects w/.workweaves/agent-1")
        try play.write("w/.workweaves/agent-1/.rwv-workweave", "primary: \(play.root)/w\nproject: web-app\n")
    }

    @Test func whatCannotJoinAWorkweave() throws {
        let play = try Playground()
        try play.weave()
        try workweave(play)
        _ = try play.rwv("add", "--new", "github/me/thing")
        #expect(try play.rwv("add", "github/me/thing", in: "w/.workweaves/agent-1") == .init(err: """
            keeping github/me/thing (already cloned)
            error: github/me/thing has no commit yet, so it cannot join the workweave 'agent-1'
            hint: make a first commit in ROOT/w/github/me/thing

            """, status: 1))
        let nobody = ["GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=", "GIT_COMMITTER_NAME="]
        let said = try play.rwv("add", "--new", "github/me/other", in: "w/.workweaves/agent-1", environment: nobody)
        #expect(said.err.hasPrefix("error: cannot make the first commit of github/me/other: "), "\(said)")
        #expect(said.err.hasSuffix("hint: a workweave needs one; tell git who you are (git config --global user.name and user.email), or add it in the weave\n"), "\(said)")
        #expect(!play.exists("w/github/me/other"))
        #expect(try play.read("w/.workweaves/agent-1/projects/web-app/rwv.yaml") == "repositories: {}\n")
    }

    @Test func aPasswordIsNoted() throws {
        let play = try Playground()
        try play.weave()
        let said = try play.rwv("add", "https://me:secret@127.0.0.1:1/o/r.git", environment: ["GIT_ALLOW_PROTOCOL=file:https"])
        #expect(said.status == 1)
        #expect(said.err.hasPrefix("warning: the URL holds a password, which projects/web-app/rwv.yaml shows to everybody; a credential helper of git keeps it better\nerror: cannot clone o/r: "), "\(said)")
    }

    /// Whatever a manifest looks like, an entry comes and goes without a trace; the lines around it stay.
    @Test(arguments: [
        "repositories: {}\n",
        "# top\r\nrepositories:\r\n  # mine\r\n  x/one: {type: git, url: /x, version: main, role: fork}\r\nother: 1\r\n",
        "other: [1]\nrepositories:\n    z/last:   # odd\n        url: /z\n        type: git\n        role: fork\n\n    # between\n    a/first: {type: git, url: /a, role: fork}",
        "{\"repositories\": {\"x/one\": {\"type\": \"git\", \"url\": \"/x\"}}, \"integrations\": {}}\n",
    ]) func writesWithoutLoss(text: String) throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/web")
        try play.write("w/projects/web-app/rwv.yaml", text)
        let before = try play.read("w/projects/web-app/rwv.yaml")
        #expect(try play.rwv("add", "local/chatly/web") == .init(err: "added local/chatly/web to projects/web-app/rwv.yaml\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml").contains("local/chatly/web"))
        #expect(try play.rwv("remove", "local/chatly/web").status == 0)
        #expect(try play.read("w/projects/web-app/rwv.yaml").utf8.elementsEqual(before.utf8))
    }

    /// What cannot be read is neither edited nor cloned for.
    @Test(arguments: [
        ("repositories: [\n", "projects/web-app/rwv.yaml:2:1: "),
        ("repositories:\n  a/b: {type: hg, url: u}\n", "projects/web-app/rwv.yaml:2:15: repositories.a/b.type: unknown type 'hg'\n"),
        ("repositories:\n  a/b:\n    type: git\n    url: u\n    role: boss\n", "projects/web-app/rwv.yaml:5:11: repositories.a/b.role: unknown role 'boss'\n"),
        ("repositories:\n  a/b: {type: git, url: u}\n  a/b: {type: git, url: v}\n", "projects/web-app/rwv.yaml:3:3: duplicate key 'a/b': first on line 2, again on line 3\n"),
        ("repositories:\n  a/b: {type: git, url: [u]}\n", "projects/web-app/rwv.yaml:2:25: repositories.a/b.url: expected a string, found a list\n"),
        ("repositories:\n  a/b: x\n", "projects/web-app/rwv.yaml:2:8: repositories.a/b: expected a mapping, found a string\n"),
        ("repositories:\n\ta/b: x\n", "projects/web-app/rwv.yaml:2:1: "),
        ("", "projects/web-app/rwv.yaml: the file is empty\n"),
    ]) func aManifestThatIsWrong(text: String, message: String) throws {
        let play = try Playground()
        try play.weave()
        try play.repository("chatly/web")
        try play.write("w/projects/web-app/rwv.yaml", text)
        for words in [["add", "local/chatly/web"], ["remove", "a/b"], ["fetch", "--quiet"], ["lock", "--quiet"]] {
            let said = try play.rwv(words[0], words[1])
            #expect(said.status == 1)
            #expect(said.err.hasPrefix("error: \(message)"), "\(said)")
            #expect(said.err.contains("\nhint: "), "\(said)")
        }
        #expect(!play.exists("w/local"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == text)
        #expect(!play.exists("w/projects/web-app/rwv.lock"))
    }
}
