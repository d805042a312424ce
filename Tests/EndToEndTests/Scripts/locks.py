"""Locks through one place and another: both see each other's, and what is given back by closing or dying.

usage: locks.py ONE TWO    two paths of the same file
"""
import errno, fcntl, os, signal, struct, subprocess, sys, time

one, two = sys.argv[1:3]


def eventually(what, test):
    """Polls: closing a file tells nobody at once."""
    deadline = time.monotonic() + 30
    while not test():
        if time.monotonic() > deadline:
            sys.exit("in vain: " + what)
        time.sleep(0.005)


def expect(what, value):
    if not value:
        sys.exit("FAILED: " + what)


def flock(fd, how):
    try:
        fcntl.flock(fd, how | fcntl.LOCK_NB)
        return True
    except OSError as e:
        expect("flock: %s" % e, e.errno == errno.EWOULDBLOCK)
        return False


def lockf(fd, how, *range):
    try:
        fcntl.lockf(fd, how if how == fcntl.LOCK_UN else how | fcntl.LOCK_NB, *range)
        return True
    except OSError as e:
        expect("lockf: %s" % e, e.errno in (errno.EAGAIN, errno.EACCES))
        return False


def in_child(code, path, wait=True):
    """Runs code with f open; it prints a line when it has begun to hold."""
    text = "import fcntl, os, sys, time\nf = os.open(%r, os.O_RDWR)\n%s" % (path, code)
    child = subprocess.Popen([sys.executable, "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    if wait:
        child.stdout.readline()
    return child


def ofd(fd, kind, start, length):
    """A lock of the open file, not of the process (F_OFD_SETLK)."""
    try:
        fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", kind, 0, start, length, 0))
        return True
    except OSError as e:
        expect("F_OFD_SETLK: %s" % e, e.errno in (errno.EAGAIN, errno.EACCES))
        return False


hold = "print('held', flush=True); sys.stdin.read()"
for a, b in ((one, two), (two, one), (one, one)):
    f, g = os.open(a, os.O_RDWR), os.open(b, os.O_RDWR)
    # flock, exclusive and shared, given back in words and by closing.
    eventually("flock after the former round", lambda: flock(f, fcntl.LOCK_EX))
    expect("seen", not flock(g, fcntl.LOCK_EX))
    expect("seen by readers", not flock(g, fcntl.LOCK_SH))
    expect("weakened", flock(f, fcntl.LOCK_SH))
    expect("shared", flock(g, fcntl.LOCK_SH))
    flock(f, fcntl.LOCK_UN), flock(g, fcntl.LOCK_UN)
    expect("again", flock(g, fcntl.LOCK_EX))
    os.close(g)
    eventually("flock after close", lambda: flock(f, fcntl.LOCK_EX))
    os.close(f)
    f = os.open(a, os.O_RDWR)
    # A child that dies, one that is killed, one that hands its descriptor on.
    child = in_child("fcntl.flock(f, fcntl.LOCK_EX); " + hold, b)
    expect("held by another process", not flock(f, fcntl.LOCK_EX))
    child.send_signal(signal.SIGKILL), child.wait()
    eventually("flock after a kill", lambda: flock(f, fcntl.LOCK_EX))
    flock(f, fcntl.LOCK_UN)
    shell = subprocess.Popen(["bash", "-c", "( flock 9; echo held; read x ) 9<> \"$0\"", b], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    shell.stdout.readline()
    expect("held by a shell", not flock(f, fcntl.LOCK_EX))
    for attempt in range(300):
        expect("still held by a shell", not flock(f, fcntl.LOCK_EX))
    shell.communicate(b"\n")
    eventually("flock after the shell", lambda: flock(f, fcntl.LOCK_EX))
    flock(f, fcntl.LOCK_UN)
    # One that waits gets it.
    expect("exclusive", flock(f, fcntl.LOCK_EX))
    child = in_child("print('waits', flush=True); fcntl.flock(f, fcntl.LOCK_EX); print('got', flush=True)", b)
    expect("waits", child.poll() is None)
    flock(f, fcntl.LOCK_UN)
    expect("got", child.stdout.readline() == b"got\n")
    child.communicate()
    # fcntl: ranges, the process that is in the way, closing.
    child = in_child("fcntl.lockf(f, fcntl.LOCK_EX, 10, 5); " + hold, b)
    expect("range", not lockf(f, fcntl.LOCK_EX, 4, 7))
    expect("before it", lockf(f, fcntl.LOCK_EX, 5, 0))
    expect("behind it", lockf(f, fcntl.LOCK_EX, 0, 15))
    found = fcntl.fcntl(f, fcntl.F_GETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
    kind, _, start, length, pid = struct.unpack("hhqqi4x", found)
    expect("F_GETLK %s" % ((kind, start, length, pid, child.pid),), (kind, start, length) == (fcntl.F_WRLCK, 5, 10))
    child.communicate()
    eventually("lockf after the end", lambda: lockf(f, fcntl.LOCK_EX, 4, 7))
    lockf(f, fcntl.LOCK_UN)
    child = in_child("fcntl.lockf(f, fcntl.LOCK_EX); os.close(os.dup(f)); " + hold, b)
    os.close(f)
    f = os.open(a, os.O_RDWR)
    child.communicate()
    # A waiter that is interrupted. (The one that had waited has died with its lock.)
    eventually("exclusive", lambda: flock(f, fcntl.LOCK_EX))
    child = in_child("print('waits', flush=True); fcntl.flock(f, fcntl.LOCK_EX)", b)
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        sys.exit("a waiter cannot be killed")
    flock(f, fcntl.LOCK_UN)
    # F_SETLKW: one that waits and is interrupted goes on without the lock, one that waits longer gets it.
    eventually("what was given back by closing a copy", lambda: lockf(f, fcntl.LOCK_EX))
    interrupted = in_child("import signal\ndef stop(*_): raise KeyboardInterrupt\nsignal.signal(signal.SIGUSR1, stop)\ntry:\n print('waits', flush=True); fcntl.lockf(f, fcntl.LOCK_EX)\n"
                           "except KeyboardInterrupt: print('interrupted', flush=True); sys.stdin.read()", b)
    waiter = in_child("print('waits', flush=True); fcntl.lockf(f, fcntl.LOCK_EX); print('got', flush=True)", b)
    interrupted.send_signal(signal.SIGUSR1)
    expect("interrupted", interrupted.stdout.readline() == b"interrupted\n")
    lockf(f, fcntl.LOCK_UN)
    expect("got", waiter.stdout.readline() == b"got\n")
    waiter.communicate()
    eventually("nobody has it", lambda: lockf(f, fcntl.LOCK_EX))
    lockf(f, fcntl.LOCK_UN)
    interrupted.communicate()
    os.close(f)
    # Locks of open files.
    f, f2, g = os.open(a, os.O_RDWR), os.open(a, os.O_RDWR), os.open(b, os.O_RDWR)
    eventually("nobody is left", lambda: ofd(f, fcntl.F_WRLCK, 0, 0))
    ofd(f, fcntl.F_UNLCK, 0, 0)
    expect("of one open file", ofd(f, fcntl.F_WRLCK, 0, 10))
    expect("of another place", not ofd(g, fcntl.F_WRLCK, 5, 10))
    expect("of another open file", not ofd(f2, fcntl.F_WRLCK, 5, 1))
    expect("behind it", ofd(g, fcntl.F_WRLCK, 20, 5))
    child = in_child("print(fcntl.fcntl(f, 37, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 100, 1, 0)) and 'held', flush=True); sys.stdin.read()".replace("struct", "__import__('struct')"), b)
    expect("of a child", not ofd(f, fcntl.F_WRLCK, 100, 1))
    child.communicate()
    eventually("after the child", lambda: ofd(f, fcntl.F_WRLCK, 100, 1))
    os.close(f2)
    for attempt in range(100):
        expect("another one was closed", not ofd(g, fcntl.F_WRLCK, 5, 1))
    os.close(f)
    eventually("the open file was closed", lambda: ofd(g, fcntl.F_WRLCK, 5, 1))
    os.close(g)
