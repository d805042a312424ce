"""A service manager of one service: notify.py SOCKET COMMAND PROGRAM ARGUMENTS…
Runs PROGRAM with NOTIFY_SOCKET; at READY=1 runs COMMAND by the shell (SERVICE is the process), which must end with 0.
Ends as PROGRAM does. A service that ends well without READY=1, or says it twice, is a failure."""
import os, select, socket, subprocess, sys

address, command, *program = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if address.startswith("@"):
    listener.bind("\0" + address[1:])
else:
    if os.path.exists(address):
        os.unlink(address)
    listener.bind(address)
service = subprocess.Popen(program, env=dict(os.environ, NOTIFY_SOCKET=address))
ends = os.pidfd_open(service.pid)
ready = 0
while True:
    found, _, _ = select.select([listener, ends], [], [], 60)
    if listener in found:
        if "READY=1" in listener.recv(4096).decode().split("\n"):
            ready += 1
            subprocess.run(command, shell=True, check=True, env=dict(os.environ, SERVICE=str(service.pid)))
    elif ends in found:
        break
    else:
        service.kill()
        sys.exit("the service neither ends nor says anything")
status = service.wait()
if status == 0 and ready != 1:
    sys.exit(f"READY=1 came {ready} times")
sys.exit(status if status >= 0 else 128 - status)
