"""Two long-lived processes want the same thing at the same instant, again and again: one gets it."""

from functools import partial
from pathlib import Path

import pytest

from protocol.ports import ReadTx
from protocol.rows import VerdictRow
from tests.graph.harbour_app import opened, violations
from tests.recovery.programs import FORKS, rush, told

pytestmark = pytest.mark.long

TIMES = 30


LINES = [f"Sound B3 from 2026-05-{5 + n // 8:02d} {2 * (n % 8):02d}:00" for n in range(TIMES)]
"""The same berth for two hours, and then for the next two."""


async def test_of_two_processes_that_want_a_berth_at_once_exactly_one_gets_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with opened(data):
        pass  # the ledger is made and seeded
    barrier, outs = FORKS.Barrier(2), [tmp_path / "one", tmp_path / "two"]
    both = [FORKS.Process(target=rush, args=(data, barrier, LINES, out), daemon=True) for out in outs]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    for one, two in zip(*(told(out) for out in outs), strict=True):
        assert {one.split()[1], two.split()[1]} == {"done", "refused"}
    async with opened(data) as app:
        cases = await app.ledger.read(lambda tx: tx.cases())
        verdicts = [v for c in cases for v in await app.ledger.read(partial(_verdicts, c.id))]
        by_start: dict[str, list[str]] = {}
        for verdict in verdicts:
            by_start.setdefault(verdict.params["start"], []).append(str(verdict.verdict))
        assert [sorted(v) for v in by_start.values()] == [["committed", "refused"]] * TIMES
        assert {v.code for v in verdicts if v.verdict == "refused"} == {"occupied"}
        assert await violations(app) == []


def _verdicts(case: str, tx: ReadTx) -> list[VerdictRow]:
    return list(tx.verdicts(case))
