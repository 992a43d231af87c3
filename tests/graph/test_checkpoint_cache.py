"""A checkpoint says where to go on, and no more: without it, or with an old one, a case ends the same."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkpoints.sqlite_saver import discard
from graph.app import App
from graph.gate import make_pass
from protocol.ports import Tx
from tests.agents.floor_copies import FAIRWAY, Edit, copy_harbour
from tests.graph.harbour_app import ELSEWHERE, LAY, SHIFT, dump, free, opened, propose, waiting

Damage = Callable[[Path], None]


def _sql(*statements: str) -> Damage:
    def damage(path: Path) -> None:
        with sqlite3.connect(path, timeout=30) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return damage


DAMAGES: dict[str, Damage] = {
    "deleted": discard,
    "emptied": _sql("DELETE FROM checkpoints", "DELETE FROM writes"),
    "without its tables": _sql("DROP TABLE checkpoints"),
    "garbage in a row": _sql("UPDATE checkpoints SET checkpoint = x'c1ff00'"),
    "another step's writes": _sql("DELETE FROM writes"),
}


async def _decided(app: App) -> dict[str, Any]:
    _, escalation = await waiting(app)
    return await app.decide(escalation, "approve", person="k.maes")


@pytest.mark.parametrize("damage", DAMAGES)
async def test_checkpoint_lost_under_a_running_process_changes_nothing(tmp_path: Path, damage: str) -> None:
    async with opened(tmp_path / "undisturbed") as app:
        await _decided(app)
        wanted = await dump(app)
    async with opened(tmp_path / "damaged") as app:
        _, escalation = await waiting(app)
        DAMAGES[damage](tmp_path / "damaged" / "checkpoints.db")
        assert (await app.decide(escalation, "approve", person="k.maes"))["status"] == "done"
        assert await dump(app) == wanted
        assert (await app.ask(LAY, person="guest"))["status"] == "done"


async def test_checkpoint_older_than_the_ledger_does_not_hold_up_agents(tmp_path: Path) -> None:
    """A pass woke an agent, and the process died before its checkpoint: the stored one still waits."""
    floor = copy_harbour(
        tmp_path / "floor",
        Edit(FAIRWAY, "lane: water", "lane: quay"),
        Edit(FAIRWAY, "hear: [ship.announced", "hear: [visit.shifted, ship.announced"),
        Edit(FAIRWAY, "project: [visit.shifted]", "project: []"),
    )
    moves = [
        propose("shift_visit", visit="V-1", berth=berth, start="2026-05-06T06:00:00Z")
        for berth in ("B2", "B1")
    ]
    async with opened(tmp_path / "data", floor, scripts={"berthing": [moves]}) as app:
        shape = await app.ask(SHIFT, person="guest")
        case, (first, second) = shape["case"], shape["escalations"]
        await app.ledger.write(lambda tx: tx.take_lease(case, ELSEWHERE, 0.0, 1e12, False))
        await app.decide(first, "approve", person="k.maes")
        await app.ledger.write(lambda tx: make_pass(tx, app.world, case, _token(tx, case)))
        await app.ledger.write(free(case))
        assert await app.ledger.read(lambda tx: tx.runnable()) == [case]
        (shape,) = await app.resume()
        assert [agent for round_no, agent in await _turns(app, case) if round_no == 2] == ["fairway"]
        assert [w["id"] for w in shape["waiting"]] == [second]
        assert await app.ledger.read(lambda tx: tx.runnable()) == []


def _token(tx: Tx, case: str) -> int:
    row = tx.lease(case)
    assert row is not None
    return row.token


async def _turns(app: App, case: str) -> list[tuple[int, str]]:
    return [(n, t["agent"]) for n, t in await app.ledger.read(lambda tx: tx.turns(case))]


async def test_case_that_ended_leaves_no_checkpoint(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await asyncio.gather(*(app.ask(LAY, person="guest") for _ in range(3)))
        await _decided(app)
        await waiting(app)
    with sqlite3.connect(tmp_path / "checkpoints.db") as connection:
        threads = connection.execute("SELECT count(DISTINCT thread_id) FROM checkpoints").fetchone()
    connection.close()
    assert threads == (1,), "the one that waits"
