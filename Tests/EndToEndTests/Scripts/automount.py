"""What systemd does for a unit of type automount (autofs of type direct): automount.py DIR USE MOUNT AFTER
Puts an autofs on DIR; starts USE, which must touch DIR, in a session of its own; at its first touch runs MOUNT in our process group; when USE
has ended, runs AFTER; takes the autofs away. Ends with 0 if all of them do."""
import ctypes, fcntl, os, struct, subprocess, sys

READY, FAIL = 0x9360, 0x9361  # AUTOFS_IOC_READY, AUTOFS_IOC_FAIL (linux/auto_fs.h)
directory, use, mount, after = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
requests, answers = os.pipe()
options = b"fd=%d,pgrp=%d,minproto=5,maxproto=5,direct" % (answers, os.getpgrp())
if libc.mount(b"systemd-1", directory.encode(), b"autofs", 0, options):
    sys.exit("autofs: " + os.strerror(ctypes.get_errno()))
try:
    root = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    user = subprocess.Popen(use, shell=True, start_new_session=True)
    _, _, token = struct.unpack("iiI", os.read(requests, 304)[:12])
    status = subprocess.run(mount, shell=True, timeout=30).returncode
    fcntl.ioctl(root, READY if status == 0 else FAIL, token)
    if status == 0:
        status = user.wait(timeout=30) or subprocess.run(after, shell=True, timeout=30).returncode
    else:
        user.kill()
        user.wait()
    os.close(root)
finally:
    libc.umount2(directory.encode(), 2)
sys.exit(status)
