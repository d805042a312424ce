internal import Testing

extension EndToEnd {
    /// New and absent files of a mounted clone: what the kernel does and keeps by itself is what the clone has.
    @Suite struct ProjectMountChanges {
        /// A role that changes counts for those who stand in the repo, too.
        @Test func rolesOfWhereOneStands() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m; cd "$S/m/github/chatly/server"; Y=$W/projects/web-app/rwv.yaml; cp "$Y" "$S/tmp/manifest"; touch x
                    sed -i '/server/,/role:/s/role: .*/role: reference/' "$Y"; refused() { ! touch x 2> "$S/tmp/err"; }; until_true 2 refused; says 'read-only'
                    cp "$S/tmp/manifest" "$Y"; until_true 2 touch x
                    cd "$S"; rwv unmount "$S/m"
                    """)
            }
        }

        /// New files, whose writes go around the kernel's cache, are in the clone when a write returns, and in whatever else shows them.
        @Test func newFiles() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" "$W/.rwv/run/server.pid" <<'P' || fail 'new files'
                    import mmap, os, random, resource, signal, sys
                    clone, view, pid = sys.argv[1:4]
                    def same(name, text):
                        for side in (clone, view):
                            path = os.path.join(side, name)
                            assert os.stat(path).st_size == len(text) and open(path, "rb").read() == text, side
                    dice = random.Random(1)
                    text, fd = b"", os.open(view + "/new", os.O_WRONLY | os.O_CREAT, 0o644)
                    for i in range(200):
                        piece = dice.randbytes(dice.randrange(1, 9000))
                        at = dice.randrange(len(text) + 2000) if i % 3 else len(text)
                        assert os.pwrite(fd, piece, at) == len(piece)
                        text = text.ljust(at, bytes(1))
                        text = text[:at] + piece + text[at + len(piece):]
                        same("new", text)
                    os.fsync(fd); os.ftruncate(fd, 5000); text = text[:5000]; same("new", text)
                    # Also in a mapping.
                    with open(view + "/new", "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
                        for i in range(20):
                            assert len(m[:]) == 5000
                            os.pwrite(fd, b"%4d" % i, 4000)
                            assert m[4000:4004] == b"%4d" % i
                    # It is the file, whatever it is called, and when it is called nothing.
                    os.rename(view + "/new", view + "/newer"); os.pwrite(fd, b"renamed", 0)
                    assert open(clone + "/newer", "rb").read(7) == b"renamed"
                    os.unlink(view + "/newer"); os.pwrite(fd, b"unlinked", 0); assert os.fstat(fd).st_size == 5000
                    os.close(fd)
                    fd = os.open(view + "/appended", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                    os.write(fd, b"ab"); open(clone + "/appended", "ab").write(b"cd"); os.write(fd, b"ef"); same("appended", b"abcdef"); os.close(fd)
                    # Of a file that was there, which the kernel has read, and with the server's successor.
                    text = b"abcdef"
                    fd = os.open(view + "/appended", os.O_RDWR | os.O_APPEND)
                    for i in range(30):
                        assert os.pread(fd, 999, 0) == text
                        if i % 10 == 5: os.kill(int(open(pid).read()), signal.SIGKILL)
                        for side in (clone, view, clone):
                            with open(side + "/appended", "ab") as f: f.write(b"%s %d\\n" % (side[-5:].encode(), i))
                            text += b"%s %d\\n" % (side[-5:].encode(), i)
                        os.write(fd, b"%d\\n" % i); text += b"%d\\n" % i
                        same("appended", text)
                    os.close(fd)
                    # What the disk refuses it refuses here.
                    if os.fork() == 0:
                        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10)); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                        fd = os.open(view + "/limited", os.O_WRONLY | os.O_CREAT)
                        try: assert os.write(fd, b"0123456789") == 10 and os.write(fd, b"x") == 0
                        except OSError as e: os._exit(0 if e.errno == 27 else 1)
                        os._exit(1)
                    assert os.wait()[1] == 0
                    P
                    # A file stays the file when the server is another one.
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" "$W/.rwv/run/server.pid" <<'P' || fail 'another server'
                    import os, signal, sys
                    clone, view, pid = sys.argv[1:4]
                    with open(view + "/kept", "wb", buffering=0) as f:
                        f.write(b"one ")
                        os.kill(int(open(pid).read()), signal.SIGKILL)
                        f.write(b"two")
                        for side in (clone, view): assert open(side + "/kept", "rb").read() == b"one two", side
                    P
                    # A program that was made in the mount can be run at once, from both sides.
                    V=$S/m/github/chatly/server; cat /bin/echo > "$V/tool"; chmod +x "$V/tool"
                    same_text 'run in the clone' hi "$("$(clone server)/tool" hi)"; same_text 'run in the mount' hi "$("$V/tool" hi)"
                    """)
            }
        }

        /// What was not there is soon seen when it is there: also when more happened than can be told, or nobody was there to tell.
        @Test func namesThatWereAbsent() throws {
            try Sandbox.with([.app]) { box in
                try box.bash("""
                    mount_project web-app m
                    /usr/bin/python3 - "$(clone server)" "$S/m/github/chatly/server" "$W/.rwv/run/server.pid" <<'P' || fail 'absent names'
                    import os, signal, sys, time
                    clone, view, pid = sys.argv[1:4]
                    def soon(path, there=True):
                        deadline = time.monotonic() + 1
                        while os.path.lexists(path) != there: assert time.monotonic() < deadline, path
                    os.mkdir(clone + "/d"); os.mkdir(clone + "/elsewhere"); open(clone + "/elsewhere/x", "w")
                    def absent(names):
                        for _ in range(2):
                            for n in names: assert not os.path.lexists(view + "/" + n), n
                    absent(["d/a", "d/b", "d/c", "d/e", "f"])
                    open(clone + "/d/a", "w"); soon(view + "/d/a")
                    os.mkdir(clone + "/d/b"); soon(view + "/d/b")
                    os.rename(clone + "/elsewhere/x", clone + "/d/c"); soon(view + "/d/c")
                    os.link(clone + "/d/c", clone + "/d/e"); soon(view + "/d/e")
                    open(view + "/f", "w").close(); os.unlink(view + "/f"); absent(["f"]); open(clone + "/f", "w"); soon(view + "/f")
                    # Beneath a directory that is moved away and comes back with more in it.
                    absent(["d/g"]); os.rename(clone + "/d", clone + "/moved"); open(clone + "/moved/g", "w"); os.rename(clone + "/moved", clone + "/d"); soon(view + "/d/g")
                    # A burst.
                    names = ["d/n%d" % i for i in range(3000)]
                    absent(names)
                    for k in range(8):
                        for n in names: open(clone + "/" + n, "w").close()
                        for n in names[(k < 7) - 1:]: os.unlink(clone + "/" + n)
                    for n in names[:-1]: soon(view + "/" + n)
                    # Nobody tells: the server was killed, and its successor finds the files there.
                    late = ["d/late%d" % i for i in range(50)]
                    absent(late)
                    server = int(open(pid).read())
                    os.kill(server, signal.SIGSTOP)
                    for n in late: open(clone + "/" + n, "w").close()
                    os.kill(server, signal.SIGKILL)
                    while True:
                        try:
                            if int(open(pid).read()) != server: break
                        except (ValueError, FileNotFoundError): pass
                    for n in late: soon(view + "/" + n)
                    P
                    """, limit: 120)
            }
        }
    }
}
