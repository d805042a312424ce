#!/usr/bin/python3
"""A table of file system operations. Run in a directory, it prints what each gave, as JSON.

usage: posix.py DIRECTORY       a checkout of the fixture `posix`: c01 … c99, each with
                                file exec other link dir/a dir/b dir/sub/c
Each case runs twice: in a directory that came with the checkout (in a view: the lower layer), and in a fresh copy of it.
What the native file system answers is right.
"""
import ctypes, errno, fcntl, hashlib, json, mmap, os, select, shutil, socket, stat, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)
NOREPLACE, EXCHANGE = 1, 2
CASES = []


def case(function):
    CASES.append(function)
    return function


def renameat2(old, new, flags):
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags):
        raise OSError(ctypes.get_errno(), "renameat2")


def fallocate(fd, mode, offset, length):
    if libc.fallocate(fd, mode, ctypes.c_long(offset), ctypes.c_long(length)):
        raise OSError(ctypes.get_errno(), "fallocate")


def attempt(function, *arguments, **named):
    """The result, or the name of the errno."""
    try:
        result = function(*arguments, **named)
        return "ok" if result is None else result
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))


def read(path):
    with open(path, "rb") as file:
        return file.read().decode("latin1")


def write(path, text, mode="w"):
    with open(path, mode) as file:
        file.write(text)


def look(path):
    s = os.lstat(path)
    kind = stat.S_IFMT(s.st_mode)
    return [oct(s.st_mode), s.st_nlink if kind != stat.S_IFDIR else "-", s.st_size if kind == stat.S_IFREG else "-"]


def tree(path="."):
    """Everything below, with content."""
    found = {}
    for folder, folders, files in os.walk(path):
        if ".git" in folders:
            folders.remove(".git")
        for name in folders + files:
            if name == ".git":
                continue
            p = os.path.join(folder, name)
            entry = look(p)
            if os.path.islink(p):
                entry.append(os.readlink(p))
            elif os.path.isfile(p):
                text = read(p) if os.access(p, os.R_OK) else "unreadable"
                entry.append(text if len(text) < 200 else hashlib.sha256(text.encode()).hexdigest())
            found[os.fsencode(p).decode("latin1")] = entry
    return dict(sorted(found.items()))


@case
def creating():
    r = [attempt(os.close, os.open("new", os.O_CREAT | os.O_WRONLY, 0o640)), look("new")]
    r.append(attempt(os.open, "new", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    r.append(attempt(os.open, "file", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    r.append(attempt(os.open, "link", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    r.append(attempt(os.open, "link", os.O_RDONLY | os.O_NOFOLLOW))
    r.append(attempt(os.open, "file", os.O_RDONLY | os.O_DIRECTORY))
    r.append(attempt(os.open, "dir", os.O_WRONLY))
    r.append(attempt(os.open, "no/such", os.O_CREAT | os.O_WRONLY))
    r.append(attempt(os.open, "file/below", os.O_CREAT | os.O_WRONLY))
    r.append(attempt(os.open, "file/", os.O_RDONLY))
    r.append(attempt(os.mkdir, "dir"))
    r.append(attempt(os.mkdir, "file"))
    r.append(attempt(os.mkdir, "fresh", 0o750))
    r.append(look("fresh"))
    return r


@case
def dangling_link_creates():
    os.symlink("target", "to")
    fd = os.open("to", os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(fd, b"x")
    os.close(fd)
    return tree()


@case
def appending():
    a = os.open("file", os.O_WRONLY | os.O_APPEND)
    b = os.open("file", os.O_WRONLY | os.O_APPEND)
    for i in range(10):
        os.write(a, b"a%d" % i)
        os.write(b, b"b%d" % i)
    r = [attempt(os.lseek, a, 0, os.SEEK_CUR), attempt(os.pwrite, a, b"XY", 0)]
    os.close(a), os.close(b)
    return r + [read("file")]


@case
def truncating_open():
    r = [len(read("file"))]
    os.close(os.open("file", os.O_WRONLY | os.O_TRUNC))
    r.append(os.stat("file").st_size)
    write("exec", "short\n")
    r += [look("exec"), read("exec")]
    held = os.open("other", os.O_RDWR)
    os.close(os.open("other", os.O_RDWR | os.O_TRUNC))
    r += [os.fstat(held).st_size, os.read(held, 10).decode(), os.pwrite(held, b"zz", 4)]
    os.close(held)
    return r + [read("other")]


@case
def truncating():
    r = []
    for size in (5, 0, 100, 3):
        os.truncate("file", size)
        r.append([os.stat("file").st_size, read("file")])
    fd = os.open("other", os.O_RDWR)
    os.ftruncate(fd, 10000)
    r.append(os.fstat(fd).st_size)
    os.close(fd)
    fd = os.open("other", os.O_RDONLY)
    r += [attempt(os.ftruncate, fd, 1), attempt(os.truncate, "dir", 0), attempt(os.truncate, "none", 0), attempt(os.truncate, "file", -1)]
    return r


@case
def unlinked_but_open():
    r = []
    for name in ("file", "fresh"):
        if name == "fresh":
            write(name, "some text\n")
        fd = os.open(name, os.O_RDWR)
        os.unlink(name)
        r += [attempt(os.stat, name), os.read(fd, 4).decode(), os.pwrite(fd, b"written", 2), os.pread(fd, 100, 0).decode()]
        os.ftruncate(fd, 5)
        os.fchmod(fd, 0o600)
        s = os.fstat(fd)
        r += [s.st_size, s.st_nlink, oct(s.st_mode)]
        write(name, "another\n")
        r += [read(name), os.pread(fd, 100, 0).decode()]
        os.close(fd)
    return r + [tree()]


@case
def unlinked_before_copy_up():
    fd = os.open("file", os.O_RDWR)
    other = os.open("file", os.O_RDONLY)
    os.unlink("file")
    os.write(fd, b"late")
    return [os.pread(other, 8, 0).decode(), os.fstat(other).st_nlink, sorted(os.listdir("."))]


@case
def reader_sees_copy_up():
    fd = os.open("file", os.O_RDONLY)
    before = os.fstat(fd)
    m = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
    write("file", "XXX", "r+")
    after = os.fstat(fd)
    return [os.pread(fd, 5, 0).decode(), m[:5].decode(), before.st_ino == after.st_ino, before.st_ino == os.stat("file").st_ino, before.st_dev == after.st_dev]


@case
def inode_numbers():
    r = []
    for path, change in (("file", lambda: os.chmod("file", 0o600)), ("other", lambda: write("other", "more", "a")), ("dir/a", lambda: os.utime("dir/a", (1, 1))),
                         ("dir", lambda: os.rename("dir", "dir")), ("exec", lambda: os.truncate("exec", 1))):
        before = os.stat(path).st_ino
        change()
        r.append(before == os.stat(path).st_ino)
    before = {n: os.lstat("dir/" + n).st_ino for n in os.listdir("dir")}
    top = os.stat("dir").st_ino
    os.rename("dir", "moved")
    r.append(before == {n: os.lstat("moved/" + n).st_ino for n in os.listdir("moved")})
    r.append(top == os.stat("moved").st_ino)
    r.append(all(e.inode() == os.lstat(e.path).st_ino for e in os.scandir("moved")))
    r.append(len({os.lstat(os.path.join(f, n)).st_ino for f, d, fs in os.walk(".") for n in d + fs}))
    return r


@case
def renaming_files():
    r = [attempt(os.rename, "file", "renamed"), attempt(os.stat, "file"), read("renamed")]
    r += [attempt(os.rename, "renamed", "other"), read("other")]
    r += [attempt(os.rename, "none", "x"), attempt(os.rename, "other", "dir"), attempt(os.rename, "dir", "other"), attempt(os.rename, "other", "other")]
    r += [attempt(os.rename, "other", "dir/sub/deep"), attempt(os.rename, "dir/sub/deep", "exec"), attempt(os.rename, "link", "dir/link")]
    r += [attempt(os.rename, "exec", "no/such/place"), attempt(os.rename, "exec/", "x")]
    return r + [tree()]


@case
def renaming_with_flags():
    r = [attempt(renameat2, "file", "other", NOREPLACE), attempt(renameat2, "file", "fresh", NOREPLACE), attempt(renameat2, "fresh", "dir", NOREPLACE)]
    r += [attempt(renameat2, "fresh", "other", EXCHANGE), read("fresh"), read("other")]
    r += [attempt(renameat2, "fresh", "none", EXCHANGE), attempt(renameat2, "dir", "other", EXCHANGE), attempt(renameat2, "link", "exec", EXCHANGE)]
    os.makedirs("second/inner")
    write("second/inner/y", "y\n")
    r += [attempt(renameat2, "second", "other", EXCHANGE), attempt(renameat2, "other", "dir", NOREPLACE | EXCHANGE)]
    r += [attempt(renameat2, "second", "dir", NOREPLACE), attempt(renameat2, "file", "x", 8)]
    return r + [tree()]


@case
def renaming_directories():
    os.makedirs("empty")
    os.makedirs("full")
    write("full/x", "x\n")
    r = [attempt(os.rename, "dir", "full"), attempt(os.rename, "dir", "empty"), sorted(os.listdir("empty"))]
    r += [attempt(os.rename, "empty", "empty/sub/inside"), attempt(os.rename, "empty", "full/deeper"), tree("full")]
    write("full/deeper/new", "new\n")
    os.unlink("full/deeper/a")
    r += [attempt(os.rename, "full", "dir"), attempt(os.rename, "dir/deeper/sub", "out"), attempt(os.rename, "out", "dir/deeper/sub2")]
    os.mkdir("dir/deeper/sub")
    r += [sorted(os.listdir("dir/deeper/sub")), attempt(os.rename, "dir/deeper", "back"), attempt(os.rename, "back", "dir/b2")]
    return r + [tree()]


@case
def a_new_directory_in_place_of_an_old():
    shutil.rmtree("dir")
    r = [attempt(os.listdir, "dir")]
    os.mkdir("dir")
    r.append(os.listdir("dir"))
    write("dir/b", "mine\n")
    os.rename("dir", "d2")
    os.mkdir("dir")
    r += [os.listdir("dir"), attempt(os.rename, "d2", "dir"), sorted(os.listdir("dir"))]
    os.mkdir("dir/sub")
    r.append(os.listdir("dir/sub"))
    return r + [tree()]


@case
def exchanged_directories():
    os.makedirs("x/sub")
    write("x/sub/z", "z\n")
    renameat2("x", "dir", EXCHANGE)
    os.rename("x/a", "x/aa")
    renameat2("x/sub", "dir/sub", EXCHANGE)
    os.rename("x", "y")
    os.rename("dir", "x")
    return tree()


@case
def moved_then_changed():
    os.rename("dir", "m1")
    os.rename("m1/sub", "m1/s2")
    write("m1/s2/c", "changed\n")
    write("m1/s2/new", "n\n")
    os.rename("m1", "m2")
    os.unlink("m2/b")
    os.mkdir("dir")
    os.rename("m2/s2", "dir/sub")
    os.rename("dir", "m2/dir")
    shutil.copytree("m2", "copy", symlinks=True)
    return tree()


@case
def hard_links():
    r = [attempt(os.link, "file", "hard"), look("file"), look("hard"), os.stat("file").st_ino == os.stat("hard").st_ino]
    write("hard", "through the link\n")
    r += [read("file"), attempt(os.link, "file", "other"), attempt(os.link, "dir", "hd"), attempt(os.link, "none", "x")]
    os.rename("file", "dir/elsewhere")
    r += [look("dir/elsewhere"), attempt(os.rename, "hard", "dir/elsewhere"), sorted(os.listdir("."))]
    os.unlink("dir/elsewhere")
    r += [look("hard"), read("hard"), attempt(os.link, "link", "l2", follow_symlinks=False), look("l2")]
    fd = os.open("exec", os.O_RDONLY)
    os.link("exec", "e2")
    os.unlink("exec")
    r += [os.fstat(fd).st_nlink, read("e2")]
    return r


@case
def symbolic_links():
    r = [os.readlink("link"), attempt(os.symlink, "x" * 4000, "long"), len(os.readlink("long")), attempt(os.symlink, "x" * 4096, "longer"), attempt(os.symlink, "", "void")]
    r += [attempt(os.symlink, "a", "file"), attempt(os.readlink, "file"), attempt(os.symlink, "loop", "loop"), attempt(os.open, "loop", os.O_RDONLY)]
    r += [attempt(os.chown, "link", os.getuid(), os.getgid(), follow_symlinks=False), attempt(os.utime, "link", ns=(10**18, 10**18 + 7), follow_symlinks=False), os.lstat("link").st_mtime_ns]
    os.rename("link", "renamed")
    r += [read("renamed"), os.lstat("renamed").st_size]
    os.unlink("renamed")
    return r + [sorted(os.listdir("."))]


@case
def special_files():
    os.mkfifo("fifo", 0o640)
    r = [look("fifo")]
    fd = os.open("fifo", os.O_RDWR | os.O_NONBLOCK)
    os.write(fd, b"through")
    r.append(os.read(fd, 20).decode())
    os.close(fd)
    server = socket.socket(socket.AF_UNIX)
    home = os.open(".", os.O_RDONLY)
    server.bind("/proc/self/fd/%d/sock" % home)
    server.listen(1)
    client = socket.socket(socket.AF_UNIX)
    client.connect("/proc/self/fd/%d/sock" % home)
    client.send(b"hello")
    r += [server.accept()[0].recv(10).decode(), oct(stat.S_IFMT(os.lstat("sock").st_mode)), attempt(os.open, "sock", os.O_RDONLY)]
    os.rename("fifo", "dir/fifo")
    os.unlink("dir/fifo")
    os.unlink("sock")
    r += [attempt(os.mknod, "node", stat.S_IFREG | 0o600), look("node")]
    return r


@case
def times():
    r = []
    for path in ("file", "dir", "dir/a"):
        os.utime(path, ns=(1_000_000_000_123_456_789, 1_100_000_000_987_654_321))
        s = os.stat(path)
        r += [s.st_atime_ns, s.st_mtime_ns]
    os.utime("file", ns=(5_000_000_000 * 10**9, 1))
    r += [os.stat("file").st_mtime_ns, os.stat("file").st_atime_ns]
    os.utime("file")
    r.append(abs(os.stat("file").st_mtime - time.time()) < 60)
    libc.utimensat(-100, b"other", (ctypes.c_long * 4)(0, (1 << 30) - 2, 77, 88), 0)
    r.append(os.stat("other").st_mtime_ns)
    before = os.stat("other").st_mtime_ns
    fd = os.open("other", os.O_WRONLY)
    os.write(fd, b"!")
    os.close(fd)
    r += [os.stat("other").st_mtime_ns > before, os.stat("other").st_ctime_ns >= os.stat("other").st_mtime_ns]
    os.utime("dir", (100, 100))
    write("dir/new", "")
    r.append(os.stat("dir").st_mtime > 100)
    os.utime("dir", (100, 100))
    os.unlink("dir/a")
    r.append(os.stat("dir").st_mtime > 100)
    os.utime("dir", (100, 100))
    write("dir/b", "content does not touch the directory")
    r.append(os.stat("dir").st_mtime == 100)
    before = os.stat("exec")
    os.rename("exec", "exec2")
    r.append(os.stat("exec2").st_mtime_ns == before.st_mtime_ns)
    os.chmod("exec2", 0o700)
    r.append(os.stat("exec2").st_mtime_ns == before.st_mtime_ns)
    return r


@case
def modes():
    r = []
    for mode in (0o600, 0o755, 0o4755, 0o2755, 0o1777, 0o000, 0o444):
        r.append([attempt(os.chmod, "file", mode), oct(os.stat("file").st_mode)])
    for mode in (0o700, 0o1777, 0o2755, 0o755):
        r.append([attempt(os.chmod, "dir", mode), oct(os.stat("dir").st_mode)])
    fd = os.open("secret", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o444)
    r += [os.write(fd, b"written though read-only"), attempt(os.ftruncate, fd, 7), attempt(os.fsync, fd)]
    os.close(fd)
    r += [look("secret"), read("secret")]
    fd = os.open("none", os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o000)
    r += [os.write(fd, b"abc"), os.pread(fd, 3, 0).decode(), look("none")]
    held = os.open("other", os.O_RDWR)
    os.chmod("other", 0)
    r += [os.pwrite(held, b"Q", 0), os.pread(held, 3, 0).decode()]
    os.close(held)
    os.chmod("other", 0o644)
    r.append(read("other"))
    os.chmod("exec", 0o6755)
    write("exec", "x", "a")
    r.append(oct(os.stat("exec").st_mode) if os.getuid() else "root keeps or loses suid")
    return r


@case
def permissions():
    if os.getuid() == 0:
        return "root is not refused"
    r = []
    os.chmod("file", 0o000)
    r += [attempt(os.open, "file", os.O_RDONLY), attempt(os.open, "file", os.O_WRONLY), os.access("file", os.R_OK)]
    os.chmod("file", 0o444)
    r += [attempt(os.open, "file", os.O_WRONLY), attempt(os.truncate, "file", 0), os.access("file", os.W_OK), os.access("exec", os.X_OK), os.access("other", os.X_OK)]
    os.chmod("dir", 0o555)
    r += [attempt(os.unlink, "dir/a"), attempt(os.mkdir, "dir/x"), attempt(os.rename, "dir/a", "a"), attempt(os.rmdir, "dir/sub"), attempt(os.symlink, "a", "dir/l")]
    os.chmod("dir", 0o000)
    r += [attempt(os.listdir, "dir"), attempt(os.stat, "dir/a"), attempt(os.open, "dir/a", os.O_RDONLY)]
    os.chmod("dir", 0o755)
    r += [attempt(os.chown, "file", 0, 0), attempt(os.chown, "file", -1, os.getgid()), attempt(os.mknod, "dev", stat.S_IFCHR | 0o600, os.makedev(1, 3)) == "EPERM"]
    return r


@case
def running():
    subprocess.run(["./exec"], check=True)
    write("script", "#!/bin/sh\necho ran\n")
    r = [attempt(subprocess.run, ["./script"])]
    os.chmod("script", 0o755)
    r.append(subprocess.run(["./script"], stdout=subprocess.PIPE).stdout.decode())
    shutil.copy("/bin/true", "program")
    r.append(subprocess.run(["./program"]).returncode)
    return [str(x) for x in r]


@case
def sparse_files():
    fd = os.open("sparse", os.O_CREAT | os.O_RDWR)
    os.pwrite(fd, b"end", 1 << 20)
    r = [os.fstat(fd).st_size, os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, 0, os.SEEK_HOLE), attempt(os.lseek, fd, 1 << 21, os.SEEK_DATA), os.lseek(fd, 1 << 20, os.SEEK_HOLE)]
    r.append(os.pread(fd, 4, 1000).hex())
    os.close(fd)
    fd = os.open("file", os.O_RDWR)
    size = os.fstat(fd).st_size
    r += [os.lseek(fd, 0, os.SEEK_DATA), os.lseek(fd, 0, os.SEEK_HOLE) == size, attempt(os.lseek, fd, size, os.SEEK_DATA), attempt(os.lseek, fd, -1, os.SEEK_SET)]
    return r


@case
def allocating():
    fd = os.open("file", os.O_RDWR)
    r = [attempt(os.posix_fallocate, fd, 0, 20000), os.fstat(fd).st_size, os.pread(fd, 4, 10000).hex()]
    r += [attempt(fallocate, fd, 1, 0, 40000), os.fstat(fd).st_size]
    os.pwrite(fd, b"y" * 20000, 0)
    r += [attempt(fallocate, fd, 3, 4096, 4096), os.pread(fd, 4, 5000).hex(), os.pread(fd, 2, 9000).decode(), os.fstat(fd).st_size]
    r += [attempt(fallocate, fd, 0x10, 0, 4096), os.pread(fd, 4, 0).hex(), attempt(fallocate, fd, 0, -1, 10), attempt(fallocate, fd, 0, 0, 0)]
    return r


@case
def copying_ranges():
    a = os.open("file", os.O_RDONLY)
    b = os.open("other", os.O_RDWR)
    r = [os.copy_file_range(a, b, 6, offset_src=4, offset_dst=2), read("other")]
    c = os.open("dir/a", os.O_RDWR)
    r += [os.copy_file_range(b, c, 100, offset_src=0, offset_dst=5), read("dir/a"), os.copy_file_range(a, b, 10, offset_src=10000, offset_dst=0)]
    r.append(attempt(os.copy_file_range, a, a, 1))
    with open("file", "rb") as source, open("sent", "wb") as target:
        r.append(os.sendfile(target.fileno(), source.fileno(), 0, 12))
    r.append(read("sent"))
    return r


@case
def shared_mapping():
    fd = os.open("file", os.O_RDWR)
    os.ftruncate(fd, 8192)
    m = mmap.mmap(fd, 8192)
    m[0:5] = b"MMAPD"
    m[5000:5003] = b"end"
    r = [os.pread(fd, 5, 0).decode()]
    os.pwrite(fd, b"by write", 100)
    r.append(m[100:108].decode())
    m.flush()
    second = mmap.mmap(os.open("file", os.O_RDONLY), 0, prot=mmap.PROT_READ)
    r.append(second[0:5].decode())
    m[7:9] = b"##"
    r.append(second[0:10].hex())
    m.close()
    os.close(fd)
    r.append(read("file")[:10])
    private = mmap.mmap(os.open("other", os.O_RDONLY), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
    private[0:1] = b"P"
    r.append(read("other"))
    return r


@case
def extended_attributes():
    r = []
    for path in ("file", "dir", "exec"):
        r += [attempt(os.getxattr, path, "user.none"), attempt(os.setxattr, path, "user.one", b"1"), attempt(os.setxattr, path, "user.two", b"x" * 1000)]
        r += [os.getxattr(path, "user.one").decode(), sorted(os.listxattr(path)), attempt(os.setxattr, path, "user.one", b"2", os.XATTR_CREATE)]
        r += [attempt(os.setxattr, path, "user.three", b"2", os.XATTR_REPLACE), attempt(os.removexattr, path, "user.one"), attempt(os.removexattr, path, "user.one")]
        r += [attempt(os.setxattr, path, "user.", b""), attempt(os.setxattr, path, "nonsense.x", b"") in ("EOPNOTSUPP",), attempt(os.setxattr, path, "user.empty", b"")]
    os.rename("file", "moved")
    write("moved", "more", "a")
    os.rename("dir", "d2")
    r += [sorted(os.listxattr("moved")), sorted(os.listxattr("d2")), attempt(os.setxattr, "link", "user.x", b"1", follow_symlinks=False), os.listxattr("other")]
    r += [len(os.getxattr("moved", "user.two")), attempt(os.setxattr, "moved", "user.big", b"x" * 70000)]
    return r


@case
def removing_directories():
    r = [attempt(os.rmdir, "dir"), attempt(os.rmdir, "file"), attempt(os.unlink, "dir"), attempt(os.rmdir, "none"), attempt(os.unlink, "none")]
    for name in ("a", "b", "sub/c"):
        os.unlink("dir/" + name)
    r += [attempt(os.rmdir, "dir"), attempt(os.rmdir, "dir/sub"), os.listdir("dir"), attempt(os.rmdir, "dir/."), attempt(os.rmdir, "dir"), attempt(os.stat, "dir")]
    os.mkdir("held")
    fd = os.open("held", os.O_RDONLY)
    os.rmdir("held")
    r += [os.listdir(fd), attempt(os.open, "x", os.O_CREAT | os.O_WRONLY, dir_fd=fd), attempt(os.mkdir, "x", dir_fd=fd)]
    os.mkdir("standing")
    os.chdir("standing")
    os.rmdir("../standing")
    r += [attempt(os.listdir, "."), attempt(os.mkdir, "y"), attempt(os.getcwd)]
    return r


@case
def reading_directories_while_they_change():
    os.mkdir("many")
    for i in range(500):
        write("many/n%03d" % i, "")
    seen = set()
    with os.scandir("many") as entries:
        for entry in entries:
            seen.add(entry.name)
            if len(seen) % 2:
                os.unlink(entry.path)
    r = [len(seen), len(os.listdir("many"))]
    for folder, folders, files in os.walk("many", topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
    r += [os.listdir("many"), attempt(os.rmdir, "many")]
    with os.scandir("dir") as entries:
        first = next(entries).name
        write("dir/later", "")
        rest = [e.name for e in entries]
    r += [sorted(set([first] + rest) - {"later"}), len(rest) == len(set(rest)), sorted(os.listdir("dir"))]
    return r


class Dirent(ctypes.Structure):
    _fields_ = [("ino", ctypes.c_uint64), ("off", ctypes.c_int64), ("reclen", ctypes.c_uint16), ("type", ctypes.c_uint8), ("name", ctypes.c_char * 256)]


@case
def rewinding_directories():
    libc.opendir.restype = ctypes.c_void_p
    libc.readdir.restype = ctypes.POINTER(Dirent)
    for f in (libc.readdir, libc.rewinddir, libc.closedir, libc.telldir):
        f.argtypes = [ctypes.c_void_p]
    libc.seekdir.argtypes = [ctypes.c_void_p, ctypes.c_long]
    libc.telldir.restype = ctypes.c_long

    def rest(d):
        names = []
        while True:
            e = libc.readdir(d)
            if not e:
                return names
            names.append((e.contents.name.decode(), e.contents.type))

    d = libc.opendir(b"dir")
    first = rest(d)
    r = [sorted(first)]
    write("dir/fresh", "")
    os.unlink("dir/a")
    libc.rewinddir(d)
    r.append(sorted(rest(d)))
    libc.rewinddir(d)
    libc.readdir(d)
    libc.readdir(d)
    place = libc.telldir(d)
    tail = rest(d)
    libc.seekdir(d, place)
    r.append(tail == rest(d))
    libc.closedir(d)
    return r


@case
def names():
    r = []
    for name in (b"x" * 255, b"x" * 256, b"\xff\xfe", b"new\nline", b"a\tb", b" ", b"...", "ü€".encode(), b"back\\slash", b"-dash", b".wh.file", b"#1"):
        r.append(attempt(lambda: os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o644))))
    r += [attempt(os.mkdir, b"d" * 255), attempt(os.stat, b"y" * 256), attempt(os.stat, b"dir/" * 1030), attempt(os.rename, b"\xff\xfe", b"\x80")]
    return r + [sorted(n.decode("latin1") for n in os.listdir(b"."))]


@case
def statistics():
    s = os.statvfs(".")
    return [s.f_namemax, s.f_blocks > 0, s.f_bfree > 0, s.f_bsize > 0, s.f_bavail <= s.f_bfree, os.pathconf("file", "PC_NAME_MAX")]


@case
def locks():
    def other(code):
        return subprocess.run([sys.executable, "-c", "import fcntl, sys\nf = open('file', 'r+')\n" + code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode().strip()

    trial = "try:\n  fcntl.%s(f, fcntl.LOCK_EX | fcntl.LOCK_NB)\n  print('got it')\nexcept OSError as e: print(e.errno)"
    r = []
    for kind in ("flock", "lockf"):
        with open("file", "r+") as file:
            getattr(fcntl, kind)(file, fcntl.LOCK_EX)
            r.append(other(trial % kind))
            write("file", "changed while locked", "r+")
            r.append(other(trial % kind) if kind == "flock" else "closing another descriptor drops it")
            getattr(fcntl, kind)(file, fcntl.LOCK_UN)
            r.append(other(trial % kind))
    a, b = open("other", "r"), open("other", "r+")
    fcntl.flock(a, fcntl.LOCK_SH)
    r += [attempt(fcntl.flock, b, fcntl.LOCK_SH | fcntl.LOCK_NB), attempt(fcntl.flock, b, fcntl.LOCK_EX | fcntl.LOCK_NB)]
    return r


@case
def big_files():
    fd = os.open("big", os.O_CREAT | os.O_RDWR)
    block = bytes(range(256)) * 4096
    for i in range(8):
        os.write(fd, block)
    os.fsync(fd)
    os.fdatasync(fd)
    r = [os.fstat(fd).st_size, os.pread(fd, 4, 3 * len(block) - 2).hex(), os.pwrite(fd, b"far", 5 << 30), os.fstat(fd).st_size]
    os.ftruncate(fd, 1000)
    return r + [len(read("big")), attempt(os.pwrite, fd, b"x", 1 << 62)]


@case
def direct_and_sync():
    fd = os.open("file", os.O_RDWR | os.O_SYNC)
    r = [os.write(fd, b"sync"), attempt(os.fsync, fd)]
    os.close(fd)
    d = os.open("dir", os.O_RDONLY)
    return r + [attempt(os.fsync, d), os.pread(os.open("file", os.O_RDONLY), 4, 0).decode()]


@case
def temporary_and_path_descriptors():
    fd = os.open("file", os.O_PATH)
    r = [os.fstat(fd).st_size, attempt(os.read, fd, 1), read("/proc/self/fd/%d" % fd)[:4]]
    d = os.open("dir", os.O_PATH | os.O_DIRECTORY)
    r += [read("/proc/self/fd/%d/a" % d), attempt(os.open, "a", os.O_RDONLY | os.O_NOFOLLOW, dir_fd=d) != ""]
    r += [attempt(os.ftruncate, os.open("other", os.O_RDONLY), 0)]
    return r


@case
def replaced_while_open():
    """What editors and git do: write beside, rename over."""
    held = os.open("file", os.O_RDONLY)
    r = []
    for i in range(5):
        write("file.lock", "version %d\n" % i)
        os.rename("file.lock", "file")
        r += [read("file"), os.pread(held, 30, 0).decode(), os.fstat(held).st_nlink]
    return r + [sorted(os.listdir("."))]


@case
def many_threads():
    import threading
    bad = []

    def work(n):
        try:
            for i in range(40):
                name = "t%d" % (i % 5)
                if n % 2:
                    write("%s.%d" % (name, n), "x" * i)
                    os.rename("%s.%d" % (name, n), name)
                else:
                    attempt(read, name)
                    os.listdir(".")
                    attempt(os.unlink, name)
        except Exception as error:
            bad.append(repr(error))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    for n in range(5):
        attempt(os.unlink, "t%d" % n)
    return bad


@case
def removing_all():
    shutil.rmtree("dir")
    for name in os.listdir("."):
        os.unlink(name)
    r = [os.listdir(".")]
    here = os.getcwd()
    os.chdir("..")
    r.append(attempt(os.rmdir, here))
    os.mkdir(here)
    os.chdir(here)
    write("file", "again\n")
    return r + [tree()]


@case
def changing_nothing():
    """chown(2) to nobody else is a change of the inode all the same."""
    r = []
    for path in ("file", "dir", "link"):
        before = os.lstat(path)
        while time.clock_gettime_ns(time.CLOCK_REALTIME) < before.st_ctime_ns + 20_000_000:
            pass
        os.chown(path, -1, -1, follow_symlinks=False)
        after = os.lstat(path)
        r.append([after.st_ctime_ns > before.st_ctime_ns, after.st_mtime_ns == before.st_mtime_ns])
    os.chmod("exec", 0o4755)
    os.chown("exec", -1, -1)
    return r + [oct(os.stat("exec").st_mode)]


def main():
    top = os.path.abspath(sys.argv[1])
    os.umask(0o022)
    results = {}
    for number, function in enumerate(CASES, 1):
        for layer in ("lower", "upper"):
            os.chdir(top)
            folder = os.path.join(top, "c%02d" % (number if layer == "lower" else number + 49))
            if layer == "upper":
                shutil.copytree(folder, folder + ".new", symlinks=True)
                shutil.rmtree(folder)
                os.rename(folder + ".new", folder)
            os.chdir(folder)
            try:
                result = function()
            except Exception as error:
                result = "raised " + repr(error).replace(top, "")
            results["%s %s" % (function.__name__, layer)] = result
    os.chdir(top)
    for name, result in results.items():
        print(name, json.dumps(result))
    # What is left of everything, seen once more.
    for name, entry in tree(".").items():
        print(json.dumps([name, entry]).replace(top, ""))


main()
