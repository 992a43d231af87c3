"""Asks the server for a process with our streams, directory and environment; ends as that process ends."""

import array
import json
import os
import signal
import socket
import sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    streams = array.array("i", [0, 1, 2])
    server.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
    here = os.getcwd()  # noqa: PTH109 - loading pathlib takes longer than all of this
    asked = {"words": sys.argv[2:], "directory": here, "environment": dict(os.environ)}
    server.sendall(json.dumps(asked).encode() + b"\n")
    told = server.makefile("r")
    process = int(told.readline())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(process, number))
    code = int(told.readline())
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
