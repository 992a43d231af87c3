"""A feed killed at any moment and fed again has lost nothing and done nothing twice."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checkpoints.audit import audit
from graph.app import App
from graph.feed import BATCH, feed
from tests.graph.feed_floor import ROOT, log_row, opened, silent_plant, write_log

pytestmark = pytest.mark.long

ROWS = 3 * BATCH
"""Recorded in three jobs; the fourth asks the questions."""


def made_up(path: Path) -> Path:
    """Reports of every kind on one order after another, three lines of them rejected."""
    kinds = [
        {"resource": "Machine 4 - Milling"},
        {"resource": "Quality Check 1", "activity": "Final Q.C."},
        {"resource": "Packing", "activity": "Packing", "good": "40"},
        {"report": "B"},
        {"report": "S"},
    ]
    rows = []
    for n in range(ROWS):
        at = f"2026/01/{1 + n // 24 % 28:02d} {n % 24:02d}:"
        span = {"start": f"{at}00:00.000", "end": f"{at}50:00.000", "span": "000:50"}
        kind = kinds[n % len(kinds)]
        if n % BATCH == 7:
            kind = {"activity": "Turning - Machine 8", "resource": "Machine 15 - Turning"}
        rows.append(log_row(case=n // 3, **span, **kind))
    return write_log(path, rows)


async def standing(app: App) -> dict[str, Any]:
    """Everything that must come out the same, whatever happened on the way."""

    def read(tx: Any) -> dict[str, Any]:
        events = sorted((e.type, e.source, e.source_id, e.subject) for e in tx.events())
        records = {
            t: sorted((r.key, repr(sorted(r.body.items()))) for r in tx.find(t))
            for t in ("order", "machine", "downtime", "inspection")
        }
        asked = sorted((e.id, e.summary) for e in tx.escalations())
        return {"events": events, "records": records, "asked": asked, "cases": [c.id for c in tx.cases()]}

    found = await app.ledger.read(read)
    report = await app.ledger.read(lambda tx: audit(tx, app.world))  # type: ignore[arg-type]
    return {**found, "violations": report["violations"]}


def kill(floor: Path, log: Path, write: int, phase: str) -> None:
    """Feed in a process that dies on the way."""
    child = [sys.executable, "-m", "tests.graph.feed_child", str(floor), str(log), str(write), phase]
    died = subprocess.run(child, cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a feed says that nobody kills, and what it leaves."""
    place = tmp_path_factory.mktemp("undisturbed")

    async def fed() -> tuple[dict[str, Any], dict[str, Any]]:
        async with opened(silent_plant(place / "floor")) as app:
            return await feed(app, made_up(place / "log.csv")), await standing(app)

    return asyncio.run(fed())


@pytest.mark.parametrize(("write", "phase"), [(1, "inside"), (2, "after"), (4, "inside"), (4, "after")])
async def test_killed_feed_goes_on_where_it_ended(
    tmp_path: Path, write: int, phase: str, undisturbed: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    whole, wanted = undisturbed
    log = made_up(tmp_path / "log.csv")
    floor = silent_plant(tmp_path / "killed" / "floor")
    kill(floor, log, write, phase)
    async with opened(floor) as app:
        shape = await feed(app, log)
        assert await standing(app) == wanted
    recorded = min(write if phase == "after" else write - 1, 3)
    rejected_before = recorded  # one line of each batch is rejected, and rejected again
    assert shape["duplicates"] == recorded * BATCH - rejected_before
    assert shape["rows"] == shape["accepted"] + shape["duplicates"] + len(shape["rejected"]) == ROWS
    assert shape["accepted"] + shape["duplicates"] == whole["accepted"]
    assert wanted["violations"] == []
    assert len(wanted["asked"]) == 1
