internal import Testing

extension EndToEnd {
    /// The kernel's overlayfs over our base view. It takes root: for others every test is that they are told so.
    @Suite struct KernelEngine {
        private func isRefusedToOthers() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("refuses -C \"$W\" workweave web-app create one --engine kernel; says 'root'")
            }
        }

        /// overlayfs asks the base view while it keeps everybody from moving files between directories of that disk, also those who serve other views.
        @Test func copyUpsAmongMoves() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.posix]) { box in
                try box.bash("""
                    create k --engine kernel > /dev/null; create f --engine fuse > /dev/null
                    /usr/bin/python3 - "$(view k posix)" "$(view f posix)" <<'P' || fail 'moves and copy-ups'
                    import multiprocessing, os, sys
                    kernel, fuse = sys.argv[1:3]
                    # Removing a file of the base moves a whiteout into its place, the first new file in a directory the directory.
                    def move(i):
                        for folder, _, names in os.walk(fuse):
                            if "/c" not in folder: continue
                            for name in names:
                                if hash(folder + name) % 12 == i: os.unlink(folder + "/" + name)
                            open(folder + "/new%d" % i, "w").close()
                    movers = [multiprocessing.Process(target=move, args=(i,)) for i in range(12)]
                    for m in movers: m.start()
                    for folder, _, _ in list(os.walk(kernel)): open(folder + "/new", "w").close()
                    for m in movers: m.join(); assert m.exitcode == 0
                    P
                    """, limit: 60)
            }
        }

        /// overlayfs remembers node id and generation of what it copies up: they must mean the same after a restart, in whatever order
        /// files are looked up, and nothing wrong after a remount.
        @Test func originsSurvive() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create one --engine kernel > /dev/null; create two --engine kernel > /dev/null
                    cd "$W/.workweaves/one/github/chatly/server"
                    files=(README.md docs/guide.md src/net/part0.txt src/net/part1.txt src/net/part2.txt docs/aside.md)
                    content() { local f; for f in "${files[@]}"; do printf '%s: ' "$f"; sha256sum < "$f"; done; }
                    numbers() { stat -c '%n %i' "${files[@]}"; }
                    before=$(numbers)
                    echo more >> README.md; chmod +x src/net/part1.txt
                    same_text 'numbers over copy-up' "$before" "$(numbers)"
                    shown=$(content)
                    for round in 1 2 3; do
                        kill -9 "$(cat "$W/.rwv/run/server.pid")"
                        # Another order of look-ups, through another workweave first.
                        (cd "$W/.workweaves/two" && ls -lR github/chatly/web > /dev/null; cat github/chatly/server/src/ui/* src/net/part3* > /dev/null)
                        tac <(printf '%s\\n' "${files[@]}") | xargs stat -c %i > /dev/null
                        same_text "contents, round $round" "$shown" "$(content)"
                        same_text "numbers, round $round" "$before" "$(numbers)"
                        # What the kernel had in memory is gone: files are found again, if under other numbers.
                        [ $round -lt 2 ] || echo 2 > /proc/sys/vm/drop_caches
                        same_text "contents again, round $round" "$shown" "$(content)"
                        same_text "and again, round $round" "$shown" "$(content)"
                        before=$(numbers)
                        echo "round $round" >> docs/guide.md; touch src/net/part2.txt
                        shown=$(content)
                    done
                    same_text 'what git sees' ' M README.md
                     M docs/guide.md
                     M src/net/part1.txt' "$(git status --porcelain)"
                    cd "$S"; down; up
                    cd "$W/.workweaves/one/github/chatly/server"
                    same_text 'contents after a remount' "$shown" "$(content)"
                    echo again >> docs/aside.md
                    cd "$S"; down; up
                    cd "$W/.workweaves/one/github/chatly/server"
                    same_text 'what git sees at last' ' M README.md
                     M docs/aside.md
                     M docs/guide.md
                     M src/net/part1.txt' "$(git status --porcelain)"
                    cd "$S"
                    """)
            }
        }

        /// An overlay may know a file of the base by the name that it has in another workweave, which goes.
        @Test func neighbourGoes() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one --engine kernel > /dev/null; create two --engine kernel > /dev/null
                    echo more >> "$(view one server)/README.md"
                    rwv -C "$W" workweave web-app engine one fuse
                    cat "$(view two server)"/README.md "$(view two server)"/docs/* > /dev/null
                    rwv -C "$W" workweave web-app engine one kernel
                    same_text 'first' more "$(tail -n 1 "$(view one server)/README.md")"
                    delete two
                    same_text 'then' more "$(tail -n 1 "$(view one server)/README.md")"
                    [ "$(ls "$W/.rwv/run/base")" = one ] || fail 'the base view still shows it'
                    create two --engine kernel > /dev/null; equals_native two server
                    same_text 'at last' more "$(tail -n 1 "$(view one server)/README.md")"
                    """)
            }
        }

        /// Files of one base are one node: what one workweave has read, the other has in memory.
        @Test func sharedPages() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one --engine kernel > /dev/null; create two --engine kernel > /dev/null
                    grep -r nothing-like-this "$(view one server)" || true
                    reads=$(counter read)
                    # All but its own `.git` file.
                    grep -r --exclude=.git nothing-like-this "$(view two server)" || true
                    same_text 'reads of the second' "$reads" "$(counter read)"
                    is_clean "$(view two server)"; equals_native two server
                    """)
            }
        }

        @Test func inUse() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one --engine kernel > /dev/null; create two --engine kernel > /dev/null
                    echo mine > "$W/.workweaves/one/mine"
                    exec 5< "$(view one server)/README.md"
                    refuses -C "$W" down; says "process $$"
                    refuses -C "$W" workweave web-app engine one fuse; says "process $$"
                    rm "$W/.workweaves/one/mine"
                    refuses -C "$W" workweave web-app delete one; says "process $$"
                    same_text 'still mounted' "kernel served kernel served " "$(rwv -C "$W" mounts | awk '$1 == "workweave" { printf "%s %s ", $4, $5 }')"
                    delete --force one
                    [ ! -e "$W/.workweaves/one" ] && [ ! -e "$W/.rwv/workweaves/one" ] || fail 'it is still there'
                    [ "$(ls "$W/.rwv/run/base")" = two ] || fail 'the base view still shows it'
                    exec 5<&-
                    # The name again, on another commit: nothing of the old one is remembered.
                    (cd "$(clone server)" && echo other > README.md && git commit -qam other)
                    create one --engine kernel > /dev/null
                    same_text 'the new one' other "$(cat "$(view one server)/README.md")"
                    equals_native one server
                    exec 5< "$(view two server)/README.md"
                    rwv -C "$W" down --force
                    exec 5<&-
                    up
                    equals_native one server; equals_native two server HEAD~1
                    """)
            }
        }

        @Test func killedServerAndKeeper() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one --engine kernel > /dev/null
                    cd "$(view one server)"; echo kept >> README.md; git mv src moved; cat docs/guide.md > /dev/null
                    mounted() { grep " $W/.workweaves/one " /proc/self/mountinfo | cut -d' ' -f1; }
                    number=$(mounted); pid=$(cat "$W/.rwv/run/server.pid")
                    # While there is no server, what is in memory can be read, what is not waits.
                    kill -STOP "$(cat "$W/.rwv/run/keeper.pid")"; kill -9 "$pid"
                    same_text 'cached' kept "$(tail -n 1 README.md)"
                    cat docs/aside.md > "$S/tmp/waited" & waiting=$!
                    kill -CONT "$(cat "$W/.rwv/run/keeper.pid")"
                    wait $waiting
                    git show HEAD:docs/aside.md | cmp - "$S/tmp/waited"
                    same_text 'the same mount' "$number" "$(mounted)"
                    cd "$S"
                    kill -9 "$(cat "$W/.rwv/run/keeper.pid")"
                    up
                    same_text 'after the keeper' kept "$(tail -n 1 "$(view one server)/README.md")"
                    [ -d "$(view one server)/moved/net" ] && [ ! -e "$(view one server)/src" ] || fail 'the move was lost'
                    same_text 'state' 'workweave kernel served' "$(rwv -C "$W" mounts | awk '$1 == "workweave" { print $1, $4, $5 }')"
                    """)
            }
        }

        /// Which engine it is, and why not this one, is said on request.
        @Test func chosenAndSaid() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    said() { rwv -C "$W" workweave web-app list --json | json_values $1 | tr '\\n' ' '; }
                    ENGINE= SHOWN= create agent > /dev/null
                    mkdir "$W/.workweaves/by-hand"; same_text 'by mkdir' served "$(rwv -C "$W" mounts | awk '/by-hand/ && $4 == "fuse" { print $5 }')"
                    rmdir "$W/.workweaves/by-hand"
                    if [ "$(said engine)" = 'kernel ' ]; then
                        same_text 'reason' 'null ' "$(said engine_reason)"
                        echo mine > "$(view agent server)/mine"; down
                        # Something is in overlayfs's way.
                        rm -rf "$W/.rwv/workweaves/agent/kernel-work"; echo x > "$W/.rwv/workweaves/agent/kernel-work"
                        up
                        same_text 'engine' 'fuse ' "$(said engine)"; said engine_reason | found 'cannot be mounted' || fail "$(said engine_reason)"
                        rwv -C "$W" mounts | found 'fuse  served: overlayfs cannot be mounted' || fail "$(rwv -C "$W" mounts)"
                        same_text 'all the same' mine "$(cat "$(view agent server)/mine")"; echo more > "$(view agent server)/more"
                        down; rm "$W/.rwv/workweaves/agent/kernel-work"; up
                        same_text 'engine again' 'kernel ' "$(said engine)"; same_text 'reason again' 'null ' "$(said engine_reason)"
                        same_text 'what was written meanwhile' more "$(cat "$(view agent server)/more")"
                        rm "$(view agent server)/mine" "$(view agent server)/more"
                    else
                        same_text 'engine' 'fuse ' "$(said engine)"
                        said engine_reason | found -E 'root|disk' || fail "$(said engine_reason)"
                    fi
                    """)
            }
        }

        /// On a disk that is itself overlayfs marks have the other form, and this engine cannot be had; on a better one they are changed.
        @Test func otherMarks() throws {
            guard Machine.actsAsRoot else { return try isRefusedToOthers() }
            try Sandbox.with([.app]) { box in
                try box.onDisk("mkdir disk disk/upper disk/work disk/lower; mount -t overlay overlay -o lowerdir=disk/lower,upperdir=disk/upper,workdir=disk/work w", """
                    ENGINE= create agent > /dev/null
                    same_text 'engine' fuse "$(rwv -C "$W" workweave web-app list --json | json_values engine)"
                    rwv -C "$W" workweave web-app list --json | json_values engine_reason | found 'overlayfs' || fail 'no reason'
                    refuses -C "$W" workweave web-app create other --engine kernel; says overlayfs
                    refuses -C "$W" workweave web-app engine agent kernel; says overlayfs
                    cd "$(view agent server)"; rm README.md; mv src/net src/moved; rm src/moved/part1.txt; rm -r docs; mkdir docs; echo x > docs/x; cd "$S"
                    /usr/bin/python3 "$TOOLS/tree.py" "$W/.workweaves/agent" > "$S/before"
                    down
                    cp -a w elsewhere
                    """)
                try box.bash("""
                    rm -rf "$S/w" 2> /dev/null || true; rmdir "$S/w" 2> /dev/null || true; mv elsewhere w
                    up
                    rwv -C "$W" workweave web-app engine agent kernel
                    diff "$S/before" <(/usr/bin/python3 "$TOOLS/tree.py" "$W/.workweaves/agent") || fail 'another tree as kernel'
                    rwv -C "$W" workweave web-app engine agent fuse
                    diff "$S/before" <(/usr/bin/python3 "$TOOLS/tree.py" "$W/.workweaves/agent") || fail 'another tree as fuse'
                    """)
            }
        }
    }
}
