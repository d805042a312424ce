#!/usr/bin/python3
"""Runs a command on a terminal of its own as a shell does: ^C once it is ready, ^Z once it has caught that, then goes on with it.

usage: terminal.py COMMAND…        prints what the command prints, "stopped", and its exit status
"""
import os, pty, select, signal, sys, termios, time

pid, terminal = pty.fork()
if pid == 0:
    # The shell: a session of its own, with the command as a job in the foreground.
    job = os.fork()
    if job == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execvp(sys.argv[1], sys.argv[1:])
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            print("stopped", flush=True)
            os.killpg(job, signal.SIGCONT)
        else:
            print("status", os.WEXITSTATUS(status), flush=True)
            os._exit(0)

mode = termios.tcgetattr(terminal)
mode[3] &= ~termios.ECHO
termios.tcsetattr(terminal, termios.TCSANOW, mode)
said, steps, deadline = b"", [(b"ready", b"\x03"), (b"caught", b"\x1a"), (b"stopped", b"go\nagain\n")], time.monotonic() + 30
while time.monotonic() < deadline:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        some = os.read(terminal, 4096)
    except OSError:
        break
    if not some:
        break
    said += some
    if steps and steps[0][0] in said:
        os.write(terminal, steps.pop(0)[1])
sys.stdout.write(said.decode())
