import Testing

extension EndToEnd {
    /// `rwv exec --fast` and everybody else: who waits, who is refused, who ends when.
    @Suite struct FastExecTogether {
        @Test func inUse() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; create other > /dev/null; A=$W/.workweaves/agent
                    echo before > "$A/note"
                    hold agent bash -c 'echo after > note'
                    same_text 'state' "in use: in use by 'rwv exec --fast': process $holder (rwv)" "$(rwv -C "$W" mounts | sed -n 's|.*/agent  agent  fuse  ||p')"
                    same_text 'users' "[$holder]" "$(rwv -C "$W" workweave web-app list --json | json_values in_use_by | head -n 1 | tr -d ' \\n')"
                    [ -d "$A" ] || fail 'the directory is gone'
                    ! cat "$A/note" 2> "$S/tmp/err" || fail 'it can be read'
                    says 'resource busy'
                    ! ls "$A" > /dev/null 2>&1 || fail 'it can be listed'
                    ! echo x 2> /dev/null > "$A/new" || fail 'it can be written to'
                    rmdir "$A" 2> "$S/tmp/err" && fail 'it can be removed'
                    for words in 'workweave web-app delete agent' 'workweave web-app delete --force agent' 'workweave web-app sync agent' 'workweave web-app engine agent checkout' 'exec agent true' \\
                        'exec --fast agent true' 'shell agent' 'down'; do
                        refuses -C "$W" $words; says "in use by 'rwv exec --fast'"; says "process $holder"
                    done
                    refuses -C "$W/.workweaves/agent" status; says "in use by 'rwv exec --fast'"
                    same_text 'others go on' hello "$(rwv -C "$W" exec other echo hello)"
                    same_text 'two at once' overlayfs "$(fast other stat -f -c %T .)"
                    rwv -C "$W" doctor 2> "$S/tmp/err" | found 'nothing is wrong' || fail "doctor: $(rwv -C "$W" doctor)"
                    says "process $holder"
                    let_go
                    same_text 'afterwards' after "$(cat "$A/note")"
                    is_free agent && equals_native agent server
                    """)
            }
        }

        /// Who opens a file just as it is handed out, and keeps it, changes nothing of what others see afterwards.
        @Test func somebodyComesInBetween() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; V=$(view agent server)
                    for k in 1 2 3; do echo "content $k" > "$V/n$k"; done; echo edit >> "$V/README.md"
                    python3 -c '
                    import os, sys
                    while not os.path.exists(sys.argv[2]):
                        try:
                            fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
                            os.write(fd, b"x")
                            os.close(fd)
                        except OSError: pass
                    ' "$V/w" "$S/tmp/stop" & writer=$!
                    for round in {1..40}; do rwv -C "$W" exec --fast agent -- true 2> "$S/tmp/err" || true; done
                    touch "$S/tmp/stop"; wait $writer
                    until_true 20 is_free agent
                    same_text 'new files' "$(printf 'content %s\n' 1 2 3)" "$(cat "$V"/n[123])"
                    same_text 'status' ' M README.md ?? n1 ?? n2 ?? n3 ?? w ' "$(git -C "$V" status --porcelain | tr '\n' ' ')"
                    echo more > "$V/n4"
                    refuses -C "$W" workweave web-app delete agent
                    """)
            }
        }

        /// Whoever is in it first is not thrown out.
        @Test func somebodyIsInIt() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; A=$W/.workweaves/agent
                    exec 5> "$A/open"
                    refuses -C "$W" exec --fast agent true; says "process $$"
                    exec 5>&-
                    (cd "$A"; refuses -C "$W" exec --fast agent true; says "$A")
                    refuses -C "$W" exec --fast agent true < "$A/open"; says 'agent/open'
                    echo x > "$A/open"
                    same_text 'now' x "$(fast agent cat open)"
                    """)
            }
        }

        /// git and rwv inside see the workweave as everywhere.
        @Test func rwvInside() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; create other > /dev/null
                    cat > "$S/inside" <<'SH'
                    set -e
                    echo "$(stat -f -c %T .) $PWD $(id -u):$(id -g) $RWV_WORKWEAVE"
                    cd github/chatly/server
                    echo x >> README.md; git commit -qam inside
                    "$RWV" status | awk '{print $1, $4}'
                    "$RWV" lock
                    grep -c "$(git rev-parse HEAD)" "$RWV_WEAVE/.workweaves/agent/projects/web-app/rwv.lock"
                    "$RWV" check > /dev/null || true
                    "$RWV" exec agent pwd
                    "$RWV" exec --fast agent stat -f -c %T .
                    "$RWV" exec other pwd
                    "$RWV" workweave web-app list
                    ! "$RWV" workweave web-app sync agent 2> /dev/null || echo 'synced under itself'
                    ! "$RWV" down 2> /dev/null || echo 'took itself down'
                    SH
                    export RWV
                    expected="overlayfs $W/.workweaves/agent $(id -u):$(id -g) agent
                    github/chatly/server clean
                    1
                    $W/.workweaves/agent
                    overlayfs
                    $W/.workweaves/other
                    agent
                    other"
                    same_text 'what it says' "$expected" "$(fast agent bash "$S/inside")"
                    same_text 'the commit' inside "$(git -C "$(view agent server)" log -1 --format=%s)"
                    same_text 'status' '' "$(git -C "$(view agent server)" status --porcelain)"
                    """)
            }
        }

        @Test func endsAsTheCommandDoes() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null
                    same_text 'exit code' 7 "$(status rwv -C "$W" exec --fast agent sh -c 'exit 7')"
                    same_text 'ended by a signal' 137 "$(status rwv -C "$W" exec --fast agent sh -c 'kill -9 $$')"
                    same_text 'by another' 143 "$(status rwv -C "$W" exec --fast agent sh -c 'kill $$')"
                    same_text 'no such command' 127 "$(status rwv -C "$W" exec --fast agent no-such-command)"; says 'cannot run no-such-command'
                    same_text 'cannot be run' 126 "$(status rwv -C "$W" exec --fast agent "$W/projects/web-app/rwv.yaml")"
                    same_text 'input and open files pass' 'in three' "$(echo in | rwv -C "$W" exec --fast agent bash -c 'echo "$(cat) $(cat <&3)"' 3<<<three)"
                    # Beside its mounts it is the process that it is without --fast.
                    traits() { (trap '' INT; umask 027; cd "$S"; rwv -C "$W" exec "$@" agent bash -c 'umask; id -u; id -g; grep -E "^(Sig(Blk|Ign)|Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Threads)" /proc/self/status; ls /proc/$$/fd; env | sort | grep -v "^_="'); }
                    same_text 'its traits' "$(traits)" "$(traits --fast)"
                    same_text 'a shell' "$W/.workweaves/agent" "$(echo pwd | SHELL=/bin/sh rwv -C "$W" shell --fast agent)"
                    # A signal to rwv is one to the command.
                    mkfifo "$S/fifo"
                    "$RWV" -C "$W" exec --fast agent bash -c 'trap "exit 5" TERM; echo ready > "$1"; while :; do read -rt 0.05 <> <(:); done' - "$S/fifo" & pid=$!
                    read -r line < "$S/fifo"
                    kill -TERM $pid
                    ended=0; wait $pid || ended=$?
                    same_text 'the trap of the command' 5 $ended
                    # Stopped with it, and going on with it.
                    "$RWV" -C "$W" exec --fast agent bash -c 'echo $$ > "$1"; read -r < "$1"; exit 6' - "$S/fifo" & pid=$!
                    read -r inside < "$S/fifo"
                    state() { ps -o stat= -p "$1" | cut -c 1; }
                    kill -TSTP "$inside"
                    until_true 10 eval '[ "$(state $pid)" = T ]'
                    kill -CONT $pid
                    until_true 10 eval '[ "$(state $pid)" = S ] && [ "$(state $inside)" = S ]'
                    echo > "$S/fifo"
                    ended=0; wait $pid || ended=$?
                    same_text 'it went on' 6 $ended
                    is_free agent
                    """)
            }
        }

        /// On a terminal: ^C reaches the command once, ^Z stops both.
        @Test func onATerminal() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null
                    /usr/bin/python3 "$TOOLS/terminal.py" "$RWV" -C "$W" exec --fast agent bash -c 'trap "echo caught" INT; echo ready; read -r; read -r; echo "end $REPLY"; exit 3' > "$S/said"
                    same_text 'what it says' 'ready caught stopped end again status 3' "$(tr -s '\\r\\n' '  ' < "$S/said" | sed 's/\\^C//; s/ $//')"
                    """)
            }
        }

        /// What the command leaves behind keeps the workweave until it ends.
        @Test func daemonsLeftBehind() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null
                    mkfifo "$S/stay"
                    fast agent bash -c 'setsid bash -c "read -r < $1; echo late > late" > /dev/null 2>&1 & echo $!' - "$S/stay" > "$S/daemon" 2> "$S/tmp/err"
                    says 'stays in use'; says "process $(cat "$S/daemon")"
                    refuses -C "$W" exec agent true; says "process $(cat "$S/daemon")"
                    ! cat "$W/.workweaves/agent/.rwv-workweave" 2> /dev/null || fail 'it is served'
                    echo > "$S/stay"
                    until_true 10 is_free agent
                    same_text 'what it wrote' late "$(cat "$W/.workweaves/agent/late")"
                    # So does one in mounts of its own within, where ours has another name.
                    own=-Urm; [ "$(id -u)" = 0 ] && own=-m
                    fast agent bash -c 'mkdir -p "$3/elsewhere"; setsid unshare $2 bash -c "mount --rbind $RWV_WEAVE $3/elsewhere; cd $3/elsewhere/.workweaves/agent; echo in > $1; read -r < $1; echo later > late" > /dev/null 2>&1 & read -r < "$1"' - "$S/stay" $own "$S/tmp" 2> "$S/tmp/err"
                    says 'stays in use'
                    refuses -C "$W" exec agent true; says "in use by"
                    echo > "$S/stay"
                    until_true 10 is_free agent
                    same_text 'what it wrote' later "$(cat "$W/.workweaves/agent/late")"
                    """)
            }
        }

        /// An editor watches: what it watches stays in the kernel's memory, though nobody has it open. It must not show what was.
        @Test func watched() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; V=$(view agent server); A=$W/.workweaves/agent
                    echo one > "$A/own"; echo one > "$A/longer"; mkdir "$A/made"
                    cat "$A/own" "$A/longer" "$V/README.md" > /dev/null; find "$A" > /dev/null
                    mkfifo "$S/watch"
                    /usr/bin/python3 -c 'if True:
                        import ctypes, sys
                        libc = ctypes.CDLL(None)
                        watch = libc.inotify_init()
                        for path in sys.argv[1:]:
                            if libc.inotify_add_watch(watch, path.encode(), 0xfff) < 0: sys.exit(path)
                        print("ready", flush=True)
                        sys.stdin.read()' "$A" "$A/own" "$A/longer" "$A/made" "$V" "$V/src" "$V/docs" "$V/README.md" < "$S/watch" > "$S/ready" & watcher=$!
                    exec 5> "$S/watch"
                    until_true 10 grep -q ready "$S/ready"
                    fast agent bash -c 'echo two > own; echo two >> longer; echo x > made/x; cd github/chatly/server; echo more >> README.md; echo y > src/y; rm docs/guide.md
                        cat ../../../own ../../../longer README.md; find ../../../made . -name .git -prune -o -print | sort' > "$S/inside"
                    (cd "$V"; cat ../../../own ../../../longer README.md; find ../../../made . -name .git -prune -o -print | sort) > "$S/outside"
                    diff "$S/inside" "$S/outside" || fail 'it shows what was'
                    same_text 'status' " D docs/guide.md, M README.md,?? src/y," "$(git -C "$V" status --porcelain | LC_ALL=C sort | tr '\\n' ',' )"
                    exec 5>&-; wait $watcher
                    """)
            }
        }

        /// Repos of role reference stay as they are; one workweave can be had from within another.
        @Test func referencesAndNesting() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash(FastExec.words + """
                    sed -i '/server/,/role/ s/role: .*/role: reference/' "$W/projects/web-app/rwv.yaml"; git -C "$W/projects/web-app" commit -qam reference
                    create agent > /dev/null; create other > /dev/null
                    fast agent bash -c '! echo x 2> /dev/null > github/chatly/server/README.md && ! rm -f github/chatly/server/README.md 2> /dev/null && echo x > github/chatly/web/new && cat github/chatly/server/.git > copy'
                    equals_native agent server
                    cmp "$W/.workweaves/agent/copy" "$(view agent server)/.git"
                    same_text 'two' 'overlayfs overlayfs x' "$(fast agent bash -c 'echo $(stat -f -c %T .; "$1" exec --fast other stat -f -c %T .; cat github/chatly/web/new)' - "$RWV")"
                    is_free agent && is_free other
                    """)
            }
        }

        /// A disk that overlayfs does not write to.
        @Test func anotherDisk() throws {
            try Sandbox.with([.app]) { box in
                try box.onDisk("mkdir disk disk/upper disk/work disk/lower; mount -t overlay overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work w", FastExec.words + """
                    create agent > /dev/null
                    same_text 'where it runs' fuseblk "$(fast agent stat -f -c %T . 2> "$S/tmp/err")"
                    says 'not be had here'; says 'fuse view'
                    is_free agent
                    """)
            }
        }

        /// Root acts as the weave's owner.
        @Test func rootForItsOwner() throws {
            guard Machine.isRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.bash("ENGINE=fuse; create agent > /dev/null")
                try box.asRoot(FastExec.words + """
                    same_text 'who writes' "overlayfs $(stat -c %u "$W")" "$(fast agent bash -c 'echo x > new; echo $(stat -f -c %T .) $(id -u)')"
                    """)
                try box.bash(FastExec.words + """
                    same_text 'whose it is' "$(id -u)" "$(stat -c %u "$W/.workweaves/agent/new")"
                    is_free agent
                    """)
            }
        }

        @Test func forbidden() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null
                    same_text 'where it runs' fuseblk "$(/usr/bin/python3 "$TOOLS/no-namespaces.py" "$RWV" -C "$W" exec --fast agent stat -f -c %T . 2> "$S/tmp/err")"
                    says 'not be had here'; says 'Operation not permitted'; says 'fuse view'
                    same_text 'exit code' 7 "$(status /usr/bin/python3 "$TOOLS/no-namespaces.py" "$RWV" -C "$W" exec --fast agent sh -c 'exit 7')"
                    create plain --engine checkout > /dev/null
                    same_text 'a checkout needs nothing' '' "$(fast plain true 2>&1)"
                    is_free agent
                    """)
            }
        }
    }
}
