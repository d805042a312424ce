internal import Testing

extension EndToEnd {
    /// The server of a project mount dies while somebody is at work in it.
    @Suite struct ProjectMountKilled {
        /// While a lock is held in a mount in which nothing was closed yet: the server has the locked file open itself.
        @Test func withALock() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; V=$S/m/github/chatly/server
                    hold() { coproc { exec flock "$V/README.md" bash -c 'echo held; read -r'; }; read -r -u "${COPROC[0]}"; }
                    let_go() { echo >&"${COPROC[1]}"; wait "$COPROC_PID" || true; }
                    down; up; hold; kill -9 "$(cat "$W/.rwv/run/server.pid")"
                    timeout 20 ls "$V" > "$S/tmp/out" || fail "a hang or worse: $?"; found README.md < "$S/tmp/out"; let_go
                    timeout 20 flock -n "$V/README.md" true || fail 'the lock is still there'
                    down; up; hold; timeout 20 "$RWV" -C "$W" down --force || fail "down: $?"; let_go
                    up; rwv unmount "$S/m"
                    """)
            }
        }
    }
}
