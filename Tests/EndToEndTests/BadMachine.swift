internal import Testing

extension EndToEnd {
    /// A machine or a disk that lacks something. Each runs in a mount namespace of its own, set up by root.
    @Suite struct BadMachine {
        /// Commands before the scenario's in a fresh mount namespace, and what hides what.
        private static let noDevice = """
            mkdir -p "$S/tmp/dev"; mount -t tmpfs none "$S/tmp/dev"
            for d in null zero full random urandom tty; do cp -a /dev/$d "$S/tmp/dev/"; done
            ln -s /proc/self/fd "$S/tmp/dev/fd"
            mount --move "$S/tmp/dev" /dev
            """
        private static let noHelper = """
            for helper in /usr/bin/fusermount3 /bin/fusermount3 /usr/local/bin/fusermount3; do
                [ ! -e $helper ] || mount --bind /dev/null $helper
            done
            """
        private static let closedDevice = """
            mknod -m 0600 "$S/tmp/fuse" c 10 229; mount --bind "$S/tmp/fuse" /dev/fuse
            """

        @Test(arguments: ["no /dev/fuse", "/dev/fuse closed", "no fusermount3"])
        func withoutFuse(lack: String) throws {
            // Root needs neither the helper nor the permission.
            let works = Machine.actsAsRoot && lack != "no /dev/fuse"
            let setUp = lack == "no /dev/fuse" ? Self.noDevice : lack == "no fusermount3" ? Self.noHelper : Self.closedDevice
            try Sandbox.with([.app, .links]) { box in
                try box.inNamespace(setUp, works ? """
                    create agent --engine fuse; equals_native agent server; delete agent; down
                    """ : """
                    refuses -C "$W" workweave web-app create agent --engine fuse
                    says fuse
                    # auto falls back to a checkout, and says so.
                    ENGINE= SHOWN=
                    create agent > "$S/tmp/out" 2> "$S/tmp/err"
                    same_text 'printed' "$W/.workweaves/agent" "$(cat "$S/tmp/out")"
                    says checkout
                    same_text 'engine' checkout "$(rwv -C "$W" workweave web-app list --json | json_values engine)"
                    for repo in server web; do equals_native agent $repo; done
                    echo x > "$(view agent server)/x"
                    refuses -C "$W" workweave web-app delete agent; says github/chatly/server
                    rm "$(view agent server)/x"
                    delete agent
                    same_text 'listed' '' "$(workweaves)"
                    [ -z "$(git -C "$(clone server)" for-each-ref refs/heads/agent refs/rwv)" ] || fail 'refs are left'
                    down
                    """)
            }
        }

        @Test func readOnlyWeave() throws {
            try Sandbox.with([.app]) { box in
                try box.inNamespace("mount --bind \"$W\" \"$W\"; mount -o remount,bind,ro \"$W\"", """
                    refuses -C "$W" workweave web-app create agent
                    says 'read-only'
                    same_text 'listed' '' "$(workweaves)"
                    rwv -C "$W" resolve > /dev/null
                    """)
            }
        }

        @Test func foreignWeave() throws {
            // Root may write everywhere: it asks as nobody.
            let asNobody = Machine.actsAsRoot ? "setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ " : ""
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    git config --global safe.directory '*'; chmod -R a+rX "$S/home" "$S/tmp"; chmod a+w "$S/tmp"
                    chmod -R a-w "$W"
                    before=$(state); status=0
                    \(asNobody)"$RWV" -C "$W" workweave web-app create agent > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                    same_text 'exit code' 1 $status
                    says '^error: '; says '^hint: '
                    same_text 'left' "$before" "$(state)"
                    chmod -R u+w "$W"
                    create agent; equals_native agent server
                    """)
            }
        }

        /// The disk is full at any moment of the create: sizes from "at once" to "nearly done".
        @Test(arguments: [0, 8, 16, 24, 32, 48, 64, 96, 128, 256, 512]) func noSpaceLeft(kibibytes: Int) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.onDisk("truncate -s 24M disk.img; mkfs.ext4 -q -m 0 disk.img; mount -o loop disk.img w", """
                    head -c \(kibibytes)k /dev/zero > "$W/ballast"
                    head -c 1G /dev/zero > "$W/filler" 2>/dev/null || true
                    sync "$W/filler"; rm "$W/ballast"
                    # With the index refreshed, and looked at without writing: git itself has no space either.
                    export GIT_OPTIONAL_LOCKS=0
                    before=$(state)
                    status=0; create agent > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                    case $status in
                    0) rm "$W/filler"; equals_native agent server; equals_native agent web ;;
                    1)  grep -q '^error: ' "$S/tmp/err" && grep -q '^hint: ' "$S/tmp/err" || fail "$(cat "$S/tmp/err")"
                        grep -qi 'space' "$S/tmp/err" || fail "it does not say that the disk is full: $(cat "$S/tmp/err")"
                        rm "$W/filler"
                        same_text "left by a create that failed: $(cat "$S/tmp/err")" "$before" "$(state)"
                        create agent; equals_native agent server; equals_native agent web ;;
                    *)  fail "exit code $status: $(cat "$S/tmp/err")" ;;
                    esac
                    delete agent; down; fsck_all
                    """)
            }
        }

        @Test func fullWhileWorking() throws {
            try Sandbox.with([.app]) { box in
                try box.onDisk("truncate -s 24M disk.img; mkfs.ext4 -q -m 0 disk.img; mount -o loop disk.img w", """
                    create agent; cd "$(view agent server)"
                    echo kept > kept; cp README.md "$S/tmp/readme"
                    head -c 1G /dev/zero > filler 2> "$S/tmp/err" && fail 'a gigabyte on 24 MiB'
                    for size in 65536 4096 512; do while head -c $size /dev/zero >> rest 2> /dev/null; do :; done; done
                    says 'No space'
                    # Either it fits or the file is as it was.
                    (echo more >> README.md) 2> /dev/null || cmp README.md "$S/tmp/readme"
                    same_text 'what was there' kept "$(cat kept)"
                    rm filler rest; echo more >> README.md
                    cd /; down; up; same_text 'after all' ' M README.md|?? kept|' "$(git -C "$(view agent server)" status --porcelain | tr '\\n' '|')"
                    delete --force agent; down
                    """)
            }
        }

        /// Disks that lack what an upper directory needs, or seem to: it works as anywhere, or it is refused.
        @Test(arguments: [
            "mount -t tmpfs -o size=64m none w",
            "mount -t ramfs none w",
            "mkdir l u k; mount -t overlay -o lowerdir=l,upperdir=u,workdir=k none w",
        ]) func otherDisks(mount: String) throws {
            try Sandbox.with([.app, .links]) { box in
                try box.onDisk(mount, """
                    before=$(state)
                    status=0; create agent --engine fuse > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                    if [ $status -eq 1 ]; then
                        grep -q '^error: ' "$S/tmp/err" && grep -q '^hint: ' "$S/tmp/err" || fail "$(cat "$S/tmp/err")"
                        same_text 'left' "$before" "$(state)"
                        down; exit
                    fi
                    [ $status -eq 0 ] || fail "exit code $status: $(cat "$S/tmp/err")"
                    equals_native agent server; equals_native agent web
                    cd "$(view agent server)"
                    rm README.md; git mv src moved; rm -r docs; mkdir docs; echo only > docs/only; ln -s x l; chmod 600 tests/*
                    expected=$(git status --porcelain; listing .)
                    cd /; down; up; cd "$(view agent server)"
                    same_text 'after down and up' "$expected" "$(git status --porcelain; listing .)"
                    git add -A; git commit -qm all; is_clean .
                    cd /; delete --force agent; down
                    """)
            }
        }

        /// Another user has no business with the weave's socket, and root acts as the weave's owner.
        @Test func ownersOnly() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    create agent
                    socket=$(find "$W/.rwv/run" "$XDG_RUNTIME_DIR" -type s | head -1)
                    [ -n "$socket" ] || fail 'no control socket'
                    same_text 'mode of the control socket' 600 "$(stat -c %a "$socket")"
                    """)
                guard !Machine.actsAsRoot else { return }
                try box.asRoot("""
                    owner=$(stat -c %U "$W")
                    "$RWV" -C "$W" workweave web-app create by-root > /dev/null
                    "$RWV" -C "$W" lock
                    # Root cannot even look at the mount of another.
                    found=$(for entry in "$W"/* "$W"/.[!.]*; do [ "$entry" = "$W/.workweaves" ] || find "$entry" ! -user "$owner"; done | head)
                    same_text 'what belongs to another' '' "$found"
                    """)
                try box.bash("equals_native by-root server; delete by-root")
            }
        }
    }
}
