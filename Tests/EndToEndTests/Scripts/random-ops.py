#!/usr/bin/python3
"""Random changes to the files below DIRECTORY, the same for the same seed and tree. Never touches .git. Prints each with its result
and a number for the tree that it leaves: names, types, modes, sizes, targets.

usage: random-ops.py DIRECTORY SEED COUNT
"""
import os, random, shutil, stat, sys, zlib


def survey(top):
    files, folders, links = [], [], []
    for folder, names, others in os.walk(top):
        names[:] = sorted(n for n in names if n != ".git")
        for name in names:
            path = os.path.join(folder, name)
            (links if os.path.islink(path) else folders).append(path)
        for name in sorted(others):
            path = os.path.join(folder, name)
            if name != ".git":
                (links if os.path.islink(path) else files).append(path)
    return files, folders, links


def digest(top):
    lines = []
    for folder, names, others in os.walk(top):
        names[:] = [n for n in names if n != ".git"]
        for name in names + [n for n in others if n != ".git"]:
            path = os.path.join(folder, name)
            s = os.lstat(path)
            size = s.st_size if stat.S_ISREG(s.st_mode) else 0
            lines.append("%s %o %d %s" % (path[len(top):], s.st_mode, size, os.readlink(path) if stat.S_ISLNK(s.st_mode) else ""))
    return zlib.crc32("\n".join(sorted(lines)).encode("utf-8", "surrogateescape"))


def main():
    top, seed, count = os.path.abspath(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    r = random.Random(seed)
    os.umask(0o022)
    # Names of a small stock, so that new things land where old ones were.
    old = sorted({os.path.basename(p) for group in survey(top) for p in group})[:60]
    stock = old + ["n%d" % i for i in range(20)]

    for _ in range(count):
        files, folders, links = survey(top)
        place = lambda: os.path.join(r.choice(folders + [top]), r.choice(stock))
        some = lambda group: r.choice(group) if group else os.path.join(top, "none")
        what = r.choices(
            ["create", "append", "overwrite", "truncate", "unlink", "rmtree", "rmdir", "mkdir", "rename", "rename-dir", "exchange", "symlink", "link", "chmod", "chmod-dir", "utime", "replace", "xattr", "remake"],
            [14, 8, 6, 4, 10, 3, 4, 8, 12, 14, 4, 6, 5, 4, 3, 4, 8, 3, 5])[0]
        a = b = ""
        try:
            if what == "create":
                a = place()
                open(a, "x").write("%d\n" % r.random().__hash__())
            elif what == "append":
                a = some(files)
                open(a, "a").write("more\n")
            elif what == "overwrite":
                a = some(files)
                with open(a, "r+") as f:
                    f.write("OVER")
            elif what == "truncate":
                a = some(files)
                os.truncate(a, r.choice([0, 1, 7, 5000]))
            elif what == "unlink":
                a = some(files + links)
                os.unlink(a)
            elif what == "rmtree":
                a = some(folders)
                if a.count("/") > top.count("/") + 1:
                    shutil.rmtree(a)
            elif what == "rmdir":
                a = some(folders)
                os.rmdir(a)
            elif what == "mkdir":
                a = place()
                os.mkdir(a)
            elif what == "rename":
                a, b = some(files + links), place()
                os.rename(a, b)
            elif what == "rename-dir":
                a, b = some(folders), place()
                os.rename(a, b)
            elif what == "exchange":
                import ctypes
                a, b = some(files + folders), some(files + folders)
                ctypes.CDLL(None).renameat2(-100, os.fsencode(a), -100, os.fsencode(b), 2)
            elif what == "symlink":
                a = place()
                os.symlink(r.choice(["there", "../up", "/abs/olute"]), a)
            elif what == "link":
                a, b = some(files), place()
                os.link(a, b)
            elif what == "chmod":
                a = some(files)
                os.chmod(a, r.choice([0o644, 0o755, 0o600, 0o444]))
            elif what == "chmod-dir":
                a = some(folders)
                os.chmod(a, r.choice([0o755, 0o700]))
            elif what == "utime":
                a = some(files + folders)
                os.utime(a, ns=(1, r.randrange(10**18)))
            elif what == "replace":
                a = some(files)
                open(a + ".lock", "w").write("replaced\n")
                os.rename(a + ".lock", a)
            elif what == "xattr":
                a = some(files + folders)
                os.setxattr(a, "user.mark", b"%d" % r.randrange(100))
            elif what == "remake":
                a = some(folders)
                if a.count("/") > top.count("/") + 1:
                    shutil.rmtree(a)
                    os.mkdir(a)
                    open(os.path.join(a, r.choice(stock)), "w").write("in place\n")
            result = "ok"
        except OSError as error:
            result = os.strerror(error.errno)
        print(what, a[len(top):], b[len(top):], result, "%08x" % digest(top))


main()
