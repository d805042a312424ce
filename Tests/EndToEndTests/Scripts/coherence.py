"""Changes a clone and mounts of it at random, from all sides, and compares.

usage: coherence.py SECONDS SEED WORK CLONE VIEW…       WORK: a directory of our own on the clone's disk

What is done through a view must be in the clone, and in that view, at once. All else must show in each view within LIMIT seconds; and
whoever sees a file's new size or time sees its new contents. Most steps are a few operations on one side; some are a burst on all sides
at once, in which operations may fail as among several users of one directory, and which is compared when it is over.
"""
import collections, ctypes, errno, mmap, os, random, shutil, signal, stat, subprocess, sys, time, traceback

LIMIT = 1.0
seconds, seed = float(sys.argv[1]), int(sys.argv[2])
work, clone, views = sys.argv[3], sys.argv[4], sys.argv[5:]
dice = random.Random(seed)
libc = ctypes.CDLL(None, use_errno=True)
OPERATIONS = {}


def operation(weight):
    def add(function):
        OPERATIONS[function.__name__] = (function, weight)
        return function
    return add


def run(*command, check=True):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if check and done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stdout.decode(errors="replace")))
    return done.returncode


class Side:
    """One place to work from, and what is kept open there."""

    def __init__(self, top):
        self.top, self.files, self.maps = top, [], []

    def git(self, *words, check=True):
        return run("git", "-C", self.top, *words, check=check)

    def names(self, want):
        found = []
        for folder, folders, files in os.walk(self.top):
            if ".git" in folders:
                folders.remove(".git")
            here = os.path.relpath(folder, self.top)
            links = [n for n in folders if os.path.islink(os.path.join(folder, n))]
            found += [os.path.join(here, n) for n in (files + links if want == "files" else [n for n in folders if n not in links])]
        return sorted(found)

    def file(self, kind=stat.S_ISREG):
        """A path of a file of this kind; LookupError if there is none."""
        return dice.choice([p for p in (os.path.join(self.top, n) for n in self.names("files")) if kind(os.lstat(p).st_mode)] or [None]) or nothing()

    def folder(self, orTop=True):
        return os.path.normpath(os.path.join(self.top, dice.choice(self.names("folders") + ["."] * orTop or [None]) or nothing()))

    def fresh(self):
        path = os.path.join(self.folder(), "n%d" % dice.randrange(1000))
        return nothing() if os.path.lexists(path) else path

    def close(self):
        for f in self.files + [x for pair in self.maps for x in pair]:
            f.close()
        self.files, self.maps = [], []


def nothing():
    raise LookupError


def write(path, data, how="wb"):
    with open(path, how) as f:
        f.write(data)


def text():
    return bytes(dice.randrange(32, 127) for _ in range(dice.choice([0, 1, 10, 100, 5000]))) * dice.randrange(1, 5)


# --- files
@operation(3)
def create(s): write(s.fresh(), text())
@operation(2)
def append(s): write(s.file(), b"more", "ab")
@operation(2)
def rewrite(s): write(s.file(), text())
@operation(2)
def truncate(s): os.truncate(s.file(), dice.randrange(9000))
@operation(1)
def remove(s): os.unlink(s.file())
@operation(2)
def rename(s): os.rename(s.file(lambda m: not stat.S_ISDIR(m)), s.fresh())
@operation(1)
def rename_over(s): os.rename(s.file(), s.file())
@operation(2)
def link(s): os.link(s.file(), s.fresh())
@operation(1)
def symlink(s): os.symlink("to%d" % dice.randrange(9), s.fresh())
@operation(2)
def chmod(s): os.chmod(s.file(), dice.choice([0o644, 0o600, 0o755, 0o640]))
@operation(1)
def times(s): os.utime(s.file(), ns=(10**18 + dice.randrange(10**9), 10**18 + dice.randrange(10**9)))
@operation(1)
def fifo(s): os.mkfifo(s.fresh(), 0o640)


@operation(2)
def overwrite(s):
    """The same size, another time."""
    path = s.file()
    with open(path, "r+b") as f:
        f.seek(dice.randrange(os.path.getsize(path) or nothing()))
        f.write(bytes([dice.randrange(256)]))


@operation(2)
def replace(s):
    """As editors do it."""
    path = s.file()
    write(path + ".tmp", text())
    os.rename(path + ".tmp", path)


@operation(1)
def replace_link(s):
    path = s.file(stat.S_ISLNK)
    os.symlink("elsewhere%d" % dice.randrange(99), path + ".tmp")
    os.rename(path + ".tmp", path)


@operation(1)
def exchange(s):
    names = [os.fsencode(os.path.join(s.top, n)) for n in s.names("files") + s.names("folders")]
    a, b = dice.choice(names), dice.choice(names)
    if libc.renameat2(-100, a, -100, b, 2) and ctypes.get_errno() not in (errno.EINVAL, errno.ENOTEMPTY):
        raise OSError(ctypes.get_errno(), "renameat2")


@operation(1)
def allocate(s):
    with open(s.file(), "r+b") as f:
        mode, at, length = dice.choice([(0, 0, 20000), (1, 0, 30000), (3, 0, 4096), (3, 4096, 4096)])
        if libc.fallocate(f.fileno(), mode, ctypes.c_long(at), ctypes.c_long(length)):
            raise OSError(ctypes.get_errno(), "fallocate")


@operation(1)
def copy_range(s):
    with open(s.file(), "rb") as a, open(s.file(), "r+b") as b:
        if os.fstat(a.fileno()).st_ino != os.fstat(b.fileno()).st_ino:
            os.copy_file_range(a.fileno(), b.fileno(), 3000)


@operation(2)
def xattr(s):
    path, name = dice.choice([s.file, s.folder])(), "user.x%d" % dice.randrange(3)
    if dice.randrange(3):
        os.setxattr(path, name, text()[:200])
    elif name in os.listxattr(path):
        os.removexattr(path, name)


# --- what stays open, and is written to later, wherever it has been moved meanwhile
def on_open(f, work):
    """Calls work with its status. One that lost all its names in the clone may be stale for who has it open in a view (docs/decisions/0020)."""
    try:
        status = os.fstat(f.fileno())
        work(status) if status.st_nlink else nothing()
    except OSError as error:
        if error.errno != errno.ESTALE:
            raise
        nothing()


@operation(3)
def through_open_file(s):
    if not s.files or dice.randrange(3) == 0:
        s.files.append(open(s.file(), "r+b", buffering=0))
        if len(s.files) > 5:
            s.files.pop(0).close()
    f = dice.choice(s.files)
    on_open(f, lambda _: os.pwrite(f.fileno(), text() or b"y", dice.randrange(6000)))


def flush(m):
    """msync(2), which says EIO where the page of a stale file cannot be written."""
    try:
        m.flush()
    except OSError as error:
        raise OSError(errno.ESTALE, "msync") if error.errno == errno.EIO else error


@operation(3)
def store(s):
    """Into a mapped page, which no notification tells of."""
    path = s.file()
    with open(path, "r+b") as f, mmap.mmap(f.fileno(), os.path.getsize(path) or nothing()) as m:
        m[dice.randrange(len(m))] = 65 + dice.randrange(20)
        flush(m)


@operation(3)
def store_later(s):
    """Into a mapping of long ago."""
    if not s.maps or dice.randrange(3) == 0:
        path = s.file()
        f = open(path, "r+b", buffering=0)
        s.maps.append((f, mmap.mmap(f.fileno(), os.path.getsize(path) or nothing())))
        if len(s.maps) > 3:
            [x.close() for x in s.maps.pop(0)]
    f, m = dice.choice(s.maps)

    def change(status):
        # Past the end of a file that was cut off there is no page.
        if status.st_size >= len(m):
            m[dice.randrange(len(m))] = 97 + dice.randrange(20)
            flush(m)
    on_open(f, change)


@operation(2)
def outside(s):
    """Through a further name that lies in no directory which is shown, as `cp -al` makes them."""
    if s.top != clone:
        nothing()
    path = os.path.join(work, "outside%d" % dice.randrange(4))
    if not os.path.lexists(path) or dice.randrange(3) == 0:
        if os.path.lexists(path):
            os.unlink(path)
        os.link(s.file(), path)
    write(path, text() or b"z", dice.choice(["wb", "ab"]))


# --- directories
@operation(2)
def mkdir(s): os.mkdir(s.fresh())
@operation(2)
def rename_folder(s):
    folder, fresh = s.folder(orTop=False), s.fresh()
    os.rename(folder, fresh if not fresh.startswith(folder + "/") else nothing())


@operation(1)
def rmtree(s):
    if dice.randrange(3) == 0:
        shutil.rmtree(s.folder(orTop=False))


@operation(1)
def copy_tree(s):
    folder = s.folder(orTop=False)
    if len(s.names("files")) < 150:
        run("cp", "-a", folder, s.fresh(), check=False)


@operation(1)
def another_kind(s):
    """A file where a directory was, and the reverse."""
    path = os.path.normpath(os.path.join(s.top, dice.choice(s.names("files") + s.names("folders"))))
    fresh = s.fresh()
    os.rename(path, fresh if not fresh.startswith(path + "/") else nothing())
    os.mkdir(path) if not os.path.isdir(path) and dice.randrange(2) else write(path, text())


# --- git
def committed(s):
    """Everything; but git takes no FIFO in the place of a file."""
    for name in s.names("files"):
        if stat.S_ISFIFO(os.lstat(os.path.join(s.top, name)).st_mode):
            os.unlink(os.path.join(s.top, name))
    s.git("add", "-A")
    s.git("commit", "-qm", "step", "--allow-empty")


@operation(2)
def commit(s): committed(s)


@operation(2)
def checkout(s):
    committed(s)
    s.git("checkout", "-q", "--detach", "HEAD~%d" % dice.randrange(1, 3), check=False)


@operation(1)
def reset(s): s.git("reset", "-q", "--hard", "HEAD~%d" % dice.randrange(2), check=False)
@operation(1)
def stash(s): s.git("stash", "-q", *dice.choice([["-u"], ["pop"]]), check=False)
@operation(1)
def collect(s): s.git("gc", "-q")


@operation(2)
def pull(s):
    """What somebody else has pushed meanwhile."""
    other = os.path.join(work, "other")
    if not os.path.isdir(other):
        run("git", "clone", "-q", subprocess.check_output(["git", "-C", clone, "remote", "get-url", "origin"], text=True).strip(), other)
    for _ in range(dice.randrange(1, 4)):
        write(os.path.join(other, "pushed%d" % dice.randrange(6)), text())
    run("git", "-C", other, "add", "-A")
    run("git", "-C", other, "commit", "-qm", "pushed", "--allow-empty")
    run("git", "-C", other, "push", "-q", "origin", "HEAD:main")
    committed(s)
    if s.git("pull", "-q", "--no-rebase", "--no-edit", "-X", "theirs", "origin", "main", check=False):
        s.git("merge", "--abort", check=False)
        s.git("fetch", "-q", "origin")
        s.git("reset", "-q", "--hard", "origin/main")


# --- comparing
def seen(top):
    """Everything below, as two values for each path: what stat(2) says, and the contents."""
    all = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files + ["."] * (folder == top):
            path = os.path.join(folder, name)
            s = os.lstat(path)
            isFolder = stat.S_ISDIR(s.st_mode)
            # Not the blocks: the disk allocates them when it writes back, and moves no time.
            status = (s.st_ino, oct(s.st_mode), s.st_nlink, s.st_mtime_ns, s.st_ctime_ns, 0 if isFolder else s.st_size)
            what = os.readlink(path) if stat.S_ISLNK(s.st_mode) else open(path, "rb").read() if stat.S_ISREG(s.st_mode) else sorted(os.listdir(path)) if isFolder else b""
            marks = [(n, os.getxattr(path, n, follow_symlinks=False)) for n in sorted(os.listxattr(path, follow_symlinks=False))]
            all[os.path.relpath(path, top)] = (status, marks, what)
    return all


def fail(step, why, expected, found):
    paths = sorted(p for p in set(expected) | set(found) if expected.get(p) != found.get(p))[:3]
    sys.exit("seed %d step %d: %s, differs at %s\nclone %s\nview  %s" % (
        seed, step, why, paths, [str(expected.get(p))[:600] for p in paths], [str(found.get(p))[:600] for p in paths]))


def compare(step, kind, expected, view, deadline):
    while True:
        # A look that begins after the deadline must see it all.
        is_late = time.monotonic() > deadline
        try:
            found = seen(view)
        except OSError as error:
            # Names of before, files of now.
            found = {"": repr(error)}
        if found == expected:
            return
        for path, (status, _, what) in found.items() if "" not in found else ():
            if path in expected and expected[path][0] == status and expected[path][2] != what:
                fail(step, "%s: new size and time, old contents in %s" % (kind, view), expected, found)
        if is_late:
            fail(step, "%s, not seen in %s" % (kind, view), expected, found)
        time.sleep(0.01)


def perform(side):
    names, weights = zip(*[(n, w) for n, (_, w) in OPERATIONS.items()])
    kind = dice.choices(names, weights)[0]
    try:
        OPERATIONS[kind][0](side)
    except LookupError:
        kind += " (of nothing)"
    return kind


# What several users of one directory do to each other. A file that another has removed while we had it open may be stale in a view.
EXPECTED = {errno.ENOENT, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY, errno.ELOOP, errno.ENODATA, errno.EXDEV, errno.EINVAL}


def burst(sides):
    """All sides at once, each in a process of its own."""
    children = []
    for side in sides:
        its_seed = dice.randrange(1 << 30)
        child = os.fork()
        if child == 0:
            dice.seed(its_seed)
            side.files, side.maps = [], []
            status = 0
            for _ in range(8):
                try:
                    perform(side)
                except RuntimeError:
                    pass  # git against git
                except shutil.Error:
                    pass
                except OSError as error:
                    if error.errno not in EXPECTED and not (error.errno == errno.ESTALE and side.top != clone):
                        print("in a burst, in %s: %s" % (side.top, traceback.format_exc()), file=sys.stderr)
                        status = 1
            os._exit(status)
        children.append(child)
    # Who stores past the end of a file that another has cut off meanwhile is killed, on every disk.
    return all([os.waitpid(child, 0)[1] in (0, signal.SIGBUS, signal.SIGBUS | 0x80) for child in children])


sides = [Side(place) for place in [clone] + views]
done = collections.Counter()
end = time.monotonic() + seconds
step = 0
for view in views:
    compare(step, "as it began", seen(clone), view, time.monotonic() + LIMIT)
while time.monotonic() < end:
    step += 1
    if dice.randrange(10) == 0:
        side, kind = None, "burst"
        for s in sides:
            s.close()
        done[kind] += 1
        if not burst(sides):
            sys.exit("seed %d step %d: a burst failed" % (seed, step))
        for lock in (os.path.join(f, n) for f, _, files in os.walk(os.path.join(clone, ".git")) for n in files if n.endswith(".lock")):
            os.unlink(lock)
    else:
        side = dice.choice(sides)
        kinds = [perform(side) for _ in range(dice.randrange(1, 6))]
        done.update(kinds)
        kind = ", ".join(kinds)
    changed = time.monotonic()
    expected = seen(clone)
    where = "on all sides" if side is None else "in the clone" if side.top == clone else "through %s" % side.top
    for view in views:
        compare(step, "%s %s" % (kind, where), expected, view, changed + (0 if side and side.top == view else LIMIT))
print("%d steps: %s" % (step, ", ".join("%s %d" % pair for pair in done.most_common())))
