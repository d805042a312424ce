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

        /// While names change: the dying server may be telling the kernel of a directory that a caller has locked, who waits for an answer.
        @Test func whileNamesChange() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; mkdir "$S/m/kk" "$S/m/github/chatly/server/kk"
                    for top in "$S/m/kk" "$S/m/github/chatly/server/kk"; do
                        timeout -k 5 100 /usr/bin/python3 - "$top" "$W/.rwv/run/server.pid" <<'P' || fail "a hang or worse: $?"
                    import os, signal, sys, threading
                    top, pid = sys.argv[1:3]
                    rounds, done, errors = [0] * 3, threading.Event(), []
                    def work(n):
                        d = "%s/%d" % (top, n); os.mkdir(d)
                        try:
                            while not done.is_set():
                                fd = os.open(d + "/a", os.O_CREAT | os.O_EXCL | os.O_RDWR); os.write(fd, b"x" * 100); os.link(d + "/a", d + "/b"); os.mkdir(d + "/d")
                                os.rename(d + "/a", d + "/d/a"); assert len(os.pread(fd, 200, 0)) == 100; os.close(fd); os.symlink("b", d + "/s"); assert sorted(os.listdir(d)) == ["b", "d", "s"]
                                os.unlink(d + "/d/a"); os.unlink(d + "/b"); os.unlink(d + "/s"); os.rmdir(d + "/d"); rounds[n] += 1
                        except BaseException as e: errors.append(repr(e)); done.set()
                    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(3)]
                    for t in threads: t.start()
                    for i in range(8):
                        before = list(rounds)
                        while not errors and any(r < b + 20 for r, b in zip(rounds, before)): done.wait(0.01)
                        os.kill(int(open(pid).read()), signal.SIGKILL)
                    before = list(rounds)
                    while not errors and any(r < b + 20 for r, b in zip(rounds, before)): done.wait(0.01)
                    done.set()
                    for t in threads: t.join()
                    print(rounds, errors); sys.exit(len(errors))
                    P
                    done
                    rwv unmount "$S/m"; down
                    """, limit: 260)
            }
        }
    }
}
