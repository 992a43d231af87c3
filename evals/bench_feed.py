"""How much memory a log costs, and how much more a log ten times as long."""

import json
import subprocess
import sys
from pathlib import Path

from evals.bench_figure import Figure
from evals.bench_log import write_longer, write_made_up
from evals.bench_plan import LogPlan
from protocol.errors import DependencyDownError

MEMORY, GROWTH = "log fed, peak memory", "log ten times as long, growth"
MEMORY_TARGET_MIB, GROWTH_TARGET_MIB = 150.0, 10.0
LONGER = 10
ROOT = Path(__file__).resolve().parent.parent

_PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A small process in between: a child is charged with the memory of whoever started it."""


def measure_feed(floor: Path, plan: LogPlan, place: Path, log: Path | None, rows: int | None) -> list[Figure]:
    """Both figures. ``log``: a real one instead of a made-up one; ``rows``: of the made-up one."""
    files = [place / "log.csv", place / "longer.csv"]
    if log is not None:
        files = [log, write_longer(log, plan, files[1], LONGER)]
    else:
        many, more = (rows, rows * LONGER) if rows else (plan.rows, plan.grown_rows)
        write_made_up(floor, plan, files[0], many)
        write_made_up(floor, plan, files[1], more)
    (short, short_mib), (grown, long_mib) = (
        _fed(floor, file, place / f"fed{number}") for number, file in enumerate(files)
    )
    peaks = {"rows": float(short), "peak_mib": short_mib}
    both = {"rows": float(grown), "peak_mib": long_mib}
    return [
        Figure(MEMORY, short_mib, "MiB", MEMORY_TARGET_MIB, 1, peaks),
        Figure(GROWTH, max(0.0, long_mib - short_mib), "MiB", GROWTH_TARGET_MIB, 1, both),
    ]


def _fed(floor: Path, log: Path, data: Path) -> tuple[int, float]:
    """Rows accounted for, and the peak in MiB, of a command of its own that feeds a file."""
    andon = [sys.executable, "-m", "cli", "feed", str(log), "--floor", str(floor), "--data", str(data)]
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, *andon, "--json", "--quiet"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DependencyDownError(f"andon feed ended with {done.returncode}: {done.stderr.strip()[:500]}")
    peak = int(done.stderr.splitlines()[-1])
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage counts bytes there, KiB elsewhere
    return int(json.loads(done.stdout)["rows"]), peak * unit / 2**20
