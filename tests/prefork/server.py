"""Forks a process for each command that the client brings; everything a command may need is loaded."""

import array
import gc
import io
import json
import os
import random
import runpy
import signal
import socket
import sys
from typing import Any

LOADED = (
    "cli.main",
    "cli.opening",
    "graph.app",
    "graph.replay_case",
    "agents.openai_access",
    "langchain_openai",
)


def main(path: str) -> None:
    """Serve at a Unix socket until the process is told to end."""
    for name in LOADED:
        __import__(name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(64)
        print(json.dumps("ready"), flush=True)
        while True:
            asking, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _watch(asking)
            asking.close()
            _reap()


def _reap() -> None:
    """Take note of watchers that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _watch(asking: socket.socket) -> None:
    """Fork the command itself, and tell the client how it ended."""
    _, ancillary, _, _ = asking.recvmsg(1, socket.CMSG_SPACE(3 * array.array("i").itemsize))
    [(_, _, given)] = ancillary
    streams = array.array("i", given)
    with asking.makefile("r") as lines:
        asked = json.loads(lines.readline())
    process = os.fork()
    if process == 0:
        asking.close()
        _become(asked, streams)
        return
    for stream in streams:
        os.close(stream)
    asking.sendall(f"{process}\n".encode())
    _, status = os.waitpid(process, 0)
    asking.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(asked: dict[str, Any], streams: "array.array[int]") -> None:
    """Be ``python -m cli`` with these words, from here to the process's end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(asked["directory"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    out, err = (os.fdopen(number, "wb", closefd=False) for number in (1, 2))
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = io.TextIOWrapper(out, "utf-8", line_buffering=os.isatty(1), write_through=at_once)
    sys.stderr = io.TextIOWrapper(err, "utf-8", "backslashreplace", line_buffering=True)
    random.seed()
    sys.argv = ["andon", *asked["words"]]
    runpy.run_module("cli", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1])
