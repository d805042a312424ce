internal import Testing

extension EndToEnd {
    /// The server of a project mount dies while somebody is at work in it.
    @Suite struct ProjectMountKilled {
        /// A manifest that breaks while it is mounted: what it said when it could be read is shown by the next server too.
        @Test func withABrokenManifest() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    mount_project web-app m; Y=$W/projects/web-app/rwv.yaml; cp "$Y" "$S/tmp/good"; cd "$S/m/github/chatly/server"
                    shown() { ls "$S/m" "$S/m/github/chatly"; cat "$S/m/.rwv-active"; }
                    before=$(shown); sed -i 's/^repositories:/repositories: [/' "$Y"
                    for i in 1 2; do
                        kill -9 "$(cat "$W/.rwv/run/server.pid")"
                        same_text 'shown' "$before" "$(shown)"; found README.md < <(ls)
                        rwv -C "$W" mounts > "$S/tmp/err"; says 'stale: '
                    done
                    # What is kept names its project: it must not be shown for another.
                    same_text 'kept' web-app "$(ls "$W"/.rwv/run/manifest-*/)"; cp -a "$W/projects/web-app" "$W/projects/other"; cp "$S/tmp/good" "$W/projects/other/rwv.yaml"
                    cd "$S"; rwv -C "$W" mount other "$S/m"; same_text 'kept' other "$(ls "$W"/.rwv/run/manifest-*/)"; cp "$S/tmp/good" "$Y"; rwv -C "$W" mount web-app "$S/m"
                    mended() { rwv -C "$W" mounts > "$S/tmp/err"; ! grep -q stale "$S/tmp/err"; }; until_true 10 mended; same_text 'mended' "$before" "$(shown)"
                    cd "$S"; rwv unmount "$S/m"; ! compgen -G "$W/.rwv/run/manifest-*" > "$S/tmp/out" || fail 'the copy is left'
                    """)
            }
        }

        /// On a full disk a server is replaced all the same.
        @Test func onAFullDisk() throws {
            try Sandbox.with([.app]) { box in
                try box.onDisk("mount -t tmpfs -o size=8M,mode=777 weave w") {
                    try box.bash("""
                        mount_project web-app m; V=$S/m/github/chatly/server; create agent; echo work > "$(view agent server)/new"; rm "$(view agent server)/README.md"
                        dd if=/dev/zero of="$V/fill" bs=64k status=none 2> "$S/tmp/err" && fail 'it is not full'; says 'No space left'
                        cd "$V"; kill -9 "$(cat "$W/.rwv/run/server.pid")"
                        timeout 20 ls > "$S/tmp/out" || fail "after the kill: $?"; found README.md < "$S/tmp/out"
                        same_text 'the workweave' work "$(cat "$(view agent server)/new")"
                        rm fill; echo room > after; cd "$S"; rm "$V/after"; git -C "$V" diff --quiet || fail 'status'
                        rwv unmount "$S/m"; delete --force agent; down
                        """)
                }
            }
        }

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
