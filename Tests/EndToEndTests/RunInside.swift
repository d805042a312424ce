internal import Testing

extension EndToEnd {
    /// `rwv exec` and `rwv shell`: commands in a workweave, with its own environment.
    @Suite struct RunInside {
        @Test func ownEnvironment() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one > /dev/null; create two > /dev/null
                    said=$(rwv -C "$W" exec one -- sh -c 'pwd; echo "$RWV_WEAVE $RWV_WORKWEAVE $RWV_PROJECT $TMPDIR"; : > "$TMPDIR/x"')
                    same_text 'where it runs' "$W/.workweaves/one
                    $W one web-app $W/.rwv/workweaves/one/tmp" "$said"
                    [ -f "$W/.rwv/workweaves/one/tmp/x" ] || fail 'TMPDIR is not there'
                    ports() { rwv -C "$W" exec "$1" sh -c 'echo $RWV_PORT_BASE'; }
                    [ "$(ports one)" != "$(ports two)" ] || fail 'two workweaves have the same ports'
                    same_text 'ports stay' "$(ports one)" "$(ports one)"
                    name() { rwv -C "$W" exec -w "$1" sh -c 'echo $COMPOSE_PROJECT_NAME'; }
                    [ "$(name one)" != "$(name two)" ] || fail 'two workweaves have one name for compose'
                    name one | found -xE '[a-z0-9][a-z0-9_-]*'
                    same_text 'options are the command'\\''s' '--json -x' "$(rwv -C "$W" exec one echo --json -x)"
                    same_text 'input passes' hello "$(echo hello | rwv -C "$W" exec one cat)"
                    same_text 'a shell' "$W/.workweaves/two" "$(echo pwd | SHELL=/bin/sh rwv -C "$W" shell two)"
                    """)
            }
        }

        @Test func endsAsTheCommandDoes() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one > /dev/null
                    status() { local s=0; "$@" > "$S/tmp/out" 2> "$S/tmp/err" || s=$?; echo $s; }
                    same_text 'exit code' 7 "$(status rwv -C "$W" exec one sh -c 'exit 7')"
                    same_text 'ended by a signal' 137 "$(status rwv -C "$W" exec one sh -c 'kill -9 $$')"
                    same_text 'a broken pipe ends it as anywhere' 141 "$(status rwv -C "$W" exec one bash -c 'exec 3> >(true); wait $!; kill -PIPE $$')"
                    same_text 'no such command' 127 "$(status rwv -C "$W" exec one no-such-command)"
                    says 'cannot run no-such-command'
                    same_text 'cannot be run' 126 "$(status rwv -C "$W" exec one "$W/projects/web-app/rwv.yaml")"
                    same_text 'no command' 2 "$(status rwv -C "$W" exec one)"
                    # A signal to rwv is one to the command.
                    mkfifo "$S/fifo"
                    "$RWV" -C "$W" exec one bash -c 'trap "exit 5" TERM; echo ready > "$1"; while :; do read -rt 0.05 <> <(:); done' - "$S/fifo" & pid=$!
                    read -r line < "$S/fifo"
                    kill -TERM $pid
                    ended=0; wait $pid || ended=$?
                    same_text 'the trap of the command' 5 $ended
                    refuses -C "$W" exec nobody true
                    says nobody
                    """)
            }
        }

        /// What is not served is served then.
        @Test func bringsUp() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create one > /dev/null; create --engine checkout two > /dev/null; down
                    same_text 'a checkout' main "$(rwv -C "$W" exec two cat projects/web-app/docs/readme.md | sed 's/.*/main/')"
                    same_text 'a view' '# web-app' "$(rwv -C "$W" exec one cat projects/web-app/docs/readme.md)"
                    """)
            }
        }
    }
}
