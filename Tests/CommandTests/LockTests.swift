import Testing

@Suite struct LockTests {
    @Test func wordForWord() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("cd w/local/chatly/server; echo a > new; echo b >> readme")
        let short = try play.head("w/local/chatly/server").prefix(7)
        #expect(try play.rwv("lock") == .init(err: """
            error: local/chatly/server has 2 uncommitted changes
            error: lock would record HEAD (\(short)), not working tree state
            hint: commit your changes first, or use --dirty to lock anyway

            """, status: 1))
        #expect(!play.exists("w/projects/web-app/rwv.lock"))
        #expect(try play.rwv("lock", "--dirty") == .init(err: """
            ⚠ local/chatly/server: 2 uncommitted changes (locking HEAD, not working tree)
            wrote projects/web-app/rwv.lock (2 repos)

            """))
        #expect(try play.rwv("lock", "--dirty", "--quiet") == .init())
    }

    @Test func recordsTagsAndRevisions() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("cd w/local/chatly/server; git tag 1.0; git tag -m annotated 0e1; git tag -f other HEAD")
        #expect(try play.rwv("lock") == .init(err: "wrote projects/web-app/rwv.lock (2 repos)\n"))
        #expect(try play.read("w/projects/web-app/rwv.lock") == """
            repositories:
              local/chatly/server:
                type: git
                url: ROOT/repos/chatly/server
                version: '0e1'
              local/chatly/web:
                type: git
                url: ROOT/repos/chatly/web
                version: \(try play.head("w/local/chatly/web"))

            """)
    }

    @Test func runsTheToolsOfTheEcosystems() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("""
            for f in package.json go.mod; do echo '{}' > w/local/chatly/server/$f; done; echo '[package]' > w/local/chatly/server/Cargo.toml; printf '[project]\n' > w/local/chatly/web/pyproject.toml
            for r in server web; do cd w/local/chatly/$r; git add .; git commit -qm more; cd - > /dev/null; done
            sed -i 's/^repositories/integrations: {uv-workspace: {install: true}}\\n&/' w/projects/web-app/rwv.yaml
            """)
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.rwv("lock") == .init(err: "wrote projects/web-app/rwv.lock (2 repos)\n"))
        #expect(try play.read("tools/log") == "ROOT/w: npm install --package-lock-only\nROOT/w: uv sync\nROOT/w: cargo generate-lockfile\n")
        // A tool that fails is named with its words; the others run, and rwv.lock stays.
        try play.write("tools/uv", "#!/bin/sh\necho no network >&2\nexit 3\n")
        try play.sh("chmod +x tools/uv; rm tools/log w/projects/web-app/rwv.lock")
        #expect(try play.rwv("lock") == .init(err: """
            wrote projects/web-app/rwv.lock (2 repos)
            error: uv-workspace: lock hook failed: uv sync ended with status 3
            error:   no network
            hint: rwv.lock is written; mend what the tool names, then run 'rwv lock' again

            """, status: 1))
        #expect(play.exists("w/projects/web-app/rwv.lock"))
        #expect(try play.read("tools/log").contains("cargo"))
        // One that is not installed is no failure; another project's lock is no business of the root's files.
        try play.sh("rm tools/* ; ln -s $(command -v git) tools/git")
        let without = try play.rwv("lock", environment: ["PATH=\(play.root)/tools"])
        #expect(without.status == 0)
        #expect(without.err.contains("warning: npm-workspaces: npm is not on PATH, so package-lock.json was not brought up to date\n"))
        try play.sh("rm w/.rwv-active")
        #expect(try play.rwv("lock", "--project", "web-app") == .init(err: "wrote projects/web-app/rwv.lock (2 repos)\n"))
    }

    @Test func inAWorkweave() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("""
            mkdir -p w/.workweaves/agent-1; git -C w/local/chatly/server worktree add -q -b agent-1/main ../../../.workweaves/agent-1/local/chatly/server
            cp -r w/projects w/.workweaves/agent-1; cd w/.workweaves/agent-1/local/chatly/server; git commit -q --allow-empty -m more
            """)
        try play.write("w/.workweaves/agent-1/.rwv-workweave", "primary: \(play.root)/w\nproject: web-app\n")
        let tip = try play.head("w/.workweaves/agent-1/local/chatly/server")
        #expect(try play.rwv("lock", in: "w/.workweaves/agent-1/local") == .init(err: "wrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(!play.exists("w/projects/web-app/rwv.lock"))
        #expect(try play.read("w/.workweaves/agent-1/projects/web-app/rwv.lock") == """
            workweave: agent-1
            repositories:
              local/chatly/server:
                type: git
                url: ROOT/repos/chatly/server
                version: \(tip)

            """)
    }

    @Test func whatCannotBeLocked() throws {
        let play = try Playground()
        try play.weave("chatly/server", "chatly/web")
        try play.sh("rm -rf w/local/chatly/web; git init -q w/local/chatly/web; rm -rf w/local/chatly/server")
        #expect(try play.rwv("lock") == .init(err: """
            error: local/chatly/server is not on disk
            error: local/chatly/web has no commit yet
            hint: run 'rwv fetch' to clone what is missing

            """, status: 1))
        let noProject = try play.rwv("lock", "--project", "nope")
        #expect(noProject.status == 1)
        try play.sh("rm w/.rwv-active")
        #expect(try play.rwv("lock") == .init(err: "error: no project is active here\nhint: run 'rwv activate PROJECT', or name one with --project\n", status: 1))
    }

    /// What is rewritten keeps what the file that was there had: mode, group, ACL and extended attributes; a link is followed.
    @Test func whatIsRewrittenKeepsItsAttributes() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("echo '{}' > w/local/chatly/server/package.json; git -C w/local/chatly/server add .; git -C w/local/chatly/server commit -qm more")
        try play.repository("chatly/web")
        _ = try play.rwv("lock")
        _ = try play.rwv("activate", "web-app")
        let files = "rwv.yaml rwv.lock package.json web-app.code-workspace gita/repos.csv"
        try play.sh("""
            cd w/projects/web-app; setfacl -d -m u:1003:rwx .
            [ $(id -u) != 0 ] || chgrp 1001 \(files)
            for f in \(files); do setfacl -b $f; chmod 640 $f; setfacl -m u:1002:rw,g::- $f; python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.note", b"mine")' $f; done
            """)
        let look = "cd w/projects/web-app; getfacl -n -p \(files); python3 -c 'import os, sys; print([os.getxattr(f, \"user.note\") for f in sys.argv[1:]])' \(files); cat \(files) | sha256sum"
        let before = try play.sh(look)
        #expect(try play.rwv("add", "local/chatly/web").status == 0)
        try play.sh("echo '{}' > w/local/chatly/web/package.json; git -C w/local/chatly/web add .; git -C w/local/chatly/web commit -qm more")
        #expect(try play.rwv("activate", "web-app") == .init())
        #expect(try play.rwv("lock").status == 0)
        let after = try play.sh(look)
        #expect(after.split(separator: "\n").dropLast() == before.split(separator: "\n").dropLast())
        #expect(after != before)
        // A file without an ACL gets none, although the directory has one for what is new.
        try play.sh("cd w/projects/web-app; setfacl -b rwv.lock; chmod 604 rwv.lock")
        #expect(try play.rwv("lock").status == 0)
        #expect(try play.sh("cd w/projects/web-app; getfacl -nc rwv.lock") == "user::rw-\ngroup::---\nother::r--\n\n")
    }

    @Test func aLinkedLockIsFollowed() throws {
        let play = try Playground()
        try play.weave("chatly/server")
        try play.sh("cd w/projects/web-app; mkdir locks; touch locks/one; ln -s locks/one rwv.lock")
        #expect(try play.rwv("lock") == .init(err: "wrote projects/web-app/rwv.lock (1 repo)\n"))
        #expect(try play.sh("readlink w/projects/web-app/rwv.lock") == "locks/one\n")
        #expect(try play.read("w/projects/web-app/locks/one").contains("local/chatly/server"))
        try play.sh("rm w/projects/web-app/locks/one")
        #expect(try play.rwv("lock") == .init(err: "error: ROOT/w/projects/web-app/rwv.lock is a link that leads nowhere\nhint: remove it, or make what it leads to\n", status: 1))
        try play.sh("ln -sf \(play.root)/away w/projects/web-app/rwv.lock; touch away")
        #expect(try play.rwv("lock").err.contains("leads out of the weave"))
        #expect(try play.read("away") == "")
    }
}
