internal import Testing

extension EndToEnd {
    /// kill -9 of server, keeper and the creating command at random moments: `rwv up` brings everything back.
    @Suite struct KilledAnywhere {
        @Test(arguments: ["server", "keeper", "create", "delete"])
        func comesBack(victim: String) throws {
            try Sandbox.with(Repo.apps(3) + [.links]) { box in
                print("RWV_SEED=\(Machine.seed) victim \(victim)")
                try box.bash("bash \"$TOOLS/kill.sh\" \(victim) \(Machine.kills) \(Machine.seed)", limit: 60 + 10 * Machine.kills)
            }
        }

        /// Whoever stands in the view while the server is replaced waits; nobody gets an error.
        @Test func callersWaitForTheNextServer() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent
                    cd "$(view agent server)"
                    exec 8>> held-open
                    echo before >&8
                    old=$(cat "$W/.rwv/run/server.pid")
                    ( for i in $(seq 200); do echo $i > "w-$i" && cat "w-$i" README.md > /dev/null && stat src > /dev/null || exit 1; done ) & worker=$!
                    until_true 10 test -e w-20
                    kill -9 "$old"
                    wait $worker || fail 'a caller failed while the server was replaced'
                    echo after >&8; exec 8>&-
                    same_text 'a file that stayed open' "$(printf 'before\\nafter')" "$(cat held-open)"
                    [ "$(cat "$W/.rwv/run/server.pid")" != "$old" ] || fail 'no new server'
                    for i in $(seq 200); do same_text "w-$i" $i "$(cat w-$i)"; done
                    cd /
                    """)
            }
        }

        /// Inode numbers and unlinked open files outlive the server.
        @Test func identitySurvives() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent
                    cd "$(view agent server)"
                    echo changed >> README.md; git mv src moved; mkdir -p new/dir; echo x > new/dir/x
                    exec 7<> README.md; exec 6< docs/guide.md; rm docs/guide.md
                    expected=$(git show HEAD:docs/guide.md)
                    before=$(find . -name .git -prune -o -printf '%i %p\\n' | sort -k2)
                    kill -9 "$(cat "$W/.rwv/run/server.pid")"
                    same_text 'inode numbers' "$before" "$(find . -name .git -prune -o -printf '%i %p\\n' | sort -k2)"
                    same_text 'an unlinked file that is open' "$expected" "$(cat <&6)"
                    exec 7>&- 6<&-
                    cd /; down; up; cd "$(view agent server)"
                    # overlayfs numbers anew what it mounts anew.
                    [ "$SHOWN" = kernel ] || same_text 'inode numbers after down and up' "$before" "$(find . -name .git -prune -o -printf '%i %p\\n' | sort -k2)"
                    [ -z "$(ls -A "$W/.rwv/workweaves/agent/work/orphans" 2>/dev/null)" ] || fail 'an orphan is left'
                    cd /
                    """)
            }
        }

        /// What a reboot leaves: no process, no mount, and files that speak of both.
        @Test func staleStateOfAReboot() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create agent; echo mine > "$(view agent server)/mine"
                    cp -a "$W/.rwv/run" "$S/tmp/run"
                    down
                    rm -rf "$W/.rwv/run"; cp -a "$S/tmp/run" "$W/.rwv/run"
                    # Somebody else has that number now.
                    echo $$ > "$W/.rwv/run/keeper.pid"; echo $$ > "$W/.rwv/run/server.pid"
                    up
                    same_text 'the change' mine "$(cat "$(view agent server)/mine")"
                    is_clean "$(view agent web)"
                    """)
            }
        }

        /// Who is dying answers a last time, and is not taken for one who serves.
        @Test func upAtOnce() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; echo mine > "$(view agent server)/mine"
                    for round in $(seq 12); do
                        keeper=$(cat "$W/.rwv/run/keeper.pid")
                        # It comes to dying only when others have had their turn.
                        taskset -pc 0 "$keeper" > /dev/null; chrt -i -p 0 "$keeper"
                        taskset -c 0 timeout 20 sh -c 'while :; do :; done' & hog=$!
                        kill -9 "$keeper"; up
                        kill $hog; wait $hog 2> /dev/null || true
                        [ "$(cat "$W/.rwv/run/keeper.pid")" != "$keeper" ] || fail "round $round: the dead one"
                        same_text "round $round" mine "$(cat "$(view agent server)/mine")"
                    done
                    """)
            }
        }

        /// A mount point that answers "Transport endpoint is not connected".
        @Test func deadMountPoint() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent; echo mine > "$(view agent server)/mine"
                    keeper=$(cat "$W/.rwv/run/keeper.pid") server=$(cat "$W/.rwv/run/server.pid")
                    kill -9 "$keeper" "$server"
                    gone() { ! kill -0 "$keeper" 2>/dev/null && ! kill -0 "$server" 2>/dev/null; }
                    until_true 10 gone
                    up
                    same_text 'the change' mine "$(cat "$(view agent server)/mine")"
                    same_text 'mounts at the place' 1 "$(grep -c " $W/.workweaves " /proc/self/mountinfo)"
                    """)
            }
        }

        /// A weave that was moved: recorded paths are repaired.
        @Test func movedWeave() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create agent; echo mine > "$(view agent server)/mine"
                    down
                    mv "$W" "$S/elsewhere"; W=$S/elsewhere
                    up
                    same_text 'the change' '?? mine' "$(git -C "$(view agent server)" status --porcelain)"
                    is_clean "$(view agent web)"
                    git -C "$(clone web)" worktree list --porcelain | found -xF "worktree $(for_git agent)/github/chatly/web" || fail "$(git -C "$(clone web)" worktree list)"
                    grep -qxF "primary: $W" "$W/.workweaves/agent/.rwv-workweave" || fail 'marker'
                    git -C "$(view agent server)" add -A; git -C "$(view agent server)" commit -qm mine
                    down
                    mv "$W" "$S/w"; W=$S/w
                    up; is_clean "$(view agent server)"; is_clean "$(view agent web)"
                    same_text 'the change' mine "$(cat "$(view agent server)/mine")"
                    """)
            }
        }

        /// A weave that was moved while it was served: nobody who uses what is mounted is harmed, and then it is served where it is.
        @Test func movedWhileServed() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create agent; echo mine > "$(view agent server)/mine"; mount_project web-app m
                    mv "$W" "$S/elsewhere"; W=$S/elsewhere; mkdir "$S/n"
                    refuses -C "$W" mount web-app "$S/n"; says "moved from $S/w"; says "hint: run 'rwv up'"
                    # A checkout is no mount, and can be used all the time.
                    places=("$(view agent server)" "$S/m/github"); [ "$SHOWN" != checkout ] || places=("$S/m/github")
                    for place in "${places[@]}"; do
                        cd "$place"
                        refuses -C "$W" up; says "process $$"; says 'moved from'
                        same_text 'still usable' mine "$(cat "$W/.workweaves/agent/github/chatly/server/mine")"
                    done
                    cd /; ! rwv unmount "$S/m" 2> "$S/tmp/err" || fail 'unmounted'; says "run 'rwv up' where it is now"
                    up
                    same_text 'the change' '?? mine' "$(git -C "$(view agent server)" status --porcelain)"
                    same_text 'who serves' "$W" "$(findmnt -no SOURCE "$W/.workweaves")"
                    is_clean "$S/m/github/chatly/web"; rwv -C "$W" doctor > "$S/tmp/out" 2>&1 || fail "doctor: $(cat "$S/tmp/out")"
                    # And by doctor, back again; or just down.
                    mv "$W" "$S/w"; W=$S/w; rwv -C "$W" doctor --fix > "$S/tmp/out" 2>&1 || fail "doctor: $(cat "$S/tmp/out")"
                    same_text 'the change' '?? mine' "$(git -C "$(view agent server)" status --porcelain)"
                    mv "$W" "$S/elsewhere"; W=$S/elsewhere; down; mv "$W" "$S/w"; W=$S/w
                    ! grep -F "$S/" /proc/self/mountinfo || fail 'a mount is left'
                    up; is_clean "$(view agent web)"
                    """)
            }
        }

        /// The cache can go at any time.
        @Test func withoutTheCache() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    create agent; equals_native agent web
                    rm -rf "$W/.rwv/cache"; equals_native agent web; equals_native agent server
                    down; rm -rf "$W/.rwv/cache"; up
                    equals_native agent web; equals_native agent server
                    create other; equals_native other web
                    """)
            }
        }
    }
}
