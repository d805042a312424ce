import Testing

extension EndToEnd {
    /// kill -9 of whoever has to do with `rwv exec --fast`: nothing is lost, nothing is served twice, nothing stays in use for ever.
    @Suite struct FastExecKilled {
        @Test(arguments: ["server", "keeper", "command"]) func anywhere(victim: String) throws {
            try Sandbox.with([.app]) { box in
                print("RWV_SEED=\(Machine.seed) victim \(victim)")
                try box.bash("bash \"$TOOLS/kill-fast.sh\" \(victim) \(Machine.kills) \(Machine.seed)", limit: 60 + 10 * Machine.kills)
            }
        }

        /// Whoever stands for the command takes it along.
        @Test func theCommand() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null
                    hold agent; kill -9 $holder; wait $holder || true
                    until_true 10 eval "! kill -0 $inside 2> /dev/null"
                    until_true 10 is_free agent
                    same_text 'served' "primary: $W" "$(head -n 1 "$W/.workweaves/agent/.rwv-workweave")"
                    """)
            }
        }

        @Test func theServer() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; A=$W/.workweaves/agent
                    hold agent bash -c 'cat github/chatly/server/docs/aside.md > copy; find . > /dev/null; echo x >> github/chatly/server/README.md'
                    old=$(cat "$W/.rwv/run/server.pid"); kill -9 "$old"
                    until_true 10 eval '[ "$(cat "$W/.rwv/run/server.pid")" != $old ]'
                    refuses -C "$W" exec agent true; says "process $holder"
                    ! ls "$A" > /dev/null 2>&1 || fail 'it is served twice'
                    let_go
                    is_free agent
                    same_text 'what it has read' aside "$(cat "$A/copy")"
                    same_text 'status' ' M README.md' "$(git -C "$(view agent server)" status --porcelain)"
                    # After a kill nobody noticed the end: the next server does.
                    hold agent bash -c 'echo second > copy'
                    kill -STOP "$(cat "$W/.rwv/run/keeper.pid")"; kill -9 "$(cat "$W/.rwv/run/server.pid")"
                    echo > "$S/go"; until_true 10 eval "! kill -0 $inside 2> /dev/null"
                    kill -CONT "$(cat "$W/.rwv/run/keeper.pid")"
                    wait $holder
                    until_true 10 is_free agent
                    same_text 'what it wrote' second "$(cat "$A/copy")"
                    """)
            }
        }

        @Test func theKeeper() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; A=$W/.workweaves/agent
                    for how in kill down; do
                        # What only the base has is out of reach then, and so are new names; what was written is there.
                        echo $how > "$A/own"
                        hold agent
                        if [ $how = kill ]; then keeper=$(cat "$W/.rwv/run/keeper.pid"); kill -9 $keeper; until_true 10 eval "! kill -0 $keeper 2> /dev/null"; else rwv -C "$W" down --force; fi
                        up
                        refuses -C "$W" exec agent true; says "process $holder"
                        ! ls "$A" > /dev/null 2>&1 || fail 'it is served twice'
                        echo > "$S/go"; wait $holder || true
                        until_true 10 is_free agent
                        same_text 'what was written' $how "$(cat "$A/own")"
                        rm "$A/own"
                        equals_native agent server
                    done
                    """)
            }
        }

        /// Ids mean nothing after a reboot, and another process may have the command's.
        @Test func recordsOfOthers() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(FastExec.words + """
                    create agent > /dev/null; A=$W/.workweaves/agent; use=$W/.rwv/workweaves/agent/exclusive.json
                    boot=$(cat /proc/sys/kernel/random/boot_id)
                    for record in "{\\"boot\\": \\"other\\", \\"pid\\": $$, \\"started\\": 1}" "{\\"boot\\": \\"$boot\\", \\"pid\\": $$, \\"started\\": 1}" nonsense ''; do
                        echo kept > "$A/own"
                        down; printf %s "$record" > "$use"; mkdir -p "$W/.rwv/workweaves/agent/kernel-work/work"; chmod 0 "$W/.rwv/workweaves/agent/kernel-work/work"
                        up
                        until_true 10 is_free agent
                        same_text 'served' kept "$(cat "$A/own")"
                        [ ! -e "$use" ] && [ ! -e "$W/.rwv/workweaves/agent/kernel-work" ] || fail 'something is left'
                    done
                    same_text 'still fast' overlayfs "$(fast agent stat -f -c %T .)"
                    """)
            }
        }
    }
}
