"""A ledger of an earlier schema is brought up to date, and the cases that wait in it go on."""

from pathlib import Path
from typing import Any

import pytest

from checkpoints.ledger_file import SCHEMA
from checkpoints.migrations import schema_version
from tests.graph.harbour_app import opened, violations
from tests.recovery.change.ledger import ledgers, restored

pytestmark = pytest.mark.long


@pytest.mark.parametrize("dump", ledgers(), ids=lambda f: f.stem)
async def test_cases_that_wait_in_an_old_ledger_go_on(dump: Path, tmp_path: Path) -> None:
    async with opened(restored(dump, tmp_path / "data")) as app:
        assert await app.ledger.read(lambda tx: tx.meta(SCHEMA)) == str(schema_version())
        await app.resume()
        rows = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
        assert sorted(row.type for row in rows) == ["approval", "question"]
        for _ in range(2):  # the fact has changed a berth meanwhile: what it concerns is asked anew, once
            for row in await app.ledger.read(lambda tx: tx.escalations(open_only=True)):
                verb, option = ("approve", None) if row.type == "approval" else ("answer", 0)
                await app.decide(row.id, verb, person="k.maes", option=option)
        cases = await app.ledger.read(lambda tx: tx.cases())
        assert {str(case.status) for case in cases} == {"done"}
        assert {case.fingerprint for case in cases if case.origin == "fact"} == {app.world.fingerprint}
        assert await app.ledger.read(_commits) == [
            "assign_berth",
            "assign_berth",
            "book_pilot",
            "shift_visit",
        ]
        assert await violations(app) == []


def _commits(tx: Any) -> list[str]:
    return [kind for (kind,) in tx.rows("SELECT kind FROM commits ORDER BY kind")]


def test_ledger_of_the_last_schema_is_among_them() -> None:
    versions = [int(file.stem.rpartition("_")[2]) for file in ledgers()]
    assert schema_version() - 1 in versions, "python -m tests.recovery.change.ledger, at the version before"
