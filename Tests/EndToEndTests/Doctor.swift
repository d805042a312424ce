internal import Testing

extension EndToEnd {
    /// What doctor finds, made for real, and what `--fix` makes of it.
    @Suite struct Doctor {
        /// `finds KINDS`: exactly these, in order of name, and exit code 1. `fixes KINDS`: repairs these and leaves nothing. `leaves KINDS`: what --fix cannot repair.
        static let tools = """
            D=$S/tmp/doctor
            kinds() { json_values kind < "$D" | sort | tr '\\n' ' ' | sed 's/ $//'; }
            doctor() { local s=0; rwv -C "$W" doctor --json "$@" > "$D" || s=$?; echo $s; }
            healthy() { same_text 'exit code of a healthy weave' 0 "$(doctor)"; same_text 'findings' '' "$(kinds)"; }
            finds() { same_text 'exit code' 1 "$(doctor)"; same_text 'findings' "$1" "$(kinds)"; same_text 'findings with why and fix' "$(json_values kind < "$D" | wc -l)" "$(json_values fix < "$D" | grep -c .)"; }
            leaves() { same_text 'exit code of --fix' 1 "$(doctor --fix)"; same_text 'left' "$1" "$(doctor > /dev/null; kinds)"; }
            fixes() { finds "$1"; same_text 'exit code of --fix' 0 "$(doctor --fix)"; same_text 'repaired' "$1" "$(kinds)"; healthy; }
            keeper() { cat "$W/.rwv/run/keeper.pid"; }
            gone() { ! kill -0 "$1" 2> /dev/null; }
            strike() { local k; k=$(keeper); kill -9 "$k"; until_true 10 gone "$k"; }
            tell() { grep -q -- "$1" "$D" || fail "it does not say '$1': $(cat "$D")"; }

            """

        @Test func keeperKilled() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.tools + """
                    healthy
                    create agent; V=$(view agent server); mkdir "$S/m"; rwv -C "$W" mount web-app "$S/m"
                    echo work > "$V/new"; git -C "$V" add new; git -C "$V" commit -qm new; echo more > "$V/other"; mkdir "$S/m/node_modules"
                    expected=$(git -C "$V" status --porcelain; git -C "$V" rev-parse HEAD; listing "$V")
                    shown() { git -C "$V" status --porcelain; git -C "$V" rev-parse HEAD; listing "$V"; }
                    healthy
                    strike
                    ls "$S/m" 2> "$S/tmp/err" && fail 'it is served'; says 'not connected'
                    fixes 'dead-mount dead-mount stale-run-files'
                    same_text 'after --fix' "$expected" "$(shown)"; [ -d "$S/m/node_modules" ] || fail 'the root of the project is gone'
                    strike; up
                    same_text 'after up' "$expected" "$(shown)"; same_text 'project' web-app "$(cat "$S/m/.rwv-active")"
                    healthy
                    # Only the server: its keeper replaces it.
                    kill -9 "$(cat "$W/.rwv/run/server.pid")"; same_text 'after the next one' "$expected" "$(shown)"; healthy
                    # The words for a person.
                    strike; s=0; rwv -C "$W" doctor > "$S/tmp/err" || s=$?; same_text 'exit code' 1 $s; says 'why: '; says 'fix: run .rwv up'; says '3 findings, 3 left'
                    rwv -C "$W" doctor --fix > "$S/tmp/err"; says 'repaired: '; says '3 findings, 0 left'
                    rwv -C "$W" doctor > "$S/tmp/err"; says 'nothing is wrong'
                    delete --force agent; rwv unmount "$S/m"
                    """)
            }
        }

        /// The real rwv 0.2.8 deletes every empty directory when it activates a project.
        @Test func emptyDirectoriesDeleted() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    create agent --engine fuse; create by-hand --engine checkout; down
                    old_activate() { chmod u+w "$W/.workweaves"; find "$W/.rwv" "$W/.workweaves" -depth -type d -empty -delete; rm -rf "$W/.workweaves"; }
                    old_activate; fixes 'missing-directories missing-directories missing-directories'
                    up; equals_native agent server; equals_native by-hand server
                    down; old_activate; rm -r "$W/.rwv/mounts" 2> /dev/null || true
                    s=0; up 2> "$S/tmp/err" || s=$?; same_text 'up' 1 $s; says agent
                    fixes 'missing-directories not-served'
                    equals_native agent server; equals_native by-hand server
                    delete agent; delete by-hand
                    """)
            }
        }

        @Test func worktreesDamaged() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    create agent; V=$(view agent server); C=$(clone server); A=$C/.git/worktrees/agent
                    echo work > "$V/new"; git -C "$V" add new; git -C "$V" commit -qm new; echo more >> "$V/README.md"
                    expected=$(git -C "$V" status --porcelain; git -C "$V" rev-parse HEAD agent/main)
                    whole() { same_text "$1" "$expected" "$(git -C "$V" status --porcelain; git -C "$V" rev-parse HEAD agent/main)"; git -C "$C" worktree list --porcelain | found -xF "worktree $V" || fail "$1: not listed"; }
                    whole before
                    git -C "$C" worktree unlock "$V"; fixes worktree-unlocked; found -F "'agent'" < "$A/locked"; whole unlocked
                    echo "$W/elsewhere/.git" > "$A/gitdir"; fixes worktree-path; whole moved
                    git -C "$C" update-ref -d refs/rwv/agent/base; fixes base-reference; whole 'base reference'
                    same_text 'base' "$(git -C "$C" rev-parse HEAD)" "$(git -C "$C" rev-parse refs/rwv/agent/base)"
                    git -C "$C" update-ref -d refs/heads/agent/main; fixes branch-missing; whole branch
                    rm -r "$A"; fixes worktree-missing; whole worktree; git -C "$V" commit -qam more
                    rm -r "$A"; tip=$(git -C "$C" rev-parse agent/main); git -C "$C" update-ref -d refs/heads/agent/main
                    finds worktree-missing; leaves worktree-missing; tell 'lost-found'
                    git -C "$C" branch agent/main "$tip"; fixes worktree-missing; is_clean "$V"; same_text tip "$tip" "$(git -C "$V" rev-parse HEAD)"
                    mv "$C" "$S/tmp/aside"; finds clone; leaves clone; mv "$S/tmp/aside" "$C"; healthy
                    git -C "$C" commit -q --allow-empty -m top; create other; top=$(git -C "$C" rev-parse HEAD)
                    O=$C/.git/objects/${top:0:2}/${top:2}; mv "$O" "$S/tmp/object"; finds objects-missing; leaves objects-missing; mv "$S/tmp/object" "$O"; healthy
                    delete --force agent; delete other; fsck_all
                    """)
            }
        }

        @Test func strayWorktrees() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(Self.tools + """
                    before=$(state)
                    lose() { down; mv "$W/.rwv/workweaves/agent" "$S/tmp/lost"; rm -rf "$S/tmp/lost"; }
                    create agent; lose; fixes 'stray-worktree stray-worktree stray-worktree'
                    same_text 'left' "$before" "$(state)"
                    # Commits that nothing else has, what is staged, what is under way: never by itself.
                    create agent; V=$(view agent server); echo x > "$V/x"; git -C "$V" add x; git -C "$V" commit -qm 'only here'
                    V=$(view agent web); echo x > "$V/x"; git -C "$V" add x
                    lose; held=$(git -C "$(clone server)" rev-parse agent/main)
                    finds 'stray-worktree stray-worktree stray-worktree'; tell 'only here'; tell 'index differs'
                    leaves 'stray-worktree stray-worktree'
                    same_text 'the commit' "$held" "$(git -C "$(clone server)" rev-parse agent/main)"
                    git -C "$(clone server)" branch kept agent/main; leaves stray-worktree
                    rm "$(clone web)/.git/worktrees/agent/index"; fixes stray-worktree
                    same_text 'branches' "kept main " "$(git -C "$(clone server)" branch --format='%(refname:short)' | grep -v feature | tr '\\n' ' ')"
                    # Another's worktree, and one that the user has made, are none of ours.
                    git -C "$(clone server)" worktree add -q --lock "$S/native/mine"; healthy; git -C "$(clone server)" worktree remove -f -f "$S/native/mine"
                    git -C "$(clone web)" update-ref refs/rwv/gone/base HEAD; fixes stray-reference
                    git -C "$(clone web)" update-ref refs/rwv/gone/base "$(git -C "$(clone web)" commit-tree -m lone HEAD^{tree})"; finds stray-reference; leaves stray-reference
                    git -C "$(clone web)" update-ref -d refs/rwv/gone/base; healthy
                    """)
            }
        }

        @Test func stateDamaged() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    create agent; V=$(view agent server); echo work > "$V/new"; down
                    R=$W/.rwv/workweaves/agent
                    echo 7 > "$W/.rwv/format"; finds state-format; leaves state-format; echo 1 > "$W/.rwv/format"
                    echo junk > "$W/.rwv/cache/bases/junk.meta"; : > "$W/.rwv/cache/bases/empty.meta"; fixes cache-format; [ ! -e "$W/.rwv/cache/bases/junk.meta" ] || fail 'it is there'
                    cp "$R/workweave.json" "$S/tmp/record"; echo '{' > "$R/workweave.json"; finds damaged-record; tell upper; leaves damaged-record
                    same_text 'upper' work "$(cat "$R/upper/github/chatly/server/new")"; cp "$S/tmp/record" "$R/workweave.json"; healthy
                    mv "$R/base/1.meta" "$S/tmp/base"; echo x > "$R/base/1.meta"; finds damaged-base; leaves damaged-base; mv "$S/tmp/base" "$R/base/1.meta"; healthy
                    mkdir "$W/.rwv/workweaves/half"; fixes unfinished; [ ! -e "$W/.rwv/workweaves/half" ] || fail 'it is there'
                    # A delete that was interrupted is carried through.
                    down; printf '{"operation": "delete", "name": "agent", "repos": [{"path": "github/chatly/server", "branch": "refs/heads/agent/main", "base": ""}]}' > "$R/journal.json"
                    finds unfinished; rwv -C "$W" doctor --fix > "$D" || true; same_text 'workweaves' '' "$(workweaves)"
                    fixes stray-worktree
                    """)
            }
        }

        @Test func weaveMoved() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    create agent; V=$(view agent server); echo work > "$V/new"; down
                    mv "$W" "$S/x"; W=$S/x; V=$(view agent server)
                    fixes moved-weave
                    git -C "$(clone server)" worktree list --porcelain | found -xF "worktree $(for_git agent)/github/chatly/server" || fail 'the path is not repaired'
                    same_text 'status' '?? new' "$(git -C "$V" status --porcelain)"
                    down; mv "$S/x" "$S/w"; W=$S/w; fixes moved-weave; delete --force agent
                    """)
            }
        }

        @Test func serverAstray() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    # Another version: the same program with another revision in it.
                    revision=$("$RWV" --version | sed 's/.*+//'); other=$(tr '0-9a-z' '1-90b-za' <<< "$revision")
                    /usr/bin/python3 - "$RWV" "$S/tmp/other" "$revision" "$other" <<'P'
                    import sys; d = open(sys.argv[1], 'rb').read(); open(sys.argv[2], 'wb').write(d.replace(sys.argv[3].encode(), sys.argv[4].encode()))
                    P
                    chmod +x "$S/tmp/other"; "$S/tmp/other" -C "$W" workweave web-app create agent --engine fuse > /dev/null
                    V=$(view agent server); echo work > "$V/new"
                    finds other-version; tell "$other"
                    (cd "$V"; leaves other-version; tell other-version)
                    fixes other-version; same_text 'data' work "$(cat "$V/new")"
                    # Its run directory removed under it.
                    k=$(keeper); mv "$W/.rwv/run" "$S/tmp/run"; finds 'missing-directories unreachable-server'; tell "$k"
                    same_text 'still' work "$(cat "$V/new")"; leaves unreachable-server
                    for words in up 'workweave web-app create second'; do ! rwv -C "$W" $words 2> "$S/tmp/err" || fail 'a second server'; says 'run was emptied'; leaves unreachable-server; done
                    kill "$k"; until_true 10 gone "$k"; healthy; up; same_text 'data' work "$(cat "$V/new")"
                    # Its socket alone.
                    k=$(keeper); rm "$W/.rwv/run/control.sock"; finds unreachable-server; tell "$k"; kill "$k"; until_true 10 gone "$k"; up; healthy
                    delete --force agent
                    """)
            }
        }

        @Test func manifestBroken() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    mkdir "$S/m"; rwv -C "$W" mount web-app "$S/m"; healthy
                    cp "$W/projects/web-app/rwv.yaml" "$S/tmp/good"; echo 'repositories: [' > "$W/projects/web-app/rwv.yaml"
                    stale() { ls "$S/m" > /dev/null; doctor > /dev/null; [ "$(kinds)" = stale-project ]; }
                    until_true 10 stale; leaves stale-project; tell 'rwv.yaml'
                    cp "$S/tmp/good" "$W/projects/web-app/rwv.yaml"; well() { ls "$S/m" > /dev/null; [ "$(doctor)" = 0 ]; }; until_true 10 well
                    rwv unmount "$S/m"
                    """)
            }
        }

        @Test func mountPoints() throws {
            try Sandbox.with([.app]) { box in
                // Root puts other file systems there when it finds a wish for that, in the scenario's namespace.
                try box.inNamespace("""
                    (trap 'exit' TERM; while :; do
                        if [ -e "$S/run/wish" ]; then rm "$S/run/wish"; mount -t tmpfs other "$W/.workweaves"; touch "$S/run/done"; fi
                        if [ -e "$S/run/end" ]; then umount "$W/.workweaves"; touch "$S/run/ended"; exit; fi
                        read -rt 0.02 <> <(:) || true
                    done) > /dev/null 2>&1 &
                    """, Self.tools + """
                    create agent; mkdir "$S/m"; rwv -C "$W" mount web-app "$S/m"
                    # Taken away behind the server's back.
                    fusermount3 -u "$S/m"; noticed() { [ "$(doctor)" = 1 ]; }; until_true 10 noticed
                    fixes not-served; same_text 'project' web-app "$(cat "$S/m/.rwv-active")"
                    down; chmod 755 "$W/.workweaves" "$S/m"; fixes 'mount-point-mode mount-point-mode'; same_text 'modes' '555 555 ' "$(stat -c %a "$W/.workweaves" "$S/m" | tr '\\n' ' ')"
                    chmod 755 "$S/m"; echo x > "$S/m/mine"; chmod 555 "$S/m"; finds files-below; leaves files-below; chmod 755 "$S/m"; rm "$S/m/mine"; chmod 555 "$S/m"; healthy
                    rmdir "$S/m"; finds mount-point; leaves mount-point; echo > "$S/m"; finds mount-point; rm "$S/m"; mkdir -m 555 "$S/m"; healthy
                    cp "$W"/.rwv/mounts/*.json "$S/tmp/record"; f=$(echo "$W"/.rwv/mounts/*.json); echo '{' > "$f"; finds damaged-record; leaves damaged-record; cp "$S/tmp/record" "$f"; healthy
                    touch "$S/run/wish"; until_true 10 test -e "$S/run/done"
                    finds foreign-mount; leaves foreign-mount; tell tmpfs
                    touch "$S/run/end"; until_true 10 test -e "$S/run/ended"; healthy
                    up; rwv unmount "$S/m"; delete agent; down
                    """)
            }
        }

        @Test func machineLacks() throws {
            try Sandbox.with([.app]) { box in
                // Root needs neither helper, nor permission, nor fuse.conf.
                let ordinary = Machine.actsAsRoot ? "healthy; exit" : ""
                try box.inNamespace("mknod -m 0666 tmp/nofuse c 1 3; cp /dev/null tmp/empty; mkdir tmp/dev; for d in null zero full random urandom tty; do cp -a /dev/$d tmp/dev/; done; ln -s /proc/self/fd tmp/dev/fd; mount --bind tmp/dev /dev",
                                    Self.tools + "create agent --engine checkout; finds device; leaves device; delete agent")
                try box.inNamespace("mknod -m 0600 tmp/fuse c 10 229; mount --bind tmp/fuse /dev/fuse", Self.tools + "create agent --engine checkout\n"
                    + (Machine.actsAsRoot ? "healthy" : "finds device") + "; delete agent; down")
                try box.inNamespace("for h in /usr/bin/fusermount3 /bin/fusermount3; do mount --bind /dev/null $h; done", Self.tools + "create agent --engine checkout\n"
                    + (Machine.actsAsRoot ? "healthy" : "finds helper") + "; delete agent; down")
                try box.inNamespace("cp /usr/bin/fusermount3 tmp/f; chmod 0755 tmp/f; mount --bind tmp/f /usr/bin/fusermount3", Self.tools + "create agent --engine checkout\n"
                    + (Machine.actsAsRoot ? "healthy" : "finds helper; tell set-user-ID") + "; delete agent; down")
                try box.inNamespace("printf 'user_allow_other\\nmount_max = 1000\\n' > tmp/conf; chmod a+r tmp/conf; mount --bind tmp/conf /etc/fuse.conf; chmod a+w tmp/conf", Self.tools + """
                    mkdir "$S/m"; rwv -C "$W" mount web-app "$S/m" -o allow_other; healthy; down; \(ordinary)
                    echo 'mount_max = 0' > "$S/tmp/conf"; finds 'allow-other mount-limit'; tell user_allow_other
                    printf 'user_allow_other\\nmount_max = 1000\\n' > "$S/tmp/conf"; healthy
                    """)
            }
        }

        @Test func limitsNearlyReached() throws {
            try Sandbox.with([.app]) { box in
                try box.inNamespace("echo 2 > tmp/limit; chmod a+r tmp/limit; mount --bind tmp/limit /proc/sys/fs/inotify/max_user_watches", Self.tools + """
                    coproc /usr/bin/python3 -c 'import ctypes, sys; c = ctypes.CDLL(None); f = c.inotify_init(); [c.inotify_add_watch(f, p, 2) for p in (b"/tmp", b"/usr")]; print("watching", flush=True); sys.stdin.read()'
                    read -r word <&"${COPROC[0]}"; rwv -C "$W" mounts > /dev/null
                    mkdir -p "$W/.rwv"; finds 'inotify-watches missing-directories'; leaves inotify-watches; tell sysctl
                    eval "exec ${COPROC[1]}>&-"; wait
                    (ulimit -n 700; create agent); finds open-files; leaves open-files
                    down; create other; same_text 'open files' '' "$(doctor > /dev/null; kinds | tr ' ' '\\n' | grep open || true)"
                    delete agent; delete other; down
                    """)
            }
        }
    }
}
