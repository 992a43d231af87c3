"""What starting costs: the time of ``--help``, and what reading verbs leave alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

from evals.bench_figure import Figure, paired, ratio, wall_s
from protocol.errors import DependencyDownError

HELP, IMPORTS = "andon --help, whole process", "heavy imports of readers"
HELP_TARGET = 6.0
READERS = ("inbox", "cases", "check")
HEAVY = ("langgraph", "sqlite_utils")
ROOT = Path(__file__).resolve().parent.parent
_IMPORTED = re.compile(r"^import time:.*\|\s+(\S+)$", re.MULTILINE)


async def measure_help(pairs: int) -> Figure:
    """The whole process against a Python that does nothing."""

    async def ours(n: int) -> float:
        return _seconds("-m", "cli", "--help")

    async def theirs(n: int) -> float:
        return _seconds("-c", "pass")

    return ratio(HELP, HELP_TARGET, await paired(pairs, ours, theirs), ("andon", "python"))


def measure_imports(floor: Path, data: Path) -> Figure:
    """How many of the heavy packages the readers import on a ledger; none is promised."""
    found = [f"{verb} imports {name}" for verb in READERS for name in _heavy(verb, floor, data)]
    return Figure(IMPORTS, float(len(found)), "packages", 0.0, len(READERS), note=", ".join(found))


def _seconds(*arguments: str) -> float:
    started = wall_s()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    return wall_s() - started


def _heavy(verb: str, floor: Path, data: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli", verb],
        cwd=ROOT,
        env=os.environ | {"ANDON_FLOOR": str(floor), "ANDON_DATA": str(data)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DependencyDownError(f"andon {verb} ended with {done.returncode}.")
    imported = {name.partition(".")[0] for name in _IMPORTED.findall(done.stderr)}
    return [name for name in HEAVY if name in imported]
