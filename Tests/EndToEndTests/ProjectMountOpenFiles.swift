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
                    import errno, os, sys, time
                    clone, view, other = sys.argv[1:4]
                    count = 0
                    def write(fd, text, what):
                        # Refused until the server has heard that the name is gone.
                        end = time.monotonic() + 10
                        while True:
                            try: assert os.write(fd, text) == len(text), what; return
                            except OSError as e: assert e.errno == errno.ESTALE and os.fstat(fd).st_nlink == 0 and time.monotonic() < end, (what, e)
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
                                        write(log, b" %d" % i, what)
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

        /// The same of a file that the mount was asked for in a listing only: nothing tells of its open(2).
        @Test func openAfterAListing() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" <<'P' || fail 'open files'
                    import os, subprocess, sys
                    clone, view = sys.argv[1:3]
                    names = ["x%d" % i for i in range(200)]
                    os.mkdir(clone + "/many")
                    for n in names: open("%s/many/%s" % (clone, n), "w").write("0123" + n)
                    subprocess.run(["ls", "-l", view + "/many"], stdout=subprocess.DEVNULL, check=True)
                    files = [os.open("%s/many/%s" % (view, n), os.O_RDONLY) for n in names]
                    for i, n in enumerate(names):
                        at = "%s/many/%s" % (clone, n)
                        if i % 3 == 0: os.unlink(at)
                        elif i % 3 == 1: open(at + ".new", "w").write("other"); os.rename(at + ".new", at)
                        else: os.rename(at, clone + "/" + n)
                    for fd, n in zip(files, names): assert os.pread(fd, 99, 0) == b"0123" + n.encode(), n
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// A file that others have just made is opened, unless O_EXCL was given.
        @Test func madeMeanwhile() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" <<'P' || fail 'open files'
                    import os, sys
                    clone, view = sys.argv[1:3]
                    for i in range(100):
                        for flags in (os.O_WRONLY, os.O_WRONLY | os.O_TRUNC, os.O_RDWR | os.O_APPEND, os.O_WRONLY | os.O_EXCL):
                            name = "/new%d-%d" % (i, flags)
                            assert not os.path.exists(view + name)
                            open(clone + name, "w").write("theirs")
                            try: fd = os.open(view + name, flags | os.O_CREAT, 0o600)
                            except FileExistsError: assert flags & os.O_EXCL; continue
                            assert not flags & os.O_EXCL
                            os.write(fd, b"mine"); os.close(fd)
                            expected = "mine" if flags & os.O_TRUNC else "theirsmine" if flags & os.O_APPEND else "miners"
                            assert open(clone + name).read() == expected, (flags, open(clone + name).read())
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// The mode that an access list gives a file is seen at once.
        @Test func modesOfAccessLists() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$S/m/github/chatly/server/README.md" <<'P' || fail 'access lists'
                    import os, struct, subprocess, sys
                    def acl(mask): return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *e) for e in ((1, 6, 0xffffffff), (2, 7, 5), (4, 4, 0xffffffff), (0x10, mask, 0xffffffff), (0x20, 4, 0xffffffff)))
                    # stat(1) asks for nothing but the mode (statx(2)).
                    for i in range(100):
                        for mask in (7, 4):
                            os.setxattr(sys.argv[1], "system.posix_acl_access", acl(mask))
                            found = subprocess.run(["stat", "-c", "%a", sys.argv[1]], stdout=subprocess.PIPE, text=True).stdout
                            assert int(found, 8) == 0o604 | mask << 3, (i, found)
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// What is stored into a mapping in the clone is seen when the file is closed at the latest, whatever its time says.
        @Test func mappingsInTheClone() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)/mapped" "$S/m/github/chatly/server/mapped" <<'P' || fail 'mappings'
                    import mmap, os, sys, time
                    clone, view = sys.argv[1:3]
                    open(clone, "wb").write(b"0" * 8192)
                    reader = os.open(view, os.O_RDONLY); fd = os.open(clone, os.O_RDWR); m = mmap.mmap(fd, 8192)
                    m[0:1] = b"1"; end = time.monotonic() + 10
                    while os.pread(reader, 1, 0) != b"1": assert time.monotonic() < end, "the first store"
                    # The page is writable now: no time moves.
                    for k in b"23456789":
                        m[0:1] = bytes([k]); end = time.monotonic() + 0.2
                        while time.monotonic() < end and os.pread(reader, 1, 0) != bytes([k]): pass
                    m.close(); os.close(fd); end = time.monotonic() + 10
                    while os.pread(reader, 1, 0) != b"9": assert time.monotonic() < end, "the last store"
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// A file system that somebody mounts in a clone can be unmounted again.
        @Test func mountsInClones() throws {
            try Sandbox.with([.app]) { box in
                try box.inNamespace("mkdir w/github/chatly/server/sub; mount -t tmpfs -o mode=777 none w/github/chatly/server/sub", """
                    mkdir -p "$(clone server)/sub/d"; echo text > "$(clone server)/sub/d/f"; mount_project web-app m; V=$S/m/github/chatly/server/sub
                    same_text 'read' text "$(cat "$V/d/f")"; ls -lR "$V" > "$S/tmp/out"; echo more >> "$V/d/f"; same_text 'written' 'text more' "$(xargs < "$(clone server)/sub/d/f")"
                    ! find "/proc/$(cat "$W/.rwv/run/server.pid")/fd" -lname "$(clone server)/sub*" | grep . || fail 'the server has something there open'
                    rwv unmount "$S/m"; down
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

        /// A lock of an open file (F_OFD_SETLK) is there as long as anybody has that file open.
        @Test func locksOfOpenFiles() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)/README.md" "$S/m/github/chatly/server/README.md" <<'P' || fail 'locks'
                    import fcntl, os, struct, sys, time
                    clone, view = sys.argv[1:3]
                    whole = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
                    def taken(path):
                        fd = os.open(path, os.O_RDWR)
                        try: fcntl.fcntl(fd, 37, whole); return False
                        except BlockingIOError: return True
                        finally: os.close(fd)
                    stay, go = os.pipe()
                    first = os.fork()
                    if first == 0:
                        os.close(go); fd = os.open(view, os.O_RDWR); fcntl.fcntl(fd, 37, whole)
                        if os.fork() == 0: os.read(stay, 1)
                        os._exit(0)
                    assert os.waitpid(first, 0)[1] == 0
                    end = time.monotonic() + 0.3
                    while time.monotonic() < end: assert taken(clone) and taken(view)
                    os.close(go); end = time.monotonic() + 10
                    while taken(clone): assert time.monotonic() < end
                    assert not taken(view)
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// Where a directory has a default ACL, the umask of who makes something in it does not count (umask(2)).
        @Test func defaultACL() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" <<'P' || fail 'default ACL'
                    import os, stat, struct, sys
                    clone, view = sys.argv[1:3]
                    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, perm, 0xffffffff) for tag, perm in ((1, 7), (4, 7), (0x20, 5)))
                    def made(top):
                        found = []
                        for where in ("with", "without"):
                            for mask in (0o077, 0o027, 0o777, 0):
                                os.umask(mask); at = "%s/%s/%o" % (top, where, mask)
                                os.mkdir(at + "d"); os.mkfifo(at + "p"); os.close(os.open(at + "f", os.O_CREAT | os.O_WRONLY, 0o666)); os.close(os.open(at + "x", os.O_CREAT | os.O_RDWR, 0o777))
                                found += [(where, oct(mask), k, oct(stat.S_IMODE(os.stat(at + k).st_mode))) for k in "dpfx"]
                                os.umask(0)
                        return found
                    results = []
                    for top in (clone, view):
                        os.umask(0)
                        for where in ("with", "without"): os.mkdir("%s/%s" % (clone, where))
                        os.setxattr(clone + "/with", "system.posix_acl_default", acl)
                        results.append(made(top)); os.system("chmod -R u+rwx '%s/with' '%s/without'; rm -r '%s/with' '%s/without'" % ((clone,) * 4))
                    assert results[0] == results[1], [p for p in zip(*results) if p[0] != p[1]]
                    assert ("with", "0o77", "f", "0o664") in results[0], results[0]
                    P
                    rwv unmount "$S/m"
                    """)
            }
        }

        /// A directory that may be read and not entered: its names, and nothing more.
        @Test func withoutTheRightToEnter() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; C=$(clone server); mkdir "$C/d"; touch "$C/d/a" "$C/d/b"; chmod 444 "$C/d"
                    same_text 'names' "$(ls "$C/d" 2> "$S/tmp/err")" "$(ls "$S/m/github/chatly/server/d" 2> "$S/tmp/err")"; ls "$C/d" 2> "$S/tmp/err" | found a
                    chmod 755 "$C/d"; until_true 2 stat "$S/m/github/chatly/server/d/a" > "$S/tmp/out"; rwv unmount "$S/m"
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
