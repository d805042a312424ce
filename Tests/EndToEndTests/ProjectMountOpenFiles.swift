internal import Testing

extension EndToEnd {
    /// What is open in a project mount while others work in the clone.
    @Suite struct ProjectMountOpenFiles {
        /// A file that is open stays the same file when its name is moved, replaced or removed in the clone, as on a disk.
        @Test func staySame() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; mount_project web-app n
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" "$S/n/github/chatly/server" <<'P' || fail 'open files'
                    import os, sys
                    clone, view, other = sys.argv[1:4]
                    count = 0
                    def take_away(side, how, path):
                        name = os.path.join(side, os.path.basename(path))
                        if how == "rename": os.rename(name, name + ".1")
                        elif how == "move": os.makedirs(side + "/aside", exist_ok=True); os.rename(name, side + "/aside/" + os.path.basename(path))
                        elif how == "replace":
                            with open(name + ".new", "w") as f: f.write("another")
                            os.rename(name + ".new", name)
                        else: os.unlink(name)
                    for side in (clone, other):
                        for how in ("rename", "move", "replace", "remove"):
                            for made in (clone, view):
                                for used in (True, False):
                                    what = "%s in %s, made in %s, used: %s" % (how, side, made, used)
                                    count += 1
                                    path = "%s/open%d" % (view, count)
                                    with open(made + path[len(view):], "w") as f: f.write("text")
                                    log, reader = os.open(path, os.O_WRONLY | os.O_APPEND), os.open(path, os.O_RDONLY)
                                    text = b"text"
                                    if used: os.write(log, b" and"); text += b" and"
                                    take_away(side, how, path)
                                    for i in range(3):
                                        assert os.write(log, b" %d" % i) == 2, what
                                        text += b" %d" % i
                                        found = os.pread(reader, 99, 0)
                                        assert found == text, (what, i, found, text)
                                        assert os.fstat(log).st_size == len(text), what
                                    os.close(log); os.close(reader)
                                    if how == "replace": assert open(clone + path[len(view):]).read() == "another", what
                    P
                    rwv unmount "$S/m"; rwv unmount "$S/n"
                    """)
            }
        }

        /// What was removed in the clone takes up no room when nobody has it open in the mount.
        @Test func removedFilesAreLetGo() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; V=$S/m/github/chatly/server; C=$(clone server)
                    held() { find "/proc/$(cat "$W/.rwv/run/server.pid")/fd" -lname "$C/big* (deleted)" 2> /dev/null | grep -c . || true; }
                    for i in 1 2 3; do echo text > "$C/big$i"; stat "$V/big$i" > "$S/tmp/out"; cat "$V/big$i" > "$S/tmp/out"; echo more >> "$V/big$i"; done
                    rm "$C"/big*
                    nobody() { [ "$(held)" = 0 ]; }
                    until_true 10 nobody
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// A registry's listing is as the clones are, however they come and go while it is read.
        @Test func listings() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly" <<'P' || fail 'listings'
                    import os, random, sys, time
                    clone, registry = sys.argv[1:3]
                    dice = random.Random(5)
                    def look(seconds):
                        end = time.monotonic() + seconds
                        while time.monotonic() < end: os.listdir(registry)
                    for i in range(30):
                        for j in range(4):
                            os.rename(clone, clone + ".x"); look(dice.random() * 0.1)
                            os.rename(clone + ".x", clone); look(dice.random() * 0.1)
                        end = time.monotonic() + 2
                        while "server" not in os.listdir(registry):
                            assert time.monotonic() < end, "%d: %s" % (i, os.listdir(registry))
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }
    }
}
