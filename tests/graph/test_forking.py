"""A fork in which nothing is otherwise goes as the case went, whatever kind of case it is."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from agents.floor_loader import load_floor
from checkpoints.history import as_it_was
from checkpoints.rebuilding import RebuiltLedger
from checkpoints.recordings import DamagedRecordingError, LooksTx
from checkpoints.taped_records import kept_in
from graph.fork_case import ForkWish, fork_case, statements_of
from protocol.records import Ref
from tests.agents.floor_copies import HARBOUR, Edit, copy_harbour
from tests.graph.harbour_app import SOUND, WHERE, Models, opened
from tests.graph.replayed import recording
from tests.graph.test_replaying import asking, recorded

SAME = "sounding/S-1.berth=B2"
"""What is so anyway; and since searches go by it, no tape is trusted from the fork on."""


def test_fork_of_each_kind_of_case_goes_as_recorded(tmp_path: Path) -> None:
    floor = load_floor(HARBOUR)
    for case, kept in recorded(tmp_path).items():
        shape = fork_case(floor, case, kept, ForkWish(model="offline"))
        assert (shape["identical"], shape["difference"], shape["notes"]) == (True, None, [])
        assert shape["fork"]["forked"] == shape["fork"]["recorded"]


def test_every_turn_driven_in_memory_goes_as_recorded(tmp_path: Path) -> None:
    floor = load_floor(HARBOUR)
    for case, kept in recorded(tmp_path).items():
        for after in (None, 1):
            shape = fork_case(floor, case, kept, ForkWish((SAME,), after=after))
            assert (shape["identical"], shape["difference"]) == (True, None), (case, after)


def test_models_that_failed_or_came_late_do_so_in_a_fork(tmp_path: Path) -> None:
    called: list[str] = []

    async def before(agent: str) -> None:
        called.append(agent)
        if len(called) == 1:
            raise RuntimeError("no answer today")

    kept = recorded(tmp_path, asking(SOUND), models=Models(before))
    floor = load_floor(HARBOUR)
    for case, parts in kept.items():
        for after in (None, 1):
            shape = fork_case(floor, case, parts, ForkWish((SAME,), after=after))
            assert (shape["identical"], shape["fork"]["asked_anew"]) == (True, []), shape["difference"]


def test_ledger_on_the_systems_clock_is_forked_at_the_hours_it_had(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", Edit("floor.yaml", "clock: floor", "clock: system"))
    (tmp_path / "data").mkdir()
    kept = recorded(tmp_path / "data", floor=floor)
    for case, parts in kept.items():
        shape = fork_case(load_floor(floor), case, parts, ForkWish((SAME,)))
        assert (shape["identical"], shape["fork"]["asked_anew"]) == (True, []), shape["difference"]


def test_what_was_undone_is_no_effect() -> None:
    write: list[Any] = ["put_write", ["t", "K", 0, "{}", "{}", "{}", "a", "c", "h"], 1]
    read: list[Any] = ["get", ["t", "K"], []]
    job: list[list[Any]] = [
        ["SAVEPOINT m1", [], -1],
        write,
        read,
        ["ROLLBACK TO m1", [], -1],
        ["RELEASE m1", [], -1],
    ]
    assert [name for name, _, _ in kept_in(job)] == ["SAVEPOINT m1", "get", "ROLLBACK TO m1", "RELEASE m1"]


def test_ledger_in_memory_does_only_what_recorders_write() -> None:
    ledger = RebuiltLedger("harbour", {}, "2026-05-04T04:00:00Z", ticks=False)
    with closing(ledger), pytest.raises(DamagedRecordingError, match="no recorder writes"):
        ledger.follow([["DROP TABLE cases", [], 0]])


def test_history_ends_before_what_the_case_did_not_see(tmp_path: Path) -> None:
    """What others wrote later does not stand in the fork of an earlier case."""

    async def work() -> Any:
        async with opened(tmp_path) as app:
            first = (await app.ask(WHERE, person="guest"))["case"]
            parts = await recording(app, first)

            def later(tx: Any) -> None:
                seen = tx.get("visit", "V-1")
                tx.write(seen.ref, seen.version, {"ship": "Elsewhere"}, {}, "berthing", "somebody/else")

            await app.ledger.write(later)
            return await app.ledger.read(
                lambda tx: as_it_was(cast("LooksTx", tx), first, statements_of(parts))
            )

    base = asyncio.run(work())
    visit = next(record for record in base.records if record.ref == Ref("visit", "V-1"))
    assert (visit.version, visit["ship"] == "Elsewhere") == (0, False)
