internal import Testing

extension EndToEnd {
    /// Repos come, go and change their role while somebody is in the workweave.
    @Suite struct LiveSync {
        private static let engines = Machine.actsAsRoot ? ["fuse", "kernel"] : ["fuse"]

        /// Functions of every scenario: `agent` has the repo `server`, somebody is in it, and `late` is a clone that is not in its manifest.
        private static func begin(_ engine: String) -> String {
            """
            A=$W/.workweaves/agent M=$A/projects/web-app/rwv.yaml ENGINE=\(engine)
            create agent > /dev/null
            git clone -q "$S/origins/server.git" "$W/github/chatly/late"
            entry() { printf '  github/chatly/%s:\\n    type: git\\n    url: file://%s\\n    version: main\\n    role: %s\\n' "$1" "$S/origins/server.git" "${2:-primary}" >> "$M"; }
            drop() { sed -i "/github.chatly.$1:/,/role:/d" "$M"; }
            sync_it() { rwv -C "$W" workweave web-app sync agent; }
            tree() { /usr/bin/python3 "$TOOLS/tree.py" "$A"; }
            """
        }

        @Test(arguments: engines) func comingAndGoing(engine: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    \(Self.begin(engine))
                    cd "$(view agent server)/src"; exec 5< ../README.md; echo mine > ../mine
                    entry late; same_text 'sync' 'added: github/chatly/late' "$(sync_it)"
                    [ "$PWD" = "$(view agent server)/src" ] && [ -e net ] || fail 'the directory under our feet is gone'
                    equals_native agent late
                    # The same changes as on disk.
                    native late HEAD "$S/native"
                    for place in "$S/native" "$(view agent late)"; do
                        (cd "$place"; echo more >> README.md; git mv src moved; mv moved/net moved/deeper; rm -r docs; mkdir docs; echo x > docs/x; git add -A; git commit -qm work; echo open > left-open)
                    done
                    same_tree "$S/native" "$(view agent late)"
                    same_text 'status' "$(git -C "$S/native" status --porcelain)" "$(git -C "$(view agent late)" status --porcelain)"
                    # Work stays, whatever the manifest says.
                    drop late; ! sync_it > /dev/null 2> "$S/tmp/err" || fail 'work was to go'; says 'stays'
                    same_tree "$S/native" "$(view agent late)"
                    entry late; sync_it
                    tree > "$S/before"
                    exec 5<&-; cd "$S"; down; up
                    diff "$S/before" <(tree) || fail 'another tree after down and up'
                    same_text 'status again' '?? left-open' "$(git -C "$(view agent late)" status --porcelain)"
                    same_text 'pieces' '' "$(ls "$W/.rwv/workweaves/agent" | grep added || true)"
                    # Away, with somebody in another repo and a file of it open.
                    git -C "$(clone late)" merge -q agent/main; rm "$(view agent late)/left-open"
                    cd "$(view agent server)"; exec 5< "$(view agent late)/README.md"
                    drop late; same_text 'gone' 'removed: github/chatly/late' "$(sync_it)"
                    [ ! -e "$(view agent late)" ] || fail 'it is still there'
                    tail -n 1 <&5 > /dev/null
                    ! git -C "$(clone late)" worktree list --porcelain | found workweaves || fail 'its worktree is left'
                    ! git -C "$(clone late)" for-each-ref | found -E 'agent/|refs/rwv' || fail 'its references are left'
                    # And back, at the same place.
                    entry late; same_text 'back' 'added: github/chatly/late' "$(sync_it)"
                    equals_native agent late; echo again > "$(view agent late)/again"
                    exec 5<&-; cd "$S"; tree > "$S/before"; down; up
                    diff "$S/before" <(tree) || fail 'another tree at last'
                    same_text 'mine' mine "$(cat "$(view agent server)/mine")"
                    delete --force agent; fsck_all
                    """)
            }
        }

        /// What somebody has hidden of the weave's directories stays hidden, and what joins beneath is seen.
        @Test func belowWhatWasRemoved() throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    \(Self.begin("kernel"))
                    rm -r "$A/github"
                    entry late; sync_it > /dev/null || true
                    same_text 'what is seen' late "$(ls "$A/github/chatly")"
                    echo new > "$(view agent late)/new"; tree > "$S/before"
                    down; up
                    diff "$S/before" <(tree) || fail 'another tree after down and up'
                    rm -r "$A/github"; mkdir -p "$A/github/mine"; echo mine > "$A/github/mine/file"
                    tree > "$S/before"; down; up
                    diff "$S/before" <(tree) || fail 'another tree at last'
                    # Something of mine is in the way.
                    git clone -q "$S/origins/server.git" "$W/github/chatly/other"
                    mkdir -p "$(view agent other)"; echo mine > "$(view agent other)/mine"; entry other
                    ! sync_it 2> "$S/tmp/err" || fail 'it took what was mine'; says 'directory of yours'
                    same_text 'mine' mine "$(cat "$(view agent other)/mine")"
                    ! git -C "$(clone other)" for-each-ref | found -E 'agent/|refs/rwv' || fail 'references are left'
                    """)
            }
        }

        /// Beside what somebody has removed.
        @Test(arguments: engines) func besideWhatWasRemoved(engine: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    \(Self.begin(engine))
                    rm -rf "$(view agent web)"; entry late; same_text 'sync' 'added: github/chatly/late' "$(sync_it)"; is_clean "$(view agent late)"
                    same_text 'what is there' 'late server ' "$(ls "$A/github/chatly" | tr '\\n' ' ')"; delete --force agent
                    """)
            }
        }

        /// A directory that was there before a repo came to lie in it.
        @Test(arguments: engines) func intoADirectoryOfTheUsers(engine: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    \(Self.begin(engine))
                    mkdir -p "$W/gitlab/deep" "$A/gitlab/deep"; mv "$(clone late)" "$W/gitlab/deep/late"; echo mine > "$A/gitlab/deep/mine"; ls "$A/gitlab/deep" > "$S/tmp/out"
                    [ ! -e "$A/gitlab/deep/late" ] || fail 'it is there already'; cd "$A/gitlab/deep"
                    cp "$M" "$S/tmp/manifest"; entry late; sed -i 's#github/chatly/late#gitlab/deep/late#' "$M"; cp "$M" "$S/tmp/with"
                    sync_it > /dev/null; same_text 'what is there' 'late mine ' "$(ls | tr '\\n' ' ')"; is_clean late; cd /
                    cp "$S/tmp/manifest" "$M"; sync_it > /dev/null; same_text 'what is there' mine "$(ls "$A/gitlab/deep")"
                    cp "$S/tmp/with" "$M"; sync_it > /dev/null; is_clean "$A/gitlab/deep/late"; same_text 'what is there' 'late mine ' "$(ls "$A/gitlab/deep" | tr '\\n' ' ')"
                    tree > "$S/before"; down; up; diff "$S/before" <(tree) || fail 'another tree after down and up'
                    """)
            }
        }

        @Test(arguments: engines) func roles(engine: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    \(Self.begin(engine))
                    cd "$(view agent web)"; exec 5< "$(view agent server)/README.md"
                    role() { sed -i "/github.chatly.$1:/,/role:/s/role: .*/role: $2/" "$M"; }
                    entry late reference; sync_it > /dev/null
                    is_clean "$(view agent late)"
                    ! echo x 2> /dev/null > "$(view agent late)/x" || fail 'a reference was written to'
                    role late primary; role server reference; sync_it
                    echo x > "$(view agent late)/x"; git -C "$(view agent late)" add x; git -C "$(view agent late)" commit -qm x
                    ! echo x 2> /dev/null >> "$(view agent server)/README.md" || fail 'server is a reference now'
                    ! git -C "$(view agent server)" commit --allow-empty -qm x 2> /dev/null || fail 'a commit in a reference'
                    is_clean "$(view agent server)"
                    # What holds work can be written to as before.
                    role late reference; sync_it; echo y >> "$(view agent late)/x"
                    exec 5<&-; cd "$S"; down; up
                    ! echo x 2> /dev/null >> "$(view agent server)/README.md" || fail 'server is a reference still'
                    echo z >> "$(view agent late)/x"
                    role server primary; sync_it; echo x >> "$(view agent server)/README.md"; git -C "$(view agent server)" commit -qam x
                    delete --force agent
                    """)
            }
        }

        /// A repo that is a mount of its own does not go while somebody is in it, and who that is is said.
        @Test func leavingWhileInUse() throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    \(Self.begin("kernel"))
                    entry late; sync_it > /dev/null; exec 5< "$(view agent late)/README.md"; drop late
                    refuses -C "$W" workweave web-app sync agent
                    says 'github/chatly/late is to go, but in use'; says "process $$ .* uses $(view agent late)/README.md"
                    entry late; ! rwv -C "$A" remove github/chatly/late 2> "$S/tmp/err" || fail 'gone'; says "process $$"
                    found github/chatly/late < "$M" || fail 'not listed, but there'
                    # A server that finds it so serves it as it is, and goes on later.
                    drop late
                    kill -9 "$(cat "$W/.rwv/run/server.pid")"; up || true
                    same_text 'the engine' kernel "$(rwv -C "$W" workweave web-app list --json | json_values engine)"
                    exec 5<&-; same_text 'sync' 'removed: github/chatly/late' "$(sync_it)"
                    is_clean "$(view agent server)"; delete --force agent
                    """)
            }
        }

        /// The other things that are done to a workweave, while it is in pieces.
        @Test func inPieces() throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    \(Self.begin("kernel"))
                    join() { entry late; sync_it > /dev/null; (cd "$(view agent late)"; echo more >> README.md; git mv src moved; echo n > new); tree > "$S/before"; }
                    same() { diff "$S/before" <(tree) || fail "another tree: $1"; }
                    exec 6< "$A"; join
                    refuses -C "$W" down; says "process $$"; same 'after a refused down'
                    refuses -C "$W" workweave web-app delete agent; same 'after a refused delete'
                    kill -9 "$(cat "$W/.rwv/run/server.pid")"; same 'after the server'
                    echo after >> "$(view agent late)/new"; tree > "$S/before"
                    exec 6<&-
                    kill -9 "$(cat "$W/.rwv/run/keeper.pid")"; up; same 'after the keeper'
                    drop late; entry late; rm -rf "$(view agent late)/new"; git -C "$(view agent late)" reset -q --hard
                    drop late; sync_it > /dev/null; join
                    # A reboot: everything is gone but the disk.
                    kill -9 "$(cat "$W/.rwv/run/keeper.pid")"; umount -l "$W/.workweaves"; umount -l "$W/.rwv/run/base"
                    up; same 'after a reboot'
                    drop late; git -C "$(view agent late)" reset -q --hard; git -C "$(view agent late)" clean -fdq; sync_it > /dev/null; join
                    rwv -C "$W" workweave web-app engine agent fuse; same 'as fuse'
                    rwv -C "$W" workweave web-app engine agent kernel; same 'as kernel again'
                    git -C "$(view agent late)" reset -q --hard; git -C "$(view agent late)" clean -fdq; drop late; sync_it > /dev/null; join
                    exec 6< "$(view agent late)/new"; delete --force agent; exec 6<&-
                    [ ! -e "$A" ] && [ ! -e "$W/.rwv/workweaves/agent" ] || fail 'it is still there'
                    ! grep -F "$A" /proc/self/mountinfo || fail 'a mount is left'
                    """)
            }
        }

        /// kill -9 of the server at random moments of a sync: nothing of a repo is half there, and nothing of mine is lost.
        @Test(arguments: engines) func killed(engine: String) throws {
            try Sandbox.with([.app]) { box in
                print("RWV_SEED=\(Machine.seed)")
                try box.bash("""
                    \(Self.begin(engine))
                    RANDOM=\(Machine.seed)
                    exec 6< "$A"; echo mine > "$(view agent server)/mine"
                    for round in $(seq \(Machine.kills)); do
                        if found late < "$M"; then drop late; else entry late; fi
                        pid=$(cat "$W/.rwv/run/server.pid")
                        rwv -C "$W" workweave web-app sync agent > /dev/null 2>&1 & asking=$!
                        read -rt "0.$(printf %03d $((RANDOM % 300)))" <> <(:) || true
                        kill -9 "$pid"; wait $asking || true
                        up
                        [ $((round % 3)) -gt 0 ] || { exec 6<&-; down; up; exec 6< "$A"; }
                        # Once more, undisturbed: it ends where it should, whatever was half done.
                        sync_it > /dev/null || { rwv -C "$W" workweave web-app sync agent; fail "round $round: sync does not end it"; }
                        same_text "mine, round $round" mine "$(cat "$(view agent server)/mine")"
                        if found late < "$M"; then
                            equals_native agent late
                            git -C "$(clone late)" worktree list --porcelain | found -xF "worktree $A/github/chatly/late" || fail "round $round: no worktree"
                        else
                            [ ! -e "$(view agent late)" ] || fail "round $round: late is still there: $(ls -A "$(view agent late)")"
                            ! git -C "$(clone late)" for-each-ref | found -E 'agent/|refs/rwv' || fail "round $round: references are left"
                        fi
                    done
                    exec 6<&-; delete --force agent; fsck_all
                    """, limit: 60 + 10 * Machine.kills)
            }
        }

        /// kill -9 while the pieces are put together, after a `down`: everything that was changed is there in the end.
        @Test func killedWhileJoining() throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app]) { box in
                print("RWV_SEED=\(Machine.seed)")
                try box.bash("""
                    \(Self.begin("kernel"))
                    RANDOM=\(Machine.seed)
                    git clone -q "$S/origins/server.git" "$W/github/chatly/other"
                    for round in $(seq $((\(Machine.kills) / 2 + 1))); do
                        entry late; entry other; sync_it > /dev/null
                        (cd "$(view agent late)"; echo more >> README.md; mv src moved; rm -r docs; echo n > new)
                        (cd "$(view agent other)"; echo more >> README.md)
                        drop other; git -C "$(view agent other)" checkout -q README.md; sync_it > /dev/null
                        tree > "$S/before"
                        down
                        rwv -C "$W" up > /dev/null 2>&1 & asking=$!
                        read -rt "0.$(printf %03d $((RANDOM % 150)))" <> <(:) || true
                        for victim in server keeper; do kill -9 "$(cat "$W/.rwv/run/$victim.pid" 2> /dev/null)" 2> /dev/null || true; done
                        wait $asking || true
                        up
                        diff "$S/before" <(tree) || fail "round $round: another tree"
                        git -C "$(view agent late)" reset -q --hard; git -C "$(view agent late)" clean -fdq
                        drop late; sync_it > /dev/null; [ ! -e "$(view agent late)" ] || fail "round $round: late is still there"
                    done
                    delete --force agent; fsck_all
                    """, limit: 60 + 10 * Machine.kills)
            }
        }
    }
}
