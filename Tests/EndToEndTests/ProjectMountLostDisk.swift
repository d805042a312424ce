internal import Testing

extension EndToEnd {
    /// The weave lies on a disk that goes away while it is mounted: errors, never a hang, and all is there again when the disk is.
    @Suite struct ProjectMountLostDisk {
        private static let mount = "truncate -s 64M disk.img; mkfs.ext4 -q -m 0 disk.img; mount -o loop disk.img w"
        private static let begin = """
            mount_project web-app m; mount_project web-app n; create agent; echo kept > "$S/m/kept"; echo kept > "$(view agent server)/kept"
            cat "$S/m/github/chatly/server/README.md" > "$S/tmp/readme"; sync -f "$W"

            """
        private static let tools = """
            V=$S/m/github/chatly/server
            # No command takes long.
            quick() { local s=0; timeout -k 5 20 "$@" > "$S/tmp/out" 2> "$S/tmp/err" || s=$?; case $s in 124 | 13[4-9]) fail "a hang or worse ($s): $*" ;; esac; return $s; }
            fails() { ! quick "$@" || fail "it went through: $*"; }
            everything_fails() {
                fails cat "$V/src/net/part1.txt"; fails touch "$V/new"; fails mkdir "$V/d"; fails ln "$V/README.md" "$V/l"; fails mv "$V/README.md" "$V/r"
                fails git -C "$V" log -1; fails touch "$(view agent server)/new"; fails bash -c "cat '$(view agent server)'/src/ui/*"
                fails flock -n "$V/src/net/part1.txt" true; fails "$RWV" -C "$S/m" activate web-app; quick ls "$V" || true; quick ls -lR "$S/m" || true; quick ls -R "$W/.workweaves" || true
            }

            """
        private static let again = """
            up; for place in m n; do same_text "$place is back" web-app "$(cat "$S/$place/.rwv-active")"; done
            same_text 'the files' "$(cat "$S/tmp/readme") kept kept" "$(cat "$S/m/github/chatly/server/README.md") $(cat "$S/m/kept") $(cat "$(view agent server)/kept")"
            rwv unmount "$S/m"; rwv unmount "$S/n"; delete --force agent; down

            """

        /// Every access fails with EIO, as on a disk that was pulled out.
        @Test func broken() throws {
            try Sandbox.with([.app]) { box in
                try box.onDisk(Self.mount) {
                    try box.bash(Self.begin)
                    // FS_IOC_SHUTDOWN, without writing the journal.
                    try box.asRoot("/usr/bin/python3 -c 'import fcntl, os, struct; fcntl.ioctl(os.open(\"w\", os.O_RDONLY), 0x8004587d, struct.pack(\"I\", 2))'")
                    try box.bash(Self.tools + """
                        everything_fails; fails touch "$S/m/new"
                        quick "$RWV" -C "$W" mounts || fail "mounts: $(cat "$S/tmp/err")"; for p in m n; do found "^project  $S/$p  web-app  fuse  stale: .*Input/output" < "$S/tmp/out" || fail "$(cat "$S/tmp/out")"; done
                        quick "$RWV" -C "$S/m" mounts || fail "mounts: $(cat "$S/tmp/err")"
                        for place in "$W" "$S/m"; do
                            fails "$RWV" -C "$place" doctor --json; same_text 'doctor' disk "$(json_values kind < "$S/tmp/out")"
                            fails "$RWV" -C "$place" doctor --fix; found Input/output < "$S/tmp/out" || fail 'doctor does not say why'
                        done
                        fails "$RWV" -C "$W" check; says Input/output
                        fails "$RWV" unmount "$S/m"; says 'taken away'; says Input/output; [ -z "$(ls -A "$S/m")" ] || fail 'it is still there'
                        quick "$RWV" -C "$W" mounts || fail 'mounts'; ! found "  $S/m  " < "$S/tmp/out" || fail 'it is listed still'
                        quick "$RWV" -C "$W" down || fail "down: $(cat "$S/tmp/err")"
                        ! found " $S/[mn] \\| $W/.workweaves " < /proc/self/mountinfo || fail 'mounted still'
                        """)
                    try box.asRoot("umount w; mount -o loop disk.img w")
                    try box.bash(Self.again)
                }
            }
        }

        /// The disk is unmounted under the server's feet; what is below is not written to.
        @Test(arguments: [false, true]) func takenAway(serverToo: Bool) throws {
            try Sandbox.with([.app]) { box in
                try box.onDisk(Self.mount) {
                    try box.bash(Self.begin)
                    if serverToo { try box.bash("kill -9 $(cat \"$W\"/.rwv/run/*.pid)") }
                    try box.asRoot("umount -l w")
                    try box.bash(Self.tools + """
                        everything_fails
                        for command in mounts doctor check up; do fails "$RWV" -C "$W" $command; done; quick "$RWV" -C "$W" down || true
                        quick "$RWV" unmount "$S/m" || true; quick "$RWV" -C "$W" unmount "$S/n" || true
                        same_text 'below' '' "$(ls -A "$W")"
                        until_true 10 bash -c "! grep -q ' $S/[mn] ' /proc/self/mountinfo"
                        """)
                    try box.asRoot("mount -o loop disk.img w")
                    try box.bash(Self.again)
                }
            }
        }
    }
}
