internal import Testing

extension EndToEnd {
    /// A mounted clone is the clone: as a file system, for git, and from both sides at once.
    @Suite struct ProjectMountFiles {
        @Test func sameAsTheNativeFileSystem() throws {
            try Sandbox.with([.posix]) { box in
                try box.bash("""
                    mount_project web-app m
                    native posix HEAD "$S/native/posix"
                    /usr/bin/python3 "$TOOLS/posix.py" "$S/native/posix" > "$S/native.json" || fail 'the table fails natively'
                    /usr/bin/python3 "$TOOLS/posix.py" "$S/m/github/chatly/posix" > "$S/view.json" || fail 'the table fails in the mount'
                    diff "$S/native.json" "$S/view.json" || fail 'the mount answers otherwise than the native file system'
                    diff <(listing "$(clone posix)") <(listing "$S/m/github/chatly/posix") || fail 'the clone is another'
                    """, limit: 240)
            }
        }

        /// What is written at the mount's top lies in the project's own directory: the same table there.
        @Test func sameAtTheTop() throws {
            try Sandbox.with([.posix]) { box in
                try box.bash("""
                    mount_project web-app m
                    native posix HEAD "$S/native/posix"; cp -a "$S/native/posix"/c* "$S/m/"
                    /usr/bin/python3 "$TOOLS/posix.py" "$S/native/posix" > "$S/native.json" || fail 'the table fails natively'
                    /usr/bin/python3 "$TOOLS/posix.py" "$S/m" > "$S/view.json" || fail 'the table fails at the top'
                    # Of what stands at the top, only what the table is about.
                    for file in native view; do grep -v '^."[.]/[^c]' "$S/$file.json" > "$S/$file.same"; done
                    diff "$S/native.same" "$S/view.same" || fail 'the top answers otherwise than the native file system'
                    rwv unmount "$S/m"; mount_project web-app m
                    diff <(listing "$S/native/posix" | grep ' [.]/c') <(listing "$S/m" | grep ' [.]/c') || fail 'it did not come back as it was'
                    """, limit: 240)
            }
        }

        /// Inode numbers, links, times to the nanosecond: those of the clone.
        @Test func sameIdentity() throws {
            try Sandbox.with([.app, .links]) { box in
                try box.bash("""
                    mount_project web-app m
                    all() { (cd "$1" && find . -printf '%i %n %m %u %g %s %b %T@ %C@ %y %p %l\\n' | LC_ALL=C sort -k11); }
                    # What readdir(3) says, also of "." and "..".
                    numbers() {
                        /usr/bin/python3 -c '
                    import ctypes, sys
                    c = ctypes.CDLL(None)
                    c.opendir.restype = c.readdir.restype = ctypes.c_void_p; c.readdir.argtypes = [ctypes.c_void_p]
                    d = c.opendir(sys.argv[1].encode())
                    while e := c.readdir(d): print(ctypes.c_ulong.from_address(e).value, ctypes.string_at(e + 19))' "$1" | sort
                    }
                    for repo in server web; do
                        cd "$S/m/github/chatly/$repo"; echo 1 > one; ln one two; mkdir d; ln one d/three; mkfifo fifo
                        /usr/bin/python3 -c 'import os; os.utime("two", ns=(1234567890123456789, 1234567890987654321)); os.setxattr("two", "user.mark", b"m"); print(os.listxattr("one"))' > "$S/tmp/out"
                        same_text 'attributes' "['user.mark']" "$(cat "$S/tmp/out")"
                        [ "$(id -u)" -ne 0 ] || { mknod loop b 7 300; mknod null c 1 3; }
                        cd "$S"; diff <(all "$(clone $repo)") <(all "$S/m/github/chatly/$repo") || fail "stat differs in $repo"
                        diff <(cd "$(clone $repo)"; stat -c '%n %t:%T' *) <(cd "$S/m/github/chatly/$repo"; stat -c '%n %t:%T' *) || fail "device numbers differ in $repo"
                        diff <(numbers "$(clone $repo)/d") <(numbers "$S/m/github/chatly/$repo/d") || fail "numbers in the listing differ in $repo"
                    done
                    """)
            }
        }

        /// A minute of changes in the clone and in two mounts of it, by every kind of operation.
        @Test func allSidesAtRandom() throws {
            try Sandbox.with([.app]) { box in
                print("RWV_SEED=\(Machine.seed)")
                try box.bash("""
                    project other server
                    mount_project web-app m; mount_project other o
                    repo=github/chatly/server
                    /usr/bin/python3 "$TOOLS/coherence.py" 60 \(Machine.seed) "$S/native" "$W/$repo" "$S/m/$repo" "$S/o/$repo" || fail 'a mount and the clone differ'
                    fsck_all
                    rwv unmount "$S/o"
                    """, limit: 240)
            }
        }

        /// flock and fcntl, between a mount, the clone and another mount; also when who holds one closes or dies.
        @Test func locksAreShared() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    project other server
                    mount_project web-app m; mount_project other o
                    file=github/chatly/server/README.md
                    /usr/bin/python3 "$TOOLS/locks.py" "$W/$file" "$W/$file" || fail 'the table fails natively'
                    /usr/bin/python3 "$TOOLS/locks.py" "$W/$file" "$S/m/$file" || fail 'clone and mount'
                    /usr/bin/python3 "$TOOLS/locks.py" "$S/o/$file" "$S/m/$file" || fail 'two mounts'
                    rwv unmount "$S/o"
                    """, limit: 120)
            }
        }

        /// Deeper than any path is long, also for the next server.
        @Test func deepTree() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$S/m/github/chatly/server" "$W/.rwv/run/server.pid" <<'P' || fail 'a deep tree'
                    import os, signal, sys
                    os.chdir(sys.argv[1])
                    for i in range(3000): os.mkdir("d"); os.chdir("d")
                    open("deep", "w").write("x")
                    os.kill(int(open(sys.argv[2]).read()), signal.SIGKILL)
                    assert os.listdir(".") == ["deep"] and open("deep").read() == "x"
                    os.chdir(".."); assert os.listdir(".") == ["d"]
                    P
                    rm -rf "$(clone server)/d"
                    """, limit: 120)
            }
        }

        /// A mapped file: what one side writes the other reads.
        @Test func mapped() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)/README.md" "$S/m/github/chatly/server/README.md" <<'P' || fail 'mmap'
                    import mmap, os, sys, time
                    clone, view = sys.argv[1:3]
                    with open(view, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
                        m[:5] = b"VIEW!"; m.flush()
                        assert open(clone, "rb").read(5) == b"VIEW!"
                    with open(clone, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
                        m[:5] = b"CLONE"; m.flush()
                    def seen(text):
                        deadline = time.monotonic() + 2
                        while open(view, "rb").read(5) != text:
                            assert time.monotonic() < deadline, "never seen"
                    seen(b"CLONE")
                    # Two stores into a page have one time. The view has read the file between them.
                    with open(clone, "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
                        for i in range(5):
                            m[:5] = b"one %d" % i
                            open(view, "rb").read(5)
                            m[:5] = b"two %d" % i
                            seen(b"two %d" % i)
                            m.flush()
                    P
                    # A program that is open for nothing but reading can be run from both sides.
                    V=$S/m/github/chatly/server; cp /bin/echo "$V/tool"; same_text 'run in the clone' hi "$("$(clone server)/tool" hi)"; same_text 'run in the mount' hi "$("$V/tool" hi)"
                    """)
            }
        }

        @Test(arguments: ["edits", "renames", "stash", "switching", "rebase", "merge", "bisect", "cleaning", "collecting"])
        func gitAsInTheClone(chapter: String) throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    git clone -q "$S/origins/server.git" "$S/native/clone"
                    git -C "$S/native/clone" remote set-url origin "file://$S/origins/server.git"
                    git -C "$S/native/clone" switch -q -c agent/main; git -C "$(clone server)" switch -q -c agent/main
                    mount_project web-app m
                    V=$S/m/github/chatly/server
                    bash "$TOOLS/git-script.sh" \(chapter) "$S/native/clone" "$S/native/clone" > "$S/native.report" 2>&1 || fail "native: $(tail -n 30 "$S/native.report")"
                    bash "$TOOLS/git-script.sh" \(chapter) "$V" "$V" > "$S/view.report" 2>&1 || fail "mount: $(tail -n 30 "$S/view.report")"
                    diff "$S/native.report" "$S/view.report" || fail 'the mount answers otherwise than a clone'
                    diff -r --no-dereference --exclude=.git "$S/native/clone" "$(clone server)" || fail 'files differ at the end'
                    same_text 'status in the clone' "$(git -C "$S/native/clone" status --porcelain)" "$(git -C "$(clone server)" status --porcelain)"
                    fsck_all
                    """, limit: 240)
            }
        }
    }
}
