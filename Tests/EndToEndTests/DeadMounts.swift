internal import Testing

extension EndToEnd {
    /// Who stands in a mount whose keeper was killed, or names one, gets it back from where he is.
    @Suite struct DeadMounts {
        private static let tools = """
            ln -s "$S/m" "$S/link"
            strike() { kill -9 "$(cat "$W/.rwv/run/keeper.pid")" "$(cat "$W/.rwv/run/server.pid")" 2> /dev/null || true; until_true 5 bash -c "! ls '$S/m' 2> /dev/null"; }
            answers() { same_text "$1" web-app "$(cat "$S/m/.rwv-active")"; is_clean "$(view agent server)"; }
            finds() { local s=0; rwv "$@" > "$S/tmp/err" || s=$?; same_text "exit code of $*" 1 $s; says dead-mount; }
            mount_project web-app m; create agent

            """

        /// A connection that somebody aborts: nothing dead is left, and `up` brings it back.
        @Test func aborted() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; number() { awk -v d="$1" '$5 == d { split($3, n, ":"); print n[2] }' /proc/self/mountinfo; }
                    abort() { echo 1 > "/sys/fs/fuse/connections/$(number "$1")/abort"; gone() { [ -z "$(number "$1")" ]; }; until_true 10 gone "$1"; }
                    abort "$S/m"; same_text 'below' '' "$(ls -A "$S/m")"; rwv -C "$W" mounts | found "$S/m .*down" || fail "$(rwv -C "$W" mounts)"
                    up; same_text 'back' web-app "$(cat "$S/m/.rwv-active")"; abort "$S/m"; rwv -C "$W" unmount "$S/m"; same_text 'mode' 755 "$(stat -c %a "$S/m")"
                    create agent; abort "$W/.workweaves"; up; is_clean "$(view agent server)"
                    """)
            }
        }

        @Test func fromInside() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    for place in "$S/m" "$S/m/github/chatly" "$S/link/github" "$W/.workweaves" "$(view agent server)"; do
                        cd "$place"; strike
                        rwv mounts > "$S/tmp/err"; says "$S/m  web-app  fuse  down"; finds doctor
                        refuses status; says "the server of $W is gone"; says "rwv up"
                        rwv up; answers "up in $place"
                        # Still in what was detached: the shell knows where that is.
                        rwv mounts > "$S/tmp/err"; says "$S/m  web-app  fuse  served"
                        cd "$place"; strike; rwv doctor --fix > "$S/tmp/err"; says '0 left'; answers "doctor --fix in $place"
                        cd "$place"; strike; rwv down; [ -z "$(ls -A "$S/m")" ] || fail "down in $place"
                        cd "$S"; up
                        strike; rwv -C "$place" mounts > "$S/tmp/err"; says "$S/m  web-app  fuse  down"; finds -C "$place" doctor; rwv -C "$place" up; answers "up -C $place"
                    done
                    cd "$S/m/github"; strike; rwv unmount ..; cd "$S"; [ -z "$(ls -A "$S/m")" ] || fail 'unmount from inside'
                    same_text 'mounts' '' "$(rwv -C "$W" mounts | grep "^project" || true)"; up; delete agent
                    mkdir "$S/gone"; cd "$S/gone"; rmdir "$S/gone"; s=0; rwv mounts 2> "$S/tmp/err" || s=$?; same_text 'in a deleted directory' 1 $s; says 'working directory'; cd "$S"
                    """)
            }
        }

        @Test func mountedOver() throws {
            try Sandbox.with([.app]) { box in
                try box.bash(Self.tools + """
                    project other server
                    strike; rwv -C "$W" mount web-app "$S/m"; answers 'the same project'
                    strike; rwv -C "$W" mount other "$S/link"; same_text 'another project' other "$(cat "$S/m/.rwv-active")"
                    cd "$S/m/github"; strike; rwv mount web-app ..; cd "$S"; answers 'from inside'
                    # Of a weave that is none of ours: never.
                    down; cp -a "$W" "$S/v"; up; strike; s=0; rwv -C "$S/v" mount web-app "$S/m" 2> "$S/tmp/err" || s=$?; same_text 'of another weave' 1 $s; says 'mounted at'
                    up; answers 'at the end'; delete agent; rwv -C "$S/v" down
                    """)
            }
        }
    }
}
