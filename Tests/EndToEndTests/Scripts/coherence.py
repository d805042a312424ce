"""Changes a clone and a mount of it at random, from both sides, and compares.

usage: coherence.py CLONE VIEW STEPS SEED
What is done through the view must be in the clone at once. What is done in the clone must show in the view within LIMIT seconds.
"""
import os, random, shutil, subprocess, sys, time

LIMIT = 1.0
clone, view, steps, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
dice = random.Random(seed)


def seen(top):
    """Everything below, as a value; None while it changes under our hands."""
    all = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            status = os.lstat(path)
            what = os.readlink(path) if os.path.islink(path) else "" if os.path.isdir(path) else open(path, "rb").read()
            all[os.path.relpath(path, top)] = (status.st_ino, status.st_mode, status.st_nlink, status.st_mtime_ns, status.st_ctime_ns,
                                               0 if os.path.isdir(path) else status.st_size, what)
    return all


def names(top, want):
    found = []
    for folder, folders, files in os.walk(top):
        if ".git" in folders:
            folders.remove(".git")
        found += [os.path.relpath(os.path.join(folder, n), top) for n in (folders if want == "folders" else files)]
    return sorted(found)


def change(top):
    files, folders = names(top, "files"), names(top, "folders") + ["."]
    fresh = os.path.join(dice.choice(folders), "n%d" % dice.randrange(1000))
    file = dice.choice(files) if files else None
    kind = dice.choice(["create", "create", "folder", "append", "overwrite", "truncate", "remove", "rename", "replace", "link", "symlink", "chmod", "rmtree",
                        "times", "mmap", "commit", "checkout"])
    at = lambda p: os.path.join(top, p)
    regular = file and not os.path.islink(at(file))
    if kind == "create":
        if not os.path.lexists(at(fresh)):
            open(at(fresh), "wb").write(b"x" * dice.randrange(20000))
    elif kind == "folder":
        if not os.path.lexists(at(fresh)):
            os.mkdir(at(fresh))
    elif kind == "append" and regular:
        open(at(file), "ab").write(b"more")
    elif kind == "overwrite" and regular and os.path.getsize(at(file)):
        # The same size, another time.
        with open(at(file), "r+b") as f:
            f.seek(dice.randrange(os.path.getsize(at(file))))
            f.write(b"Z")
    elif kind == "truncate" and regular:
        os.truncate(at(file), dice.randrange(5000))
    elif kind == "remove" and file:
        os.unlink(at(file))
    elif kind == "rename" and file:
        os.rename(at(file), at(fresh)) if not os.path.isdir(at(fresh)) else None
    elif kind == "replace" and regular:
        open(at(fresh) + ".tmp", "wb").write(b"replaced %d" % dice.randrange(100))
        os.rename(at(fresh) + ".tmp", at(file))
    elif kind == "link" and regular and not os.path.lexists(at(fresh)):
        os.link(at(file), at(fresh))
    elif kind == "symlink" and not os.path.lexists(at(fresh)):
        os.symlink("to%d" % dice.randrange(9), at(fresh))
    elif kind == "chmod" and regular:
        os.chmod(at(file), dice.choice([0o644, 0o600, 0o755]))
    elif kind == "rmtree":
        folder = dice.choice(folders)
        if folder != "." and dice.randrange(4) == 0:
            shutil.rmtree(at(folder))
    elif kind == "times" and regular:
        os.utime(at(file), ns=(10**18 + dice.randrange(10**9), 10**18 + dice.randrange(10**9)))
    elif kind == "mmap" and regular and os.path.getsize(at(file)):
        import mmap
        with open(at(file), "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
            m[0] = 65 + dice.randrange(20)
            m.flush()
    elif kind == "commit":
        subprocess.run(["git", "-C", top, "add", "-A"], check=True)
        subprocess.run(["git", "-C", top, "commit", "-qm", "step", "--allow-empty"], check=True)
    elif kind == "checkout":
        subprocess.run(["git", "-C", top, "reset", "-q", "--hard", "HEAD~%d" % dice.randrange(2)], check=False, stderr=subprocess.DEVNULL)
    return kind


def differences(expected, found):
    return sorted(p for p in set(expected) | set(found) if expected.get(p) != found.get(p))


for step in range(steps):
    through_view = dice.randrange(2) == 0
    kind = change(view if through_view else clone)
    expected = seen(clone)
    changed = time.monotonic()
    while True:
        # A look that begins after the limit must see it all.
        must_match = time.monotonic() > changed + LIMIT
        try:
            found = seen(view)
        except OSError as error:
            # Names of before, files of now.
            found = {"": error}
        if found == expected:
            break
        if must_match:
            paths = differences(expected, found)[:3]
            sys.exit("seed %d step %d, %s %s, differs at %s\nclone %s\nview  %s" % (
                seed, step, kind, "through the view" if through_view else "in the clone", paths,
                [expected.get(p) for p in paths], [found.get(p) for p in paths]))
