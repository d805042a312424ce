#!/usr/bin/python3
"""Everything below DIRECTORY, one entry a line: name, type and mode, size, times, link count, target, content, user attributes.

usage: tree.py DIRECTORY
"""
import hashlib, os, stat, sys


def describe(path):
    s = os.lstat(path)
    kind = stat.S_IFMT(s.st_mode)
    words = [oct(s.st_mode), "uid=%d" % s.st_uid]
    if kind == stat.S_IFLNK:
        words.append("-> " + os.readlink(path))
    if kind == stat.S_IFREG:
        try:
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read()).hexdigest()[:16]
        except PermissionError:
            return words + [str(s.st_size), "unreadable"]
        words += [str(s.st_size), content]
    if kind in (stat.S_IFREG, stat.S_IFDIR):
        marks = sorted(n for n in os.listxattr(path) if n.startswith("user.") and not n.startswith("user.overlay."))
        words += ["%s=%s" % (n, os.getxattr(path, n).decode("latin1")) for n in marks if not n.startswith("user.rwv")]
    return words


top = os.fsencode(sys.argv[1])
lines = []
for folder, names, others in os.walk(top):
    for name in names + others:
        path = os.path.join(folder, name)
        lines.append(repr(path[len(top):].decode("latin1")) + " " + " ".join(describe(os.fsdecode(path))))
print("\n".join(sorted(lines)))
