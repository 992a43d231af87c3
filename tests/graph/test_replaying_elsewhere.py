"""What a recording holds after a kill, after a resume in another process, and on PostgreSQL."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.failpoints import Point
from tests.graph.harbour_app import SHIFT, SOUND, WHERE, opened
from tests.graph.replayed import cases, recording, replay
from tests.graph.test_replaying import SIGNER, Kept, a_day, recorded
from tests.postgres import drop_database, new_database
from tests.recovery.programs import FORKS, KILLED, decide_and_die, play, request

pytestmark = pytest.mark.long

POINTS = (
    Point.INBOX,
    Point.REPLIED,
    Point.TURN_KEPT,
    Point.GATE_REACHED,
    Point.WRITTEN,
    Point.ROUTED,
    Point.DURABLE,
    Point.CHECKPOINTED,
)


def run_and_die(target: object, *arguments: object) -> None:
    """A program in a process that is killed."""
    process = FORKS.Process(target=target, args=arguments)  # type: ignore[arg-type]
    process.start()
    process.join(60)
    assert process.exitcode == KILLED


@pytest.mark.parametrize("point", POINTS, ids=lambda p: p.number)
@pytest.mark.parametrize("line", [SOUND, SHIFT], ids=["two agents", "a person"])
def test_case_of_a_killed_process_replays_as_it_went(tmp_path: Path, point: Point, line: str) -> None:
    run_and_die(play, tmp_path, line, point)
    kept = recorded(tmp_path, lambda app: request(app, line))
    for case, parts in kept.items():
        shape, found = replay(case, parts)
        assert (shape["identical"], shape["difference"], found.unreached) == (True, None, 0)
        assert shape["status"] == "done"


def test_decision_of_a_process_that_died_is_part_of_it(tmp_path: Path) -> None:
    waits: list[str] = []

    async def ask() -> None:
        async with opened(tmp_path) as app:
            waits.append((await app.ask(SHIFT, person="guest"))["waiting"][0]["id"])

    asyncio.run(ask())
    run_and_die(decide_and_die, tmp_path, waits[0])
    ((case, parts),) = recorded(tmp_path, lambda app: app.resume()).items()
    assert [part.strand for part in parts].count("decision") == 1
    shape, _ = replay(case, parts)
    assert (shape["identical"], shape["status"], len(shape["passes"])) == (True, "done", 2)


def test_case_goes_on_without_its_checkpoints_and_replays(tmp_path: Path) -> None:
    async def ask() -> None:
        async with opened(tmp_path) as app:
            await app.ask(SHIFT, person="guest")

    asyncio.run(ask())
    for file in tmp_path.glob("checkpoints.db*"):
        file.unlink()

    async def decide() -> Kept:
        async with opened(tmp_path) as app:
            (row,) = await app.ledger.read(lambda tx: list(tx.escalations(open_only=True)))
            await app.decide(row.id, "approve", person=SIGNER)
            return {case: await recording(app, case) for case in await cases(app)}

    ((case, parts),) = asyncio.run(decide()).items()
    shape, _ = replay(case, parts)
    assert (shape["identical"], shape["status"]) == (True, "done")


@pytest.fixture
def url() -> Iterator[str]:
    """A database of its own."""
    made = new_database()
    yield made
    drop_database(made)


def test_recording_of_postgresql_replays_without_it(tmp_path: Path, url: str) -> None:
    kept = recorded(tmp_path, a_day, database=url)
    assert len(kept) > 4
    for case, parts in kept.items():
        shape, found = replay(case, parts)
        assert (shape["identical"], shape["difference"], found.unreached) == (True, None, 0)


def test_line_that_is_enqueued_is_recorded_from_its_beginning(tmp_path: Path) -> None:
    async def work() -> Kept:
        async with opened(tmp_path) as app:
            await app.enqueue(WHERE, person="guest")
            await app.drain()
            return {case: await recording(app, case) for case in await cases(app)}

    ((case, parts),) = asyncio.run(work()).items()
    assert parts[0].strand == "opening"
    assert replay(case, parts)[0]["identical"]
