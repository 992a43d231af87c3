"""Write docs/reference/failpoints.md: the page's words from this file, its table from the code.

``python scripts/failpoints.py`` writes it anew; a test compares.
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from protocol.failpoints import Point  # noqa: E402 - the root has to be on the path first

PAGE = ROOT / "docs" / "reference" / "failpoints.md"
FOLDERS = ("protocol", "checkpoints", "telemetry", "agents", "graph", "evals", "cli")
_CALL = re.compile(r"\bfailpoint\(([^()]*)\)")
_NAME = re.compile(r"\bPoint\.([A-Z_]+)")

HEAD = """# Failpoints

A process may die anywhere. The places that matter are those between two steps of the order of work: one is
done, and the next is not. Andon's code names each of them with a call, `failpoint(Point.DURABLE)`; the list
is `protocol/failpoints.py`. Nothing listens in production, and a call costs one branch: no setting and no
environment variable arms it, only a program that imports `arm`.

## The points

| point | name | done | not yet | in |
|---|---|---|---|---|
"""

TAIL = """
A point may be met several times in a round, on any thread. Migrations on SQLite are one transaction, so that
a process that dies in one leaves the schema it found.

## The crash sweep

`python -m tests.recovery.crash` kills a process at each hit of each point and lets another go on. For each
scenario (a fact that several agents hear, a signature, deadlines, the cord, stock, a file with questions,
the migration of an old ledger, every case of the evaluation suites) it

1. plays it undisturbed, counts the hits, and keeps what the ledger comes to;
2. forks a process that sends itself SIGKILL at one of them, for each of them;
3. keeps, deletes or spoils the checkpoints;
4. forks another process, which goes on as a person would: what was not acknowledged is said once more;
5. compares. The ledger must be what it was without the crash, by key, but for wall times, worker ids and
   attempts; the audit must find nothing; no case may be stuck; what was acknowledged must be there; and no
   model may have been asked again for a turn whose row was written.

With `--nested` the recovery is killed as well, and its recovery again. `--durability sync` makes LangGraph
store its checkpoints in every superstep, which Andon does only at pauses and ends: then p05, p12 and p13 are
met in between as well. `--backend postgres` runs it on the server that `ANDON_TEST_POSTGRES` names, or on one
of its own.

The last line on stdout is the summary, with the number of injections (kills that came) and of violations.
With `--all-points` a point that stands in the code and was never hit is a violation.

## Repeating a failure

A violation is told with the one command that repeats it. It names a kill for each life, as point and ordinal:
here the first process dies after its second COMMIT, and the one that goes on at its first model's reply.

    python -m tests.recovery.crash --scenario exchange --durability exit --checkpoints deleted \\
        --backend sqlite --seed 0 --kill p11:2 p03:1

The seed decides in which order parallel turns end. A kill whose hit does not come, since threads took another
order, is counted as missed; the run must end well all the same.
"""


def placed() -> Mapping[Point, list[str]]:
    """{point: the files that call it}, in the order of both."""
    found: dict[Point, set[str]] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for call in _CALL.findall(path.read_text("utf-8")):
                for name in _NAME.findall(call):
                    found.setdefault(Point[name], set()).add(path.relative_to(ROOT).as_posix())
    return {point: sorted(found[point]) for point in Point if point in found}


def page() -> str:
    """The whole page."""
    files = placed()
    rows = []
    for point in Point:
        where = ", ".join(f"`{file}`" for file in files.get(point, [])) or "the consumer"
        rows.append(f"| {point.number} | `{point.name}` | {point.done} | {point.next} | {where} |\n")
    return HEAD + "".join(rows) + TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
