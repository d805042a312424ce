#!/usr/bin/python3
"""Runs a command for which unshare(2) is forbidden (EPERM), as in many containers and sandboxes: by a seccomp filter.

usage: no-namespaces.py COMMAND…
"""
import ctypes, os, platform, struct, sys

UNSHARE = {"x86_64": 272, "aarch64": 97}[platform.machine()]
LOAD, EQUALS, RETURN = 0x20, 0x15, 0x06
filter = [(LOAD, 0, 0, 0), (EQUALS, 0, 1, UNSHARE), (RETURN, 0, 0, 0x00050001), (RETURN, 0, 0, 0x7FFF0000)]
code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in filter))
program = struct.pack("@HP", len(filter), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, FILTER = 22, 38, 2
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, FILTER, program, 0, 0):
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
