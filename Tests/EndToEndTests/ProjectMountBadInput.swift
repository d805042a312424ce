internal import Testing

extension EndToEnd {
    /// Refused with a reason, never a hang.
    @Suite struct ProjectMountBadInput {
        struct Case: Sendable, CustomStringConvertible {
            let description: String
            var setUp = ""
            let arguments: String
            let says: String
            var status = 1
        }

        private static let cases = [
            Case(description: "missing", arguments: "mount web-app \"$S/nowhere\"", says: "nowhere"),
            Case(description: "not empty", setUp: "touch \"$S/m/x\"", arguments: "mount web-app \"$S/m\"", says: "not empty"),
            Case(description: "a file", setUp: "touch \"$S/file\"", arguments: "mount web-app \"$S/file\"", says: "not a directory"),
            Case(description: "inside .rwv", setUp: "mkdir -p \"$W/.rwv/x\"", arguments: "mount web-app \"$W/.rwv/x\"", says: ".rwv"),
            Case(description: "inside a clone", setUp: "mkdir \"$(clone server)/x\"", arguments: "mount web-app \"$(clone server)/x\"", says: "clone"),
            Case(description: "the weave", arguments: "mount web-app \"$W\"", says: "weave"),
            Case(description: "inside another mount", setUp: "rwv -C \"$W\" mount web-app \"$S/m\"; mkdir \"$S/m/d\"", arguments: "mount web-app \"$S/m/d\"", says: "inside the mount"),
            Case(description: "inside a workweave", setUp: "create agent; mkdir \"$W/.workweaves/agent/d\"", arguments: "mount web-app \"$W/.workweaves/agent/d\"", says: ".workweaves"),
            Case(description: "unknown project", arguments: "mount nosuch \"$S/m\"", says: "rwv.yaml"),
            Case(description: "project without rwv.yaml", setUp: "mkdir \"$W/projects/empty\"", arguments: "mount empty \"$S/m\"", says: "rwv.yaml"),
            Case(description: "broken manifest", setUp: "mkdir \"$W/projects/bad\"; echo 'repositories: [' > \"$W/projects/bad/rwv.yaml\"", arguments: "mount bad \"$S/m\"", says: "rwv.yaml"),
            Case(description: "no name of a project", arguments: "mount '' \"$S/m\"", says: "hint: write a name, such as web-app"),
            Case(description: "no name of a directory", arguments: "mount web-app ''", says: "the name of the directory is empty"),
            Case(description: "the place of the workweaves", setUp: "create agent", arguments: "unmount \"$W/.workweaves\"", says: "rwv down. takes away"),
            Case(description: "a workweave", setUp: "create agent", arguments: "unmount \"$W/.workweaves/agent\"", says: "delete agent. deletes it"),
            Case(description: "no mount", arguments: "unmount \"$S/m\"", says: "no mount"),
        ]

        @Test(arguments: cases) func refused(_ c: Case) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("mkdir -p \"$S/m\"\n\(c.setUp)\nrefuses -C \"$W\" \(c.arguments)\nsays '\(c.says)'")
            }
        }

        @Test func wrongUsage() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mkdir -p "$S/m"
                    status=0; rwv -C "$W" mount web-app "$S/m" -o nosuch 2> "$S/tmp/err" || status=$?
                    same_text 'status' 2 $status; says nosuch
                    """)
            }
        }

        /// fusermount3 mounts for ordinary users where they may write alone; and root acts as the weave's owner.
        @Test func anotherUsersDirectory() throws {
            try Sandbox.with([.app]) { box in
                try box.asRoot("""
                    mkdir mine other; chown 65534 other w -R; chown "$(stat -c %u w)" run tmp home; status=0
                    if [ "$(stat -c %u mine)" -ne 65534 ]; then
                        HOME=$S/tmp "$RWV" -C "$W" mount web-app "$S/mine" > "$S/tmp/out" 2> "$S/tmp/err" || status=$?
                        same_text 'status' 1 $status; says "$S/mine does not belong to the owner of the weave"; says 'chown 65534'
                    fi
                    chown --reference=origins w -R
                    # And nobody mounts another's weave, wherever.
                    HOME=$S/tmp "$RWV" -C "$W" up; mkdir theirs; chown 65534:65534 theirs; status=0
                    setpriv --reuid=65534 --regid=65534 --clear-groups "$RWV" -C "$W" mount web-app "$S/theirs" 2> "$S/tmp/err" || status=$?
                    same_text 'status' 1 $status; says "the weave $W belongs to another user"; says 'hint: run the command as its owner'
                    """)
            }
        }

        /// A server in another mount namespace, as of a container: what it mounts is not seen here, and nobody must think that it is.
        @Test func servedElsewhere() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("up; mkdir \"$S/m\"; mount_project web-app n; cp -a \"$W/projects/web-app\" \"$W/projects/other\"")
                try box.inNamespace("umount -l \"$W/.workweaves\"", """
                    hidden() { local s=0; rwv -C "$W" "$@" > "$S/tmp/out" 2> "$S/tmp/err" || s=$?; same_text "exit code of $*" 1 $s; says 'another mount namespace'; says 'hint: run the command there'; }
                    hidden mount web-app "$S/m"; same_text 'mode of the directory' 755 "$(stat -c %a "$S/m")"
                    ! rwv -C "$W" mounts | grep -F "$S/m" || fail 'it is mounted there'
                    rwv -C "$W" mount other "$S/n"; same_text 'switched' other "$(cat "$S/n/.rwv-active")"
                    hidden workweave web-app create agent; same_text 'what was made' '' "$(rwv -C "$W" workweave web-app list)"
                    """)
                try box.bash("! mountpoint -q \"$S/m\" || fail 'the mount is left'; same_text 'switched' other \"$(cat \"$S/n/.rwv-active\")\"")
            }
        }

        /// Another command has the server mount something between two looks of ours: nothing of that is hidden. Here our table stays the one from before.
        @Test func mountedMeanwhile() throws {
            guard Machine.actsAsRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.inNamespace("", """
                    create first; : > "$S/before"
                    bash -c 'mount --bind "$S/before" /proc/$$/mountinfo && exec "$RWV" -C "$W" workweave web-app create second' > "$S/tmp/out" || fail 'refused'
                    same_text 'listed' 'first second' "$(echo $(workweaves))"
                    """)
            }
        }

        /// A mount that cannot be registered leaves its directory as it was.
        @Test func mountOnAFullDisk() throws {
            guard Machine.isRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.onDisk("mount -t tmpfs -o size=16m none w", """
                    rwv -C "$W" activate web-app; up; mkdir "$S/m"; cat /dev/zero > "$W/fill" 2> /dev/null || true
                    refuses -C "$W" mount web-app "$S/m"; says 'No space left'; same_text 'mode' 755 "$(stat -c %a "$S/m")"
                    rm "$W/fill"; rwv -C "$W" mount web-app "$S/m"; rwv unmount "$S/m"; same_text 'mode' 755 "$(stat -c %a "$S/m")"
                    """)
            }
        }

        /// A message that fits the disk, not the permissions.
        @Test func activateOnAFullDisk() throws {
            guard Machine.isRoot else { return }
            try Sandbox.with([.app]) { box in
                try box.onDisk("mount -t tmpfs -o size=16m none w", """
                    printf '{"name": "server"}\n' > "$(clone server)/package.json"; cat /dev/zero > "$W/fill" 2> /dev/null || true
                    refuses -C "$W" activate web-app; says 'No space left'; says 'hint: free some space on that disk'
                    rm "$W/fill"; rwv -C "$W" activate web-app
                    """)
            }
        }

        /// The clone goes, comes back as another, moves: errors, and all is well when it is there again.
        @Test func theCloneVanishes() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    mount_project web-app m
                    V=$S/m/github/chatly/server; cd "$V/src"; exec 7< ../README.md; text=$(cat ../README.md)
                    mv "$(clone server)" "$S/aside"
                    until_true 3 bash -c "! test -e '$V'"
                    same_text 'an open file' "$text" "$(cat <&7)"; ls > /dev/null 2>&1 || true; stat . > /dev/null 2>&1 || true
                    git clone -q "file://$S/origins/server.git" "$(clone server)"
                    until_true 3 test -e "$V/README.md"
                    same_tree "$(clone server)" "$V"
                    rm -rf "$(clone server)"; touch "$(clone server)"
                    until_true 3 bash -c "! test -d '$V'"
                    rm "$(clone server)"; ln -s /etc "$(clone server)"
                    ls "$V/" > "$S/tmp/out" 2>/dev/null && fail 'a link led out of the weave'
                    gone() { ! ls "$S/m/github/chatly" | grep -qx server; }; until_true 3 gone; ls -l "$S/m/github/chatly" > "$S/tmp/out" || fail 'a name that is not there'
                    rm "$(clone server)"; mv "$S/aside" "$(clone server)"
                    until_true 3 test -e "$V/README.md"
                    cd "$S"; exec 7<&-
                    is_clean "$V"
                    # Directories that are replaced under somebody's feet.
                    cd "$V/docs"; C=$(clone server); mv "$C/docs" "$C/old"; mkdir "$C/docs"; echo new > "$C/docs/new"
                    same_text 'where we stand' "$(ls "$C/old")" "$(ls)"
                    cd "$S"; until_true 3 test -e "$V/docs/new"
                    """)
            }
        }
    }
}
