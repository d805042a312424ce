internal import Testing

extension EndToEnd {
    /// delete never loses work by itself.
    @Suite struct Deleting {
        struct Case: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let work: String
            let word: String
            init(_ name: String, _ work: String, says word: String) { (testDescription, self.work, self.word) = (name, work, word) }
        }

        /// `$A` is the workweave, `$V` its server repo.
        static let work: [Case] = [
            Case("changed file", "echo x >> \"$V/README.md\"", says: "github/chatly/server"),
            Case("untracked file", "echo x > \"$V/new\"", says: "github/chatly/server"),
            Case("removed file", "rm \"$V/README.md\"", says: "github/chatly/server"),
            Case("directory replaced by an empty one", "rm -r \"$V/src\"; mkdir \"$V/src\"", says: "github/chatly/server"),
            Case("directory of the project replaced by an empty one", "rm -r \"$A/projects/web-app/docs\"; mkdir \"$A/projects/web-app/docs\"", says: "projects/web-app"),
            Case("staged file", "echo x > \"$V/new\"; git -C \"$V\" add new", says: "github/chatly/server"),
            Case("changed mode", "chmod +x \"$V/README.md\"", says: "github/chatly/server"),
            Case("unreachable commit", "echo x > \"$V/new\"; git -C \"$V\" add new; git -C \"$V\" commit -qm new", says: "github/chatly/server"),
            Case("unreachable commit on a detached HEAD", "git -C \"$V\" checkout -q --detach; git -C \"$V\" commit -q --allow-empty -m new", says: "github/chatly/server"),
            Case("merge in progress", "git -C \"$V\" checkout -q HEAD~20 -- . ; git -C \"$V\" commit -qm o; git -C \"$V\" merge -q origin/feature || true", says: "github/chatly/server"),
            Case("changes set aside by a rebase", "echo x >> \"$V/README.md\"; GIT_SEQUENCE_EDITOR='sed -i 1s/pick/edit/' git -C \"$V\" rebase -q --autostash -i HEAD~1", says: "autostash"),
            Case("changes set aside by a merge", "echo x >> \"$V/README.md\"; git -C \"$V\" merge -q --autostash --no-ff --no-commit origin/feature || true; [ -e \"$(git -C \"$V\" rev-parse --git-dir)/MERGE_AUTOSTASH\" ] || fail 'nothing is set aside'", says: "autostash"),
            Case("commit of a reference of the worktree's own", "git -C \"$V\" commit -q --allow-empty -m new; git -C \"$V\" update-ref refs/worktree/kept HEAD; git -C \"$V\" reset -q --hard HEAD~1", says: "github/chatly/server"),
            Case("change of a file assumed unchanged", "git -C \"$V\" update-index --assume-unchanged README.md; echo x >> \"$V/README.md\"", says: "README.md"),
            Case("change of a file assumed unchanged that stat(2) does not show", """
                git config --global core.trustctime false; git -C "$V" update-index --assume-unchanged README.md; touch -r "$V/README.md" "$S/tmp/then"
                printf X | dd of="$V/README.md" conv=notrunc status=none; touch -r "$S/tmp/then" "$V/README.md"
                """, says: "README.md"),
            Case("change of a file that git skips", "git -C \"$V\" update-index --skip-worktree README.md; echo x >> \"$V/README.md\"", says: "README.md"),
            Case("commit of a repository made inside", "git init -q \"$V/sub\"; git -C \"$V/sub\" commit -q --allow-empty -m mine; git -C \"$V\" add sub 2> /dev/null; git -C \"$V\" commit -qm sub", says: "submodule sub: 1 commit on no remote"),
            Case("worktree made inside, where git ignores it", "git -C \"$V\" worktree add -q --detach \"$V/build/wt\"; echo x > \"$V/build/wt/new\"", says: "holds a worktree: build/wt"),
            Case("change in a submodule that git was told not to look at", """
                git clone -q "file://$S/origins/web.git" "$V/sub"; git -C "$V" add sub 2> /dev/null; git -C "$V" commit -qm sub
                cd "$V/sub"; f=$(git ls-files | head -n 1); git update-index --assume-unchanged "$f"; echo x >> "$f"; cd /
                """, says: "submodule sub, has 1 uncommitted change"),
            Case("reference of a submodule's own", """
                git clone -q "file://$S/origins/web.git" "$V/sub"; git -C "$V" add sub 2> /dev/null; git -C "$V" commit -qm sub; git -C "$V/sub" update-ref refs/wip/x "$(git -C "$V/sub" commit-tree -m x -p HEAD HEAD^{tree})"
                """, says: "submodule sub: 1 commit on no remote"),
            Case("stash of a clone inside", """
                git clone -q "$(clone web)" "$V/sub"; git -C "$V" add sub 2> /dev/null; git -C "$V" commit -qm sub; git -C "$V/sub" config status.showUntrackedFiles no
                echo x > "$V/sub/new"; git -C "$V/sub" add new; git -C "$V/sub" stash -q
                """, says: "submodule sub: 2 commits on no remote"),
            Case("file at the root", "echo x > \"$A/notes.txt\"", says: "notes.txt"),
            Case("directory at the root", "mkdir \"$A/notes\"; echo x > \"$A/notes/one\"", says: "notes"),
            Case("file beside the repos", "echo x > \"$A/github/chatly/mine\"", says: "mine"),
            Case("change in the project", "echo '# x' >> \"$A/projects/web-app/rwv.yaml\"", says: "projects/web-app"),
            Case("commit in the project", "echo x > \"$A/projects/web-app/y\"; git -C \"$A/projects/web-app\" add -A; git -C \"$A/projects/web-app\" commit -qm y", says: "projects/web-app"),
        ]

        /// What only the workweave's branch keeps by now is work, though nobody did it there.
        @Test func baseThatNothingElseKeeps() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    C=$(clone server); gone() { says "github/chatly/server has $1 on no other branch"; git -C "$C" cat-file -e "$2" || fail 'the commit is gone'; }
                    refused() { refuses -C "$W" workweave web-app delete "$1"; gone '1 commit' "$2"; ! rmdir "$W/.workweaves/$1" 2> /dev/null || fail 'rmdir took it away'; delete --force "$1"; }
                    # A workweave made upon another's commit, which goes first.
                    create one; git -C "$(view one server)" commit -q --allow-empty -m WORK; X=$(git -C "$C" rev-parse one/main)
                    create two --at github/chatly/server=one/main; delete one; refused two "$X"
                    # The clone's branch is gone, and rewound.
                    git -C "$C" switch -qc feat; git -C "$C" commit -q --allow-empty -m F; create three; X=$(git -C "$C" rev-parse feat); git -C "$C" switch -q main; git -C "$C" branch -qD feat; refused three "$X"
                    git -C "$C" commit -q --allow-empty -m G; create four; X=$(git -C "$C" rev-parse main); git -C "$C" reset -q --hard HEAD~1; refused four "$X"
                    # Two at once that have only each other.
                    for round in 1 2 3; do
                        create one; git -C "$(view one server)" commit -q --allow-empty -m WORK; X=$(git -C "$C" rev-parse one/main); create two --at github/chatly/server=one/main
                        pids=(); for name in one two; do delete $name 2> /dev/null & pids+=($!); done; for pid in "${pids[@]}"; do wait $pid || true; done
                        [ -n "$(git -C "$C" for-each-ref --contains "$X" refs/heads)" ] || fail 'no branch has the commit any more'
                        for name in $(workweaves); do delete --force $name; done
                    done
                    # Kept by what the clone has, it goes without a word.
                    create five; git -C "$C" commit -q --allow-empty -m H; delete five; fsck_all
                    """)
            }
        }

        /// What a program has stored in a mapping that it still holds.
        @Test func storedInAMapping() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    ENGINE=fuse create agent; V=$(view agent server); mkfifo "$S/go"
                    /usr/bin/python3 -c 'import mmap, os, sys; f = os.open(sys.argv[1], os.O_RDWR); m = mmap.mmap(f, 0); os.close(f); m[0:1] = b"Z"; open(sys.argv[2], "w").close(); open(sys.argv[2]).read()' "$V/README.md" "$S/go" & holder=$!
                    : < "$S/go"
                    refuses -C "$W" workweave web-app delete agent; says README.md
                    : > "$S/go"; wait $holder; same_text 'status' ' M README.md' "$(git -C "$V" status --porcelain)"; delete --force agent
                    """)
            }
        }

        /// What came along is nobody's work, whatever the weave has by now: copies of a project without a commit, and what the manifest puts into repos.
        @Test func whatCameAlong() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    P=$W/projects/web-app; rm -rf "$P/.git"; create agent; echo '# later' >> "$P/rwv.yaml"; delete agent
                    create agent; echo '# mine' >> "$W/.workweaves/agent/projects/web-app/rwv.yaml"; refuses -C "$W" workweave web-app delete agent; says rwv.yaml; delete --force agent
                    echo EN > "$(clone server)/.env-copy"; mkdir "$(clone server)/deps"; printf '\\nworkweave:\\n  copy: [github/chatly/server/.env-copy]\\n  link: [github/chatly/server/deps]\\n' >> "$P/rwv.yaml"
                    create agent; V=$(view agent server); same_text 'the copy' EN "$(cat "$V/.env-copy")"; same_text 'the link' "$(clone server)/deps" "$(readlink "$V/deps")"; echo more >> "$(clone server)/.env-copy"; delete agent
                    create agent; echo more >> "$V/.env-copy"; refuses -C "$W" workweave web-app delete agent; says .env-copy; delete --force agent
                    git -C "$(clone server)" config core.excludesFile "$S/ignored"; echo .env-copy > "$S/ignored"
                    create agent; echo more >> "$V/.env-copy"; same_text 'status' '' "$(git -C "$V" status --porcelain -- .env-copy)"; refuses -C "$W" workweave web-app delete agent; says '.env-copy was copied there, and was changed'; delete --force agent
                    create agent; ln -sfn elsewhere "$V/deps"; refuses -C "$W" workweave web-app delete agent; says deps; delete --force agent
                    if [ "$SHOWN" = fuse ]; then create agent; rmdir "$W/.workweaves/agent"; fi
                    """)
            }
        }

        /// A submodule with nothing of its own is no reason, whichever way it was made.
        @Test func cloneInsideWithoutWork() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create agent; V=$(view agent server); git clone -q "file://$S/origins/web.git" "$V/sub"; git -C "$V" add sub 2> /dev/null; git -C "$V" commit -qm sub; git -C "$V" branch keep; delete agent
                    """)
            }
        }

        /// What is mounted inside is somebody else's.
        @Test func mountedInside() throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.inNamespace("", """
                    mkdir "$S/precious"; echo mine > "$S/precious/file"
                    for engine in checkout fuse; do
                        ENGINE=$engine create agent > /dev/null; D=$(readlink -f "$W/.workweaves/agent")/node_modules/d; mkdir -p "$D"; mount --bind "$S/precious" "$D"
                        for force in '' --force; do
                            if delete $force agent 2> "$S/tmp/err"; then break; fi
                            says 'something is mounted at .*node_modules/d'; same_text 'listed' agent "$(workweaves)"; same_text 'there' mine "$(cat "$D/file")"
                        done
                        umount "$D" 2> /dev/null || true; [ ! -e "$W/.rwv/workweaves/agent" ] || delete --force agent
                        same_text 'what is mine' mine "$(cat "$S/precious/file")"
                    done
                    D=$(clone server)/data; mkdir "$D"; echo data > "$(clone server)/.gitignore"; mount --bind "$S/precious" "$D"
                    for force in '' --force; do refuses -C "$W" remove github/chatly/server --delete $force; says "something is mounted at $D"; done
                    same_text 'what is mine' mine "$(cat "$S/precious/file")"; umount "$D"; rmdir "$D"; git -C "$(clone server)" checkout -q .gitignore
                    """)
            }
        }

        @Test(arguments: work) func isRefusedOver(_ some: Case) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    before=$(state)
                    create agent; create neighbour
                    A=$W/.workweaves/agent; V=$(view agent server)
                    \(some.work)
                    shown=$(cd "$A" && find . -name .git -prune -o -printf '%m %y %p\\n' | sort; git -C "$V" status --porcelain=v2 --branch)
                    refuses -C "$W" workweave web-app delete agent
                    says '\(some.word)'
                    same_text 'after the refusal' "$shown" "$(cd "$A" && find . -name .git -prune -o -printf '%m %y %p\\n' | sort; git -C "$V" status --porcelain=v2 --branch)"
                    rmdir "$A" 2> /dev/null && fail 'rmdir took it away'
                    same_text 'listed' "agent neighbour " "$(workweaves | sort | tr '\\n' ' ')"
                    delete --force agent; git -C "$(clone server)" worktree prune
                    is_clean "$(view neighbour server)"
                    delete neighbour
                    same_text 'left over' "$(sed '/^[0-9a-f]\\{40\\} refs/d' <<< "$before")" "$(state)"
                    fsck_all
                    """)
            }
        }

        /// git sees nothing of a submodule that is not initialised.
        @Test func filesInASubmodulesPlace() throws {
            try Sandbox.with([.submodules]) { box in
                try box.bash("""
                    create agent; V=$(view agent platform); place=$(git -C "$V" ls-files -s | awk '$1 == 160000 { print $4; exit }'); [ -n "$place" ] || fail 'no submodule'
                    echo work > "$V/$place/notes"; same_text 'status' '' "$(git -C "$V" status --porcelain)"
                    refuses -C "$W" workweave web-app delete agent; says "submodule $place: files"
                    rm "$V/$place/notes"; delete agent
                    """)
            }
        }

        @Test func commitsInASubmodule() throws {
            try Sandbox.with([.submodules]) { box in
                try box.bash("""
                    create agent; cd "$(view agent platform)"
                    git submodule -q update --init > /dev/null 2>&1
                    cd "$W"; delete agent; create agent; cd "$(view agent platform)"
                    git submodule -q update --init > /dev/null 2>&1
                    # On a branch of the submodule's, whose git directory goes with the worktree.
                    cd modules/util; git switch -q -c mine; git commit -q --allow-empty -m 'only here'; git checkout -q --detach HEAD~1; cd "$W"
                    is_clean "$(view agent platform)"
                    refuses -C "$W" workweave web-app delete agent
                    says modules/util
                    delete --force agent
                    """)
            }
        }

        @Test func reachableCommitsAreNoReason() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; V=$(view agent server)
                    echo x > "$V/new"; git -C "$V" add new; git -C "$V" commit -qm new
                    git -C "$V" branch keep
                    delete agent
                    git -C "$(clone server)" cat-file -e keep:new
                    create other; V=$(view other server)
                    git -C "$V" switch -q -c elsewhere; git -C "$V" commit -q --allow-empty -m x
                    delete other
                    git -C "$(clone server)" rev-parse -q --verify elsewhere > /dev/null || fail "the user's own branch is gone"
                    # Ignored and generated files are no work.
                    create third; mkdir "$(view third server)/build"; echo o > "$(view third server)/build/o"; echo l > "$(view third server)/x.log"
                    delete third
                    """)
            }
        }

        /// A program that has only a file system.
        @Test func makeAndRemoveDirectory() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create seed > /dev/null; delete seed; before=$(state)
                    mkdir "$W/.workweaves/agent"
                    same_text 'listed' agent "$(workweaves)"
                    equals_native agent server; equals_native agent web
                    mkdir "$W/.workweaves/agent" 2> /dev/null && fail 'made twice'
                    mkdir "$W/.workweaves/.hidden" 2> /dev/null && fail 'a name that create refuses'
                    (echo x > "$W/.workweaves/file") 2> /dev/null && fail 'a file among the workweaves'
                    mv "$W/.workweaves/agent" "$W/.workweaves/other" 2> /dev/null && fail 'renamed'
                    echo x > "$(view agent server)/x"
                    rmdir "$W/.workweaves/agent" 2> /dev/null && fail 'removed with work in it'
                    rm "$(view agent server)/x"
                    rmdir "$W/.workweaves/agent"
                    same_text 'left over' "$before" "$(state)"
                    git -C "$(clone server)" branch taken/main
                    mkdir "$W/.workweaves/taken" 2> "$S/tmp/err" && fail 'made in spite of the branch'
                    [ ! -e "$W/.workweaves/taken" ] || fail 'half made'
                    """)
            }
        }

        @Test func whileSomebodyStandsInIt() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; cd "$(view agent server)"
                    exec 5< README.md
                    # What the kernel has mounted, and what is ordinary files, goes when it is forced to, while somebody is there.
                    if [ "$SHOWN" != fuse ]; then refuses -C "$W" workweave web-app delete agent; says "process $$"; force=--force; fi
                    "$RWV" -C "$W" workweave web-app delete agent ${force:-}
                    [ ! -e "$W/.workweaves/agent" ] || fail 'still there'
                    ls . > /dev/null 2>&1 || true
                    cat <&5 > /dev/null 2>&1 || true
                    exec 5<&-; cd /
                    create agent; equals_native agent server
                    """)
            }
        }
    }
}
