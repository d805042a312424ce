import Syscalls
import Testing

/// What `fetch` says of sources that cannot be had, and what it leaves behind when it is stopped.
@Suite struct FetchFailureTests {
    private func project(_ play: Playground, url: String, version: String = "main") throws {
        try play.repository("chatly/web")
        try play.sh("git init -q -b main repos/team/web-app")
        try play.write("repos/team/web-app/rwv.yaml", """
            repositories:
              local/bad/one: {type: git, url: "\(url)", version: \(version), role: primary}
              local/chatly/web: {type: git, url: \(play.root)/repos/chatly/web, version: main, role: primary}

            """)
        try play.sh("cd repos/team/web-app; git add .; git commit -qm project")
    }

    /// Fetches the project with the bad repository; the other one is there afterwards, and nothing of the bad one.
    private func failure(_ play: Playground, _ environment: [String] = [], _ location: SourceLocation = #_sourceLocation) throws -> String {
        let said = try play.rwv("fetch", "local/team/web-app", environment: environment)
        #expect(said.status == 1, sourceLocation: location)
        #expect(said.err.hasPrefix("fetched projects/web-app\n1 repo ready\nerror: cannot clone local/bad/one: "), "\(said)", sourceLocation: location)
        #expect(said.err.contains("\nerror: 1 of 2 repos failed; the others are there\nhint: "), "\(said)", sourceLocation: location)
        #expect(try play.sh("ls -A w w/local w/local/chatly") == "w:\n.rwv-active\nlocal\nprojects\n\nw/local:\nchatly\n\nw/local/chatly:\nweb\n" || play.exists("w/gita"), sourceLocation: location)
        #expect(!play.exists("w/local/bad"), sourceLocation: location)
        #expect(!play.exists("w/projects/web-app/rwv.lock"), sourceLocation: location)
        return said.err
    }

    @Test func noRepository() throws {
        let play = try Playground()
        try project(play, url: "file://\(play.root)/home")
        let said = try failure(play)
        #expect(said.contains("'ROOT/home' does not appear to be a git repository"), "\(said)")
        #expect(said.hasSuffix("hint: see whether git reaches it: git ls-remote file://ROOT/home\n"))
    }

    @Test func noNetwork() throws {
        let play = try Playground()
        try project(play, url: "https://127.0.0.1:1/chatly/one.git")
        let said = try failure(play, ["GIT_ALLOW_PROTOCOL=file:https"])
        #expect(said.contains("unable to access 'https://127.0.0.1:1/chatly/one.git/': Failed to connect to 127.0.0.1 port 1"), "\(said)")
    }

    @Test func noSpace() throws {
        let play = try Playground()
        try project(play, url: "git@example.org:chatly/one.git")
        try play.write("ssh", "#!/bin/sh\necho 'fatal: copy-fd: write returned: No space left on device' >&2\nexit 128\n")
        try play.sh("chmod +x ssh")
        let said = try failure(play, ["GIT_ALLOW_PROTOCOL=file:ssh", "GIT_SSH_COMMAND=\(play.root)/ssh"])
        #expect(said.contains("error: cannot clone local/bad/one: copy-fd: write returned: No space left on device\n"), "\(said)")
        #expect(said.hasSuffix("hint: free some space on that disk\n"), "\(said)")
    }

    @Test func noLogin() throws {
        let play = try Playground()
        try project(play, url: "git@example.org:chatly/one.git")
        try play.write("ssh", "#!/bin/sh\necho 'git@example.org: Permission denied (publickey).' >&2\nexit 255\n")
        try play.sh("chmod +x ssh")
        let said = try failure(play, ["GIT_ALLOW_PROTOCOL=file:ssh", "GIT_SSH_COMMAND=\(play.root)/ssh"])
        #expect(said.contains("error: cannot clone local/bad/one: git@example.org: Permission denied (publickey).\n"), "\(said)")
        #expect(said.hasSuffix("hint: see that git can log in: git ls-remote git@example.org:chatly/one.git\n"), "\(said)")
    }

    /// ssh ends its lines with carriage return and line feed.
    @Test func noHost() throws {
        let play = try Playground()
        try project(play, url: "git@example.org:chatly/one.git")
        try play.write("ssh", "#!/bin/sh\nprintf 'ssh: connect to host example.org port 22: No route to host\\r\\n' >&2\nexit 255\n")
        try play.sh("chmod +x ssh")
        let said = try failure(play, ["GIT_ALLOW_PROTOCOL=file:ssh", "GIT_SSH_COMMAND=\(play.root)/ssh"])
        #expect(said.contains("error: cannot clone local/bad/one: ssh: connect to host example.org port 22: No route to host\n"), "\(said)")
    }

    @Test func noPassword() throws {
        let play = try Playground()
        try play.write("server.py", """
            import http.server
            class Locked(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(401); self.send_header('WWW-Authenticate', 'Basic realm="x"'); self.send_header('Content-Length', '0'); self.end_headers()
                def log_message(self, *words): pass
            server = http.server.HTTPServer(('127.0.0.1', 0), Locked)
            print(server.server_port, flush=True)
            server.serve_forever()

            """)
        let text = try play.sh("""
            exec 3< <(exec python3 server.py); server=$!; trap "kill $server" EXIT; read -r port <&3
            cd w; GIT_ALLOW_PROTOCOL=http '\(play.program)' init p 2> /dev/null; '\(play.program)' activate p
            GIT_ALLOW_PROTOCOL=http '\(play.program)' add http://127.0.0.1:$port/chatly/one.git 2>&1 | sed "s/:$port/:PORT/g"
            ls
            """)
        #expect(text.hasPrefix("""
            error: cannot clone chatly/one: could not read Username for 'http://127.0.0.1:PORT': terminal prompts disabled
            hint: see that git can log in: git ls-remote http://127.0.0.1:PORT/chatly/one.git

            """), "\(text)")
        #expect(!play.exists("w/chatly"))
    }

    @Test func noSuchVersion() throws {
        let play = try Playground()
        try play.repository("bad/one")
        for (version, words) in [
            ("nope", "Remote branch nope not found in upstream origin"), ("tags/v9", "its remote has no tag 'v9'"),
            ("'\(String(repeating: "1", count: 40))'", "its remote has no '\(String(repeating: "1", count: 40))'"), ("abcdef123", "its remote has no 'abcdef123'"),
        ] {
            try play.sh("rm -rf repos/team repos/chatly w; mkdir w")
            try project(play, url: "\(play.root)/repos/bad/one", version: version)
            let said = try failure(play)
            #expect(said.contains("error: cannot clone local/bad/one: \(words)\n"), "\(said)")
        }
    }

    @Test func aLockOfWhatIsGone() throws {
        let play = try Playground()
        try play.repository("bad/one")
        try project(play, url: "file://\(play.root)/repos/bad/one")
        let gone = try play.sh("cd repos/bad/one; git commit -q --allow-empty -m gone; git rev-parse HEAD; git reset -q --hard HEAD~; git reflog expire --expire=now --all; git gc -q --prune=now").prefix(40)
        let web = try play.head("repos/chatly/web")
        try play.write("repos/team/web-app/rwv.lock", """
            repositories:
              local/bad/one: {type: git, url: "file://\(play.root)/repos/bad/one", version: \(gone)}
              local/chatly/web: {type: git, url: \(play.root)/repos/chatly/web, version: \(web)}

            """)
        try play.sh("cd repos/team/web-app; git add .; git commit -qm lock")
        #expect(try play.rwv("fetch", "local/team/web-app", "--locked") == .init(err: """
            fetched projects/web-app
            1 repo ready
            error: cannot clone local/bad/one: its remote has no '\(gone)'
            error: 1 of 2 repos failed; the others are there
            hint: was it pushed, and is it spelled so? 'rwv lock' records what is there now

            """, status: 1))
        #expect(!play.exists("w/local/bad"))
        // The same for a clone that is there.
        try play.sh("git clone -q repos/bad/one w/local/bad/one")
        let said = try play.rwv("fetch", "--locked", "--project=web-app")
        #expect(said.status == 1)
        #expect(said.err.contains("error: cannot bring local/bad/one to \(gone): its remote has no '\(gone)'\n"), "\(said)")
    }

    @Test func aLockThatLacksOne() throws {
        let play = try Playground()
        try play.repository("bad/one")
        try project(play, url: "file://\(play.root)/repos/bad/one")
        try play.write("repos/team/web-app/rwv.lock", "repositories:\n  local/bad/one: {type: git, url: x, version: \(try play.head("repos/bad/one"))}\n")
        try play.sh("cd repos/team/web-app; git add .; git commit -qm lock; git clone -q \(play.root)/repos/bad/one ../../../w/local/chatly/web")
        let said = try play.rwv("fetch", "local/team/web-app", "--locked", "--force")
        #expect(said == .init(err: """
            fetched projects/web-app
            warning: rwv.lock has no local/chatly/web: taking the version that the manifest says
            warning: the clone at local/chatly/web comes from ROOT/repos/bad/one, not from ROOT/repos/chatly/web
            keeping local/chatly/web (already cloned)
            2 repos ready

            """))
    }

    @Test func aSourceThatIsNone() throws {
        let play = try Playground()
        #expect(try play.rwv("fetch", "file://\(play.root)/nowhere/web-app") == .init(err: """
            error: cannot clone projects/web-app: 'ROOT/nowhere/web-app' does not appear to be a git repository
            hint: see whether git reaches it: git ls-remote file://ROOT/nowhere/web-app

            """, status: 1))
        #expect(try play.rwv("fetch", "web-app") == .init(err: """
            error: 'web-app' is no git repository, no URL and no short form that is known
            hint: write a URL, owner/repo, or REGISTRY/owner/repo with one of github, gitlab, bitbucket, local

            """, status: 1))
        try play.repository("chatly/web")
        #expect(try play.rwv("fetch", "local/chatly/web") == .init(err: """
            error: project 'web' has no rwv.yaml: ROOT/repos/chatly/web is another kind of repository
            hint: 'rwv add local/chatly/web' lists it in a project

            """, status: 1))
        #expect(try play.sh("ls -A w") == "")
        #expect(try play.rwv("fetch") == .init(err: """
            error: no weave found above ROOT/w
            hint: go into a weave, name one with -C, or start one with 'rwv init PROJECT' in an empty directory

            """, status: 1))
    }

    @Test func aManifestThatIsWrong() throws {
        let play = try Playground()
        try project(play, url: "ext::sh -c date")
        let said = try play.rwv("fetch", "local/team/web-app").err
        #expect(said == "error: projects/web-app/rwv.yaml:2:35: repositories.local/bad/one.url: url 'ext::sh -c date' names a transport helper\nhint: git would run a program for it; use https, ssh, git or file\n")
        #expect(try play.sh("ls -A w") == "")
    }

    /// A git that writes something and then waits to be killed.
    private func slowGit(_ play: Playground) throws {
        try play.write("bin/git", """
            #!/bin/bash
            if [ "$1" = clone ] && [ -e \(play.root)/slow ]; then
                for d; do :; done; mkdir -p "$d/.git"; touch "$d/begun"; echo $$ > \(play.root)/id; mv \(play.root)/id \(play.root)/begun; exec sleep 60
            fi
            exec /usr/bin/git "$@"

            """)
        try play.sh("chmod +x bin/git; touch slow")
    }

    @Test(arguments: ["TERM", "INT", "HUP", "KILL"]) func stopped(signal: String) throws {
        let play = try Playground()
        try play.weave()
        try slowGit(play)
        try play.repository("a/b")
        let path = "PATH=\(play.root)/bin:\(CurrentProcess.environment("PATH") ?? "/usr/bin:/bin")"
        let before = try play.sh("ls -A w")
        let status = try play.sh("""
            cd w; set -m; env '\(path)' '\(play.program)' add \(play.root)/repos/a/b 2> /dev/null & id=$!
            while [ ! -e ../begun ]; do sleep 0.02; done
            kill -\(signal) $id; wait $id 2> /dev/null && exit 1; echo $?; kill $(cat ../begun) 2> /dev/null || true; rm ../begun ../slow
            """)
        #expect(status == ["TERM": "143\n", "INT": "130\n", "HUP": "129\n", "KILL": "137\n"][signal])
        #expect(!play.exists("w/local/a/b"))
        if signal != "KILL" { #expect(try play.sh("ls -A w") == before) }
        #expect(try play.rwv("add", "\(play.root)/repos/a/b", environment: [path]) == .init(err: "added local/a/b to projects/web-app/rwv.yaml\n"))
        #expect(try play.sh("find w -name '.rwv-tmp-*'") == "")
    }

    /// What another rwv works on is not taken for a dead one's.
    @Test func aLivingOneIsLeftAlone() throws {
        let play = try Playground()
        try play.weave()
        try slowGit(play)
        for path in ["a/b", "a/c"] { try play.repository(path) }
        let text = try play.sh("""
            cd w; PATH=\(play.root)/bin:$PATH '\(play.program)' add \(play.root)/repos/a/b 2> /dev/null & id=$!
            while [ ! -e ../begun ]; do sleep 0.02; done
            '\(play.program)' add \(play.root)/repos/a/c; ls -d local/a/.rwv-tmp-*/b/begun | wc -l
            kill $(cat ../begun); wait $id && exit 1; ls -A local/a
            """)
        #expect(text == "1\nc\n")
    }
}
