import Testing

@Suite struct RemoveTests {
    /// Answers on a terminal; returns what was said, with the answer as the terminal echoes it.
    private func answer(_ play: Playground, _ word: String) throws -> String {
        try play.sh("cd w; echo \(word) | NO_COLOR=1 script -qec \"'\(play.program)' remove local/chatly/web --delete\" /dev/null | tr -d '\\r' || true")
    }

    @Test func asksOnATerminal() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        let before = try play.read("w/projects/web-app/rwv.yaml")
        #expect(try answer(play, "n").hasSuffix("delete ROOT/w/local/chatly/web? [y/N] error: not confirmed; nothing was changed\n"))
        #expect(try play.read("w/projects/web-app/rwv.yaml") == before)
        #expect(play.exists("w/local/chatly/web/readme"))
        #expect(try answer(play, "y").hasSuffix("delete ROOT/w/local/chatly/web? [y/N] removed local/chatly/web from projects/web-app/rwv.yaml\ndeleted local/chatly/web\n"))
        #expect(!play.exists("w/local/chatly/web"))
    }

    @Test func whatIsNotThere() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        #expect(try play.rwv("remove", "local/chatly/none") == .init(err: """
            error: projects/web-app/rwv.yaml: repositories: 'local/chatly/none' is not in the manifest
            hint: the paths are the keys below `repositories:`

            """, status: 1))
        try play.sh("rm -rf w/local/chatly/web; echo mine > w/local/chatly/web")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete", "--force") == .init(err: "error: local/chatly/web is not a directory\nhint: look at it, and remove it by hand\n", status: 1))
        try play.sh("rm w/local/chatly/web")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete") == .init(err: "removed local/chatly/web from projects/web-app/rwv.yaml\nlocal/chatly/web was not on disk\n"))
    }

    @Test func whatIsNowhereElse() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("cd w/local/chatly/web; echo x >> readme; git stash -q; git tag mine; git checkout -q --detach; git commit -q --allow-empty -m detached")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete") == .init(err: """
            error: local/chatly/web has 1 commit that no remote has
            error: local/chatly/web has stashed changes
            hint: nothing was changed; --force deletes it all the same

            """, status: 1))
        // Shared, but not deleted: said.
        _ = try play.rwv("init", "other")
        _ = try play.rwv("activate", "web-app")
        try play.sh("cp w/projects/web-app/rwv.yaml w/projects/other/rwv.yaml")
        #expect(try play.rwv("remove", "local/chatly/web") == .init(err: "removed local/chatly/web from projects/web-app/rwv.yaml\nlocal/chatly/web is also listed by other\n"))
        #expect(play.exists("w/local/chatly/web/readme"))
    }

    @Test(arguments: [
        ("git config status.showUntrackedFiles no; echo work > new", "has 1 uncommitted change: new"),
        ("git update-index --assume-unchanged readme; echo x >> readme", "has 1 uncommitted change: readme"),
        ("git update-index --skip-worktree readme; echo x >> readme", "has 1 uncommitted change: readme"),
        ("git commit -q --allow-empty -m x; git update-ref refs/wip/x HEAD; git reset -q --hard HEAD~1", "has 1 commit that no remote has"),
        ("echo x >> readme; GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' git rebase -q --root --autostash -i", "has changes that git has set aside (autostash)"),
        ("git init -q sub; git -C sub commit -q --allow-empty -m x; git add sub; git commit -qm sub; git push -q origin HEAD:other", ", submodule sub: 1 commit on no remote"),
    ]) func workThatStatusHides(_ work: String, _ reason: String) throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("cd w/local/chatly/web; (\(work)) > /dev/null 2>&1")
        let answer = try play.rwv("remove", "local/chatly/web", "--delete")
        #expect(answer.status == 1 && answer.err.contains("error: local/chatly/web" + (reason.hasPrefix(",") ? "" : " ") + reason + "\n"), "\(answer.err)")
        #expect(play.exists("w/local/chatly/web/readme"))
    }

    /// References that fetching has made are no work.
    @Test func whatWasFetched() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("""
            cd w/local/chatly/web; git commit -q --allow-empty -m pull; git push -q origin HEAD:refs/pull/1/head; git reset -q --hard HEAD~1
            git config --add remote.origin.fetch '+refs/pull/*/head:refs/pull/*'; git fetch -q; git for-each-ref | grep -q refs/pull/1
            """)
        #expect(try play.rwv("remove", "local/chatly/web", "--delete").status == 0)
    }

    /// A clone whose git directory is elsewhere.
    @Test func worktreesOfASeparateGitDirectory() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("cd w/local/chatly/web; mv .git ../../../../git; echo gitdir: ../../../../git > .git; git worktree add -q ../../../../tree")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete", "--force").err.contains("error: local/chatly/web has worktrees: tree\n"))
        try play.sh("cd w/local/chatly/web; git worktree remove --force ../../../../tree; git branch -D tree")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete").status == 0)
    }

    @Test func inAWorkweaveClonesStay() throws {
        let play = try Playground()
        try play.weave("chatly/web")
        try play.sh("mkdir -p w/.workweaves/agent-1; cp -r w/projects w/.workweaves/agent-1")
        try play.write("w/.workweaves/agent-1/.rwv-workweave", "primary: \(play.root)/w\nproject: web-app\n")
        #expect(try play.rwv("remove", "local/chatly/web", "--delete", "--force", in: "w/.workweaves/agent-1") == .init(err: """
            error: clones are deleted in the weave, not in a workweave
            hint: leave --delete out, or run the command in ROOT/w

            """, status: 1))
        #expect(play.exists("w/local/chatly/web/readme"))
    }
}
