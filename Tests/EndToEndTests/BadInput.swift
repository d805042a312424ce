internal import Syscalls
internal import Testing

extension EndToEnd {
    /// A clone or a name that cannot be used: one clear error with a hint, exit code 1, nothing left.
    @Suite struct BadInput {
        /// A state of the clone `server`, how to bring it about, and a word that the message must contain.
        struct Case: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let setUp: String
            let word: String
            init(_ name: String, _ setUp: String, says word: String) { (testDescription, self.setUp, self.word) = (name, setUp, word) }
        }

        static let refused: [Case] = [
            Case("missing clone", "rm -rf \"$C\"", says: "github/chatly/server"),
            Case("not a repository", "rm -rf \"$C/.git\"", says: "github/chatly/server"),
            Case("a file in its place", "rm -rf \"$C\"; echo x > \"$C\"", says: "github/chatly/server"),
            Case("bare", "rm -rf \"$C\"; git clone -q --bare \"$S/origins/server.git\" \"$C\"", says: "bare"),
            Case("empty", "rm -rf \"$C\"; git init -q \"$C\"", says: "commit"),
            Case("sha-256", "rm -rf \"$C\"; git init -q --object-format=sha256 \"$C\"; git -C \"$C\" commit -q --allow-empty -m x", says: "sha"),
            Case("branch exists", "git -C \"$C\" branch agent/main", says: "agent/main"),
            Case("branch NAME in the way", "git -C \"$C\" branch agent", says: "agent"),
            Case("branch below it in the way", "git -C \"$C\" branch agent/main/deeper", says: "agent/main"),
            Case("broken HEAD", "echo 1234567812345678123456781234567812345678 > \"$C/.git/HEAD\"", says: "server"),
            Case("broken manifest", "printf 'repositories:\\n  x: [\\n' > \"$W/projects/web-app/rwv.yaml\"", says: "rwv.yaml"),
            Case("no manifest", "rm \"$W/projects/web-app/rwv.yaml\"", says: "rwv.yaml"),
            Case("absolute path", "sed -i 's|github/chatly/server|/etc/server|' \"$W/projects/web-app/rwv.yaml\"", says: "rwv.yaml"),
            Case("path that climbs", "sed -i 's|github/chatly/server|github/../../server|' \"$W/projects/web-app/rwv.yaml\"", says: "rwv.yaml"),
            Case("path with .git", "sed -i 's|github/chatly/server|github/.git/server|' \"$W/projects/web-app/rwv.yaml\"", says: "rwv.yaml"),
            Case("repo inside another", "sed -i 's|github/chatly/server|github/chatly/web/inner|' \"$W/projects/web-app/rwv.yaml\"", says: "inner"),
            Case("URL that runs a program", "sed -i 's|url: file:.*server.git|url: ext::sh -c id|' \"$W/projects/web-app/rwv.yaml\"", says: "url"),
            Case("URL that is an option", "sed -i 's|url: file:.*server.git|url: --upload-pack=id|' \"$W/projects/web-app/rwv.yaml\"", says: "url"),
        ]

        /// What cannot be copied is refused, and nobody waits for it.
        @Test(arguments: ["mkfifo \"$W/odd\"", "/usr/bin/python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$W/odd\""]) func oddThingsToCopy(_ make: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    \(make); printf '\\nworkweave:\\n  copy: [odd]\\n' >> "$W/projects/web-app/rwv.yaml"
                    for engine in fuse checkout; do refuses -C "$W" workweave web-app create agent --engine $engine; says "the manifest wants 'odd' copied"; done
                    same_text 'listed' '' "$(workweaves)"
                    """)
            }
        }

        /// Two clones that are one repository.
        @Test func oneRepositoryTwice() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    git -C "$(clone server)" worktree add -q -b second "$(clone second)"; printf '  github/chatly/second:\\n    type: git\\n    url: file://%s\\n    version: main\\n    role: primary\\n' "$S/origins/second.git" >> "$W/projects/web-app/rwv.yaml"
                    refuses -C "$W" workweave web-app create agent; says 'github/chatly/server and github/chatly/second are working trees of one repository'
                    same_text 'listed' '' "$(workweaves)"; git -C "$(clone server)" worktree remove --force "$(clone second)"; git -C "$(clone server)" branch -qD second
                    """)
            }
        }

        @Test(arguments: refused) func isRefused(_ bad: Case) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    C=$(clone server)
                    \(bad.setUp)
                    refuses -C "$W" workweave web-app create agent
                    says '\(bad.word)'
                    same_text 'listed' '' "$(workweaves 2>/dev/null)"
                    """)
            }
        }

        @Test func names() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    for name in .hidden a/b .. 'a b' "$(printf 'a\\nb')" 'a*' "$(printf 'x%.0s' $(seq 300))" -- ; do
                        status=0; create "$name" > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                        [ "$name" = -- ] && { [ $status -ne 0 ] || delete "$(workweaves)"; continue; }
                        [ $status -eq 1 ] || [ $status -eq 2 ] || fail "name '$name': exit code $status"
                        grep -q '^error: ' "$S/tmp/err" || fail "name '$name': no error: $(cat "$S/tmp/err")"
                        same_text "listed after '$name'" '' "$(workweaves)"
                    done
                    create agent
                    refuses -C "$W" workweave web-app create agent; says agent
                    create a.b_c-9; is_clean "$(view a.b_c-9 server)"
                    refuses -C "$W" workweave nowhere create other; says nowhere
                    refuses -C "$W" workweave web-app delete nobody; says nobody
                    refuses -C "$W" workweave web-app create x --at github/chatly/server=no-such-rev; says no-such-rev
                    refuses -C "$W" workweave web-app create x --at github/chatly/nothing=main; says nothing
                    refuses -C "$W" workweave web-app create x --locked; says lock
                    # Names are unique per weave, not per project.
                    rwv -C "$W" init other 2>/dev/null; git -C "$W/projects/other" add -A; git -C "$W/projects/other" commit -q --allow-empty -m x
                    refuses -C "$W" workweave other create agent; says agent
                    """)
            }
        }

        @Test func usage() throws {
            try Sandbox.with([.app]) { box in
                for arguments in [["no-such-command"], ["workweave", "web-app", "frobnicate"], ["mounts", "--no-such-flag"], ["workweave", "web-app", "create", "a", "b"]] {
                    let outcome = try box.rwv(arguments)
                    #expect(outcome.status == 2, "\(arguments): \(outcome.errorText)")
                    #expect(outcome.output.isEmpty && !outcome.error.isEmpty)
                }
                for arguments in [["--help"], ["--version"], ["workweave", "--help"], ["lock", "--help"]] {
                    let outcome = try box.rwv(arguments)
                    #expect(outcome.status == 0 && !outcome.output.isEmpty && outcome.error.isEmpty, "\(arguments)")
                }
            }
        }

        @Test func outsideOfAnyWeave() throws {
            try Sandbox.with([]) { box in
                try box.bash("""
                    for words in 'check' 'lock' 'up' 'mounts' 'workweave web-app list' 'resolve'; do
                        status=0; (cd "$S/tmp" && rwv $words) > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                        [ $status -eq 1 ] || fail "rwv $words outside of a weave: exit code $status"
                        grep -q '^error: ' "$S/tmp/err" && grep -q '^hint: ' "$S/tmp/err" || fail "rwv $words: $(cat "$S/tmp/err")"
                    done
                    [ ! -e "$S/tmp/.rwv" ] || fail 'state in a directory that is no weave'
                    """)
            }
        }

        /// Unusual, and it works.
        static let works: [Case] = [
            Case("shallow", "rm -rf \"$C\"; git clone -q --depth 1 \"file://$S/origins/server.git\" \"$C\"", says: "agent/main"),
            Case("detached HEAD", "git -C \"$C\" checkout -q --detach HEAD~3", says: "agent/HEAD"),
            Case("mid-merge", "git -C \"$C\" checkout -q -b m HEAD~20; echo o > \"$C/src/net/part1.txt\"; git -C \"$C\" commit -qam o; git -C \"$C\" merge -q origin/feature || true; [ -e \"$C/.git/MERGE_HEAD\" ]", says: "agent/m"),
            Case("mid-rebase", "echo o > \"$C/src/net/part1.txt\"; git -C \"$C\" commit -qam o; git -C \"$C\" rebase -q origin/feature || true; [ -d \"$C/.git/rebase-merge\" ]", says: "agent/HEAD"),
            Case("worktreeConfig", "git -C \"$C\" config extensions.worktreeConfig true", says: "agent/main"),
            Case("partial clone", "rm -rf \"$C\"; git -C \"$S/origins/server.git\" config uploadpack.allowFilter true; git clone -q --filter=blob:none \"file://$S/origins/server.git\" \"$C\"; git -C \"$C\" checkout -q HEAD~8", says: "agent/HEAD"),
            Case("packed refs", "git -C \"$C\" pack-refs --all", says: "agent/main"),
            Case("alternates", "rm -rf \"$C\"; git clone -q --shared \"$S/origins/server.git\" \"$C\"", says: "agent/main"),
            Case("branch with slashes", "git -C \"$C\" switch -q -c topic/of/mine", says: "agent/topic/of/mine"),
            Case("odd branch name", "git -C \"$C\" switch -q -c \"f#1'\"", says: "agent/f#1'"),
            Case("git directory elsewhere", "git -C \"$C\" init -q --separate-git-dir=\"$S/tmp/elsewhere\" ", says: "agent/main"),
            Case("files that are in the way", "rm -rf \"$C\"/*; mkdir \"$C/README.md\"", says: "agent/main"),
        ]

        @Test(arguments: works) func isUsed(_ odd: Case) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    C=$(clone server)
                    \(odd.setUp)
                    before=$(git -C "$C" status --porcelain=v2 --branch)
                    create agent
                    branch=$(git -C "$(view agent server)" branch --show-current)
                    expected=\(odd.word == "agent/f#1'" ? "\"agent/f#1'\"" : "'\(odd.word)'")
                    same_text 'branch' "$expected" "$branch"
                    equals_native agent server
                    echo changed >> "$(view agent server)/README.md"
                    git -C "$(view agent server)" commit -qam changed
                    same_text 'status of the clone' "$before" "$(git -C "$C" status --porcelain=v2 --branch)"
                    delete --force agent
                    [ -z "$(git -C "$C" for-each-ref refs/heads/agent refs/rwv)" ] || fail 'refs are left'
                    [ -z "$(git -C "$C" worktree list --porcelain | grep workweaves)" ] || fail 'a worktree is left'
                    """)
            }
        }

        /// An extension that the installed git may not know yet; then the clone's own files are the oracle.
        @Test func relativeWorktrees() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    C=$(clone server)
                    git -C "$C" config core.repositoryFormatVersion 1
                    git -C "$C" config extensions.relativeWorktrees true
                    create agent
                    same_tree "$C" "$(view agent server)"
                    if git -C "$C" status > /dev/null 2>&1; then equals_native agent server; fi
                    delete agent
                    [ ! -e "$C/.git/worktrees/agent" ] || fail 'a worktree is left'
                    """)
            }
        }

        /// Git's name for a worktree may be taken by one that is not ours: both live, or ours is refused.
        @Test func worktreeOfThatName() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    git -C "$(clone server)" worktree add -q --detach "$S/native/agent"
                    if create agent 2> "$S/tmp/err"; then
                        equals_native agent server; delete agent
                    else
                        refuses -C "$W" workweave web-app create agent
                    fi
                    is_clean "$S/native/agent"
                    """)
            }
        }
    }
}
