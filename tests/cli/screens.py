"""``andon`` at a terminal, and what stands on its screen in the end."""

import os
import pty
import re
import subprocess
import sys
from contextlib import suppress

from tests.architecture.sources import ROOT
from tests.cli.program import LIMIT_S

_MOVE = re.compile(r"\x1b\[(\d*)([A-Za-z])")


def at_terminal(*words: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run it with all three streams at one terminal; its exit code, and every character that it wrote."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT,
        env={"TERM": "xterm", "COLUMNS": "60", "LINES": "24"} | environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    with suppress(OSError):  # an error: nobody writes any more
        while part := os.read(ours, 65536):
            written += part
    os.close(ours)
    return process.wait(LIMIT_S), written.decode()


def screen(written: str) -> str:
    """What stands there in the end. Knows line breaks, moves to an earlier line, clearing below, and bold."""
    lines, at = [""], 0
    for part in re.split(r"(\x1b\[\d*[A-Za-z]|\r?\n)", written):
        if part in ("\n", "\r\n"):
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif (move := _MOVE.fullmatch(part)) is None:
            lines[at] += part
        elif move[2] == "F":
            at -= int(move[1])
        elif move[2] != "m":
            assert move[2] == "J", move[0]
            lines[at:] = [""]
    return "\n".join(lines)
