#!/usr/bin/env bash
# The kernel's own overlayfs over a checkout and the workweave's upper directory, as root: prints the tree it shows.
# usage: oracle.sh BASE UPPER
# Both are mounted as lower layers, read-only: whiteouts in attributes count only there, and nothing is changed. Marks named
# user.overlay.* are given the names that root's overlayfs reads; then redirects are followed too.
set -euo pipefail
base=$1 upper=$2
copy=$(mktemp -d "$S/oracle.XXXXXX")
trap 'umount "$copy/merged" 2> /dev/null || true; rm -rf "$copy"' EXIT
mkdir "$copy/merged" "$copy/upper"
cp -a "$upper/." "$copy/upper/"
/usr/bin/python3 - "$copy/upper" <<'P'
import os, sys
top = sys.argv[1]
for folder, names, others in os.walk(top):
    for path in [folder] + [os.path.join(folder, n) for n in names + others]:
        for mark in os.listxattr(path, follow_symlinks=False) if not os.path.islink(path) else []:
            if mark.startswith("user.overlay."):
                os.setxattr(path, "trusted." + mark[5:], os.getxattr(path, mark, follow_symlinks=False), follow_symlinks=False)
                os.removexattr(path, mark, follow_symlinks=False)
P
mount -t overlay overlay -o "ro,lowerdir=$copy/upper:$base,redirect_dir=follow,metacopy=off,xino=off" "$copy/merged"
/usr/bin/python3 "$TOOLS/tree.py" "$copy/merged"
