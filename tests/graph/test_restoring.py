"""An older copy in place of the ledger: refused until a person declares it; what was signed is void (F34)."""

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agents.floor_loader import load_floor
from checkpoints.anchor import FILE, KEY, open_anchor
from checkpoints.audit import audit
from checkpoints.audit_anchor import Beside
from checkpoints.row_codec import GENESIS, audit_hash
from checkpoints.sqlite_ledger import open_reader
from graph.anchoring import anchor_files
from graph.persistence import Place
from graph.restoring import restore
from protocol.errors import DecisionRefusedError, InvalidFloorError, NotAuthorisedError
from protocol.failpoints import Point, arm
from tests.agents.floor_copies import HARBOUR
from tests.graph.harbour_app import LAY, opened, waiting

WORLD = load_floor(HARBOUR).world
WHY = "The disk of the server broke"


def audited(data: Path) -> dict[str, Any]:
    beside = Beside(open_anchor(data / FILE, data / KEY, make=False), data / "checkpoints.db")
    with open_reader(data / "ledger.db", WORLD.config.floor, WORLD.types) as tx:
        return audit(tx, WORLD, beside)


def broken(data: Path) -> set[str]:
    return {v["invariant"] for v in audited(data)["violations"]}


async def frozen(data: Path) -> str:
    with pytest.raises(InvalidFloorError) as caught:
        async with opened(data):
            pass
    return caught.value.error_code


async def declared(data: Path, person: str = "k.maes") -> Any:
    return await restore(Place(data), WORLD, anchor_files(data, None, None), person, WHY)


async def test_restored_copy_is_refused_until_declared_and_old_signatures_are_void(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with opened(data) as app:
        _, escalation = await waiting(app)
    shutil.copy(data / "ledger.db", tmp_path / "backup.db")
    async with opened(data) as app:
        shape = await app.decide(escalation, "approve", person="k.maes")
        assert [v["verdict"] for v in shape["verdicts"]][-1] == "committed"
    shutil.copy(tmp_path / "backup.db", data / "ledger.db")

    assert await frozen(data) == "ledger_behind_anchor"
    assert "anchored" in broken(data)
    with pytest.raises(NotAuthorisedError):
        await declared(data, "guest")
    assert await frozen(data) == "ledger_behind_anchor"

    done = await declared(data)
    assert escalation in done.void
    async with opened(data) as app:
        with pytest.raises(DecisionRefusedError) as caught:
            await app.decide(escalation, "approve", person="k.maes")
        assert caught.value.error_code == "superseded"
        rows = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
        (anew,) = rows
        assert {row.lineage for row in rows} == {done.lineage}
        commits = await app.ledger.read(lambda tx: tx.commits(anew.case))
        assert [c for c in commits if c.approval == escalation] == []
        shape = await app.decide(anew.id, "approve", person="k.maes")
        assert shape["verdicts"][-1]["verdict"] == "committed"
    assert audited(data)["violations"] == []


async def test_signature_given_before_the_copy_and_not_applied_commits_nothing(tmp_path: Path) -> None:
    from graph.deciding import Wanted, record_decision

    data = tmp_path / "data"
    async with opened(data) as app:
        case, escalation = await waiting(app)
        await app.ledger.write(
            lambda tx: record_decision(tx, app.world, Wanted(escalation, "approve", "k.maes"))
        )
    done = await declared(data)
    assert done.void == (escalation,)
    async with opened(data) as app:
        await app.resume(case)
        assert await app.ledger.read(lambda tx: tx.commits(case)) == []
        (row,) = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        assert row.lineage == done.lineage
    assert audited(data)["violations"] == []


async def test_cut_tail_and_rewritten_chain_are_found(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with opened(data) as app:
        await app.ask(LAY, person="guest")
    assert audited(data)["violations"] == []
    kept = (data / "ledger.db").read_bytes()
    _change(data, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    assert "anchored" in broken(data)
    assert await frozen(data) == "ledger_behind_anchor"
    (data / "ledger.db").write_bytes(kept)
    _rewrite(data)
    assert "anchored" in broken(data)
    assert "chain_whole" not in broken(data)
    assert await frozen(data) == "ledger_rewritten"


async def test_head_is_behind_when_the_process_dies_before_it_is_written(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with opened(data) as app:
        await app.ask(LAY, person="guest")
    before = (data / FILE).read_bytes()
    reached: list[Point] = []
    arm(reached.append)
    try:
        async with opened(data) as app:
            await app.ask("Where is V-1?", person="guest")
    finally:
        arm(None)
    assert Point.HEAD_MOVED in reached
    (data / FILE).write_bytes(before)  # as if it had died there
    assert audited(data)["violations"] == []
    async with opened(data):
        pass
    assert (data / FILE).read_bytes() != before


def _change(data: Path, statement: str) -> None:
    with sqlite3.connect(data / "ledger.db") as ledger:
        for name in ("audit_no_update", "audit_no_delete"):
            ledger.execute(f"DROP TRIGGER IF EXISTS {name}")
        ledger.execute(statement)
    ledger.close()


def _rewrite(data: Path) -> None:
    """Compute the whole chain anew, with one word changed in its first entry."""
    with sqlite3.connect(data / "ledger.db") as ledger:
        for name in ("audit_no_update", "audit_no_delete"):
            ledger.execute(f"DROP TRIGGER IF EXISTS {name}")
        previous = GENESIS
        for seq, body in ledger.execute("SELECT seq, body FROM audit ORDER BY seq").fetchall():
            changed = body.replace('"seed"', '"sown"') if seq == 1 else body
            hashed = audit_hash(seq, previous, changed)
            ledger.execute(
                "UPDATE audit SET prev_hash = ?, hash = ?, body = ? WHERE seq = ?",
                (previous, hashed, changed, seq),
            )
            previous = hashed
    ledger.close()
