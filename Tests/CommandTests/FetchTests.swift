import Syscalls
import Testing

@Suite struct FetchTests {
    /// A project repository `repos/team/web-app` of two repositories: one on its branch `dev`, one on its first commit's tag.
    static func project(_ play: Playground) throws {
        for path in ["chatly/web", "chatly/server"] { try play.repository(path) }
        try play.sh("""
            cd repos/chatly/web; git checkout -q -b dev; git commit -q --allow-empty -m dev; git checkout -q main
            cd ../server; git tag v1; git commit -q --allow-empty -m two
            git init -q -b main ../../team/web-app
            """)
        try play.write("repos/team/web-app/rwv.yaml", """
            repositories:
              local/chatly/web: {type: git, url: \(play.root)/repos/chatly/web, version: dev, role: primary}
              local/chatly/server: {type: git, url: "file://\(play.root)/repos/chatly/server", version: v1, role: primary}

            """)
        try play.write("repos/team/web-app/package.json", "{}\n")
        try play.sh("cd repos/team/web-app; git add .; git commit -qm project")
    }

    @Test func aProjectFromNothing() throws {
        let play = try Playground()
        try Self.project(play)
        #expect(try play.rwv("fetch", "local/team/web-app") == .init(err: """
            fetched projects/web-app
            2 repos ready
            wrote projects/web-app/rwv.lock (2 repos)

            """))
        #expect(try play.sh("git -C w/local/chatly/web symbolic-ref HEAD; git -C w/local/chatly/web log -1 --format=%s; git -C w/local/chatly/server describe --tags")
            == "refs/heads/dev\ndev\nv1\n")
        #expect(try play.sh("readlink w/package.json; cat w/.rwv-active; grep -c version: w/projects/web-app/rwv.lock") == "projects/web-app/package.json\nweb-app\n2\n")
        #expect(try play.rwv("fetch") == .init(err: "keeping local/chatly/web (already cloned)\nkeeping local/chatly/server (already cloned)\n2 repos ready\n"))
        // A lock that was there before is somebody's.
        try play.sh("cd w/projects/web-app; git add .; git commit -qm lock; cd ../../local/chatly/web; git commit -q --allow-empty -m own; touch new")
        #expect(try play.rwv("fetch", "local/team/web-app").err == "keeping projects/web-app (already cloned)\nkeeping local/chatly/web (already cloned)\nkeeping local/chatly/server (already cloned)\n2 repos ready\n")
        #expect(try play.sh("git -C w/projects/web-app status --porcelain") == "")
        try play.sh("rm -rf w/local/chatly/web")
        #expect(try play.rwv("fetch", "-C", "local/chatly/server").err == "keeping local/chatly/server (already cloned)\n2 repos ready\n")
        #expect(try play.rwv("check").status == 0)
    }

    @Test func aFailureDoesNotStopTheOthers() throws {
        let play = try Playground()
        try Self.project(play)
        try play.sh("mv repos/chatly/web away")
        let said = try play.rwv("fetch", "local/team/web-app")
        #expect(said.status == 1)
        #expect(said.err.contains("error: cannot clone local/chatly/web: "))
        #expect(said.err.contains("error: 1 of 2 repos failed; the others are there\n"))
        #expect(play.exists("w/local/chatly/server/readme"))
        #expect(!play.exists("w/projects/web-app/rwv.lock"))
        try play.sh("mv away repos/chatly/web")
        let again = try play.rwv("fetch", "local/team/web-app")
        #expect(again.err == "keeping projects/web-app (already cloned)\nkeeping local/chatly/server (already cloned)\n2 repos ready\nwrote projects/web-app/rwv.lock (2 repos)\n")
        #expect(try play.sh("find w -name '.rwv-tmp-*' | wc -l") == "0\n")
    }

    @Test func anUnknownVersion() throws {
        let play = try Playground()
        try Self.project(play)
        try play.sh("cd repos/team/web-app; sed -i s/dev,/nope,/ rwv.yaml; git commit -qam nope")
        let said = try play.rwv("fetch", "local/team/web-app")
        #expect(said.err.contains("error: cannot clone local/chatly/web: Remote branch nope not found in upstream origin\n"))
        #expect(!play.exists("w/local/chatly/web"))
    }

    /// Commits that only HEAD keeps, and what git is in the middle of, are work.
    @Test(arguments: [
        ("git checkout -q --detach; git commit -q --allow-empty -m own", "has 1 commit on no branch (newest: "),
        ("git commit -q --allow-empty -m own; GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' git rebase -q -i --keep-empty HEAD~1", "is rebasing, and is not on "),
        ("git commit -q --allow-empty -m own; git bisect start -q > /dev/null", "is bisecting, and is not on "),
    ]) func lockedKeepsWork(_ work: String, _ reason: String) throws {
        let play = try Playground()
        try play.weave("chatly/web")
        #expect(try play.rwv("lock").status == 0)
        try play.sh("cd w/local/chatly/web; \(work)")
        let before = try play.head("w/local/chatly/web")
        let answer = try play.rwv("fetch", "--locked")
        #expect(answer.status == 1 && answer.err.contains("error: local/chatly/web \(reason)"), "\(answer.err)")
        #expect(try play.head("w/local/chatly/web") == before)
    }

    @Test func lockedAndFrozen() throws {
        let play = try Playground()
        try Self.project(play)
        #expect(try play.rwv("fetch", "local/team/web-app", "--frozen").err.hasPrefix("error: projects/web-app/rwv.lock does not exist\n"))
        #expect(!play.exists("w/projects/web-app"))
        let old = try play.head("repos/chatly/web")
        try play.write("repos/team/web-app/rwv.lock", """
            repositories:
              local/chatly/web: {type: git, url: \(play.root)/repos/chatly/web, version: \(old)}

            """)
        try play.sh("cd repos/team/web-app; git add .; git commit -qm lock")
        #expect(try play.rwv("fetch", "local/team/web-app", "--frozen").err.hasPrefix("error: projects/web-app/rwv.lock is stale: it does not cover local/chatly/server\n"))
        #expect(!play.exists("w/projects/web-app"))
        try play.sh("cd repos/team/web-app; echo '  local/chatly/server: {type: git, url: elsewhere, version: v1}' >> rwv.lock; git commit -qam lock")
        #expect(try play.rwv("fetch", "local/team/web-app", "--frozen") == .init(err: """
            error: projects/web-app/rwv.lock is stale: it has another URL for local/chatly/server
            hint: run 'rwv lock' and commit it

            """, status: 1))
        try play.sh("cd repos/team/web-app; sed -i 's,elsewhere,file://\(play.root)/repos/chatly/server,' rwv.lock; git commit -qam lock")
        #expect(try play.rwv("fetch", "local/team/web-app", "--frozen") == .init(err: "fetched projects/web-app\n2 repos ready\n"))
        #expect(try play.head("w/local/chatly/web") == old)
        #expect(!play.exists("w/.rwv-active"))
        try play.sh("cd w/local/chatly/web; git checkout -q -b own; git commit -q --allow-empty -m own")
        #expect(try play.rwv("fetch", "--locked", "--project", "web-app").err.contains("moved local/chatly/web to \(old)\n"))
        #expect(try play.head("w/local/chatly/web") == old)
        try play.sh("cd w/local/chatly/web; git checkout -q own; echo x > new")
        #expect(try play.rwv("fetch", "--locked", "--project", "web-app").err.contains("error: local/chatly/web has 1 uncommitted change and is not on \(old)\n"))
    }

    @Test func scopedPlaces() throws {
        let play = try Playground()
        try Self.project(play)
        #expect(try play.rwv("fetch", "local/team/web-app", "--path", "local/team/web-app") == .init(err: """
            fetched projects/local/team/web-app
            2 repos ready
            wrote projects/local/team/web-app/rwv.lock (2 repos)

            """))
        #expect(try play.read("w/.rwv-active") == "local/team/web-app\n")
        #expect(try play.rwv("fetch", "local/team/web-app", "--path", "team/web-app") == .init(err: """
            fetched projects/team/web-app
            keeping local/chatly/web (already cloned)
            keeping local/chatly/server (already cloned)
            2 repos ready
            project 'local/team/web-app' stays active; 'rwv activate team/web-app' switches
            wrote projects/team/web-app/rwv.lock (2 repos)

            """))
        #expect(try play.rwv().out.hasSuffix("Projects: local/team/web-app, team/web-app\n"))
        #expect(try play.rwv("fetch", "local/team/web-app", "--path", "a/b/c/d").err.hasPrefix("error: project name 'a/b/c/d' has more than three segments\nhint: "))
        #expect(try play.rwv("fetch", "local/team/web-app", "--path", "../up").err.hasPrefix("error: project name '../up' has a '..' segment\nhint: "))
    }

    @Test func refusals() throws {
        let play = try Playground()
        try Self.project(play)
        try play.sh("touch w/mine")
        #expect(try play.rwv("fetch", "local/team/web-app").err.hasPrefix("error: no weave found above, and ROOT/w is not empty\nhint: "))
        #expect(try play.rwv("fetch", "local/team/web-app", "--force", "--quiet").status == 0)
        try play.sh("git clone -q repos/team/web-app repos/other/web-app")
        #expect(try play.rwv("fetch", "local/other/web-app") == .init(err: "error: project 'web-app' already exists at projects/web-app\nhint: give it a scoped path: --path other/web-app\n", status: 1))
        #expect(try play.rwv("fetch", "local/other/web-app", "--path", "other/web-app", "--quiet").status == 0)
        #expect(try play.read("w/.rwv-active") == "web-app\n")
        // The scoped place is taken too, then that of owner and registry; a directory of projects is no project.
        try play.sh("mkdir -p repos/x/other; git clone -q repos/team/web-app repos/x/other/web-app; git clone -q repos/team/web-app repos/x/other/other")
        #expect(try play.rwv("fetch", "../repos/x/other/web-app").err.hasSuffix("hint: give it a scoped path: --path x/other/web-app\n"))
        #expect(try play.rwv("fetch", "../repos/x/other/other") == .init(err: "error: projects/other exists already, and is no project\nhint: give it a scoped path: --path other/other\n", status: 1))
        try play.sh("git clone -q repos/team/web-app repos/web-app/sub")
        #expect(try play.rwv("fetch", "../repos/x/other/web-app", "--path", "web-app/inside").err.hasPrefix("error: cannot make projects/web-app/inside: it would lie inside the repository projects/web-app\n"))
        #expect(try play.rwv("fetch", "local/chatly/web").err.hasPrefix("error: project 'web' has no rwv.yaml"))
        #expect(!play.exists("w/projects/web"))
        for word in ["--jobs=0", "--jobs=many", "--depth=-1", "--depth=x", "--filter="] { #expect(try play.rwv("fetch", word).status == 2) }
        #expect(try play.rwv("fetch", "--reference", "nowhere") == .init(err: "error: --reference: there is no directory nowhere\nhint: name a weave or a clone on this disk\n", status: 1))
    }
}
