"""A row is recorded as a whole: all of its facts, or none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from graph.app import App
from graph.feed_rows import ACCEPTED, DUPLICATE, HISTORY, REJECTED, Recorded, record_batch
from protocol.toolbox import Fact
from tests.graph.feed_floor import opened, silent_plant

SOURCE = "feed:test"
OLD, NEW = "2026-02-01T08:00:00Z", "2026-03-02T08:00:00Z"


@dataclass(frozen=True)
class Row:
    """An accepted row as a reader of any floor may give it."""

    identity: str
    facts: tuple[Fact, ...]
    line: int = 2
    flags: tuple[str, ...] = ("odd",)
    at: str = ""


def down(identity: str, at: str = OLD) -> Fact:
    return Fact("machine.down", SOURCE, identity, at, "machine/M8", {"machine": "M8", "at": at})


def up(identity: str, at: str = OLD) -> Fact:
    return Fact("machine.up", SOURCE, identity, at, "machine/M8", {"machine": "M8", "at": at})


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(silent_plant(tmp_path / "floor")) as app:
        yield app


async def record(app: App, *rows: Row) -> list[Recorded]:
    return await app.ledger.write(lambda tx: record_batch(tx, app.world, SOURCE, rows))


async def test_row_is_duplicate_as_a_whole(app: App) -> None:
    row = Row("row_1", (down("row_1"), up("row_1/up")))
    first, second = await record(app, row, row)
    assert (first.status, first.flags) == (HISTORY, ("odd",))
    assert (second.status, second.flags) == (DUPLICATE, ())


async def test_refused_fact_takes_its_row_with_it_and_no_other(app: App) -> None:
    bad = Fact("machine.up", SOURCE, "row_1/up", OLD, "machine/M8", {"machine": "M8", "at": "noon"})
    refused, kept = await record(app, Row("row_1", (down("row_1"), bad)), Row("row_2", (down("row_2"),)))
    assert (refused.status, kept.status) == (REJECTED, HISTORY)
    assert refused.rejection is not None
    assert (refused.rejection.line, refused.rejection.code) == (2, "bad_fact")
    told = await app.ledger.read(lambda tx: [e.source_id for e in tx.events(type="machine.down")])
    assert told == ["row_2"]
    [again] = await record(app, Row("row_1", (down("row_1"), up("row_1/up"))))
    assert again.status == HISTORY, "once mended it is new"


async def test_fact_in_common_is_recorded_once_and_decides_nothing(app: App) -> None:
    data = {"order": "O-1", "item": "ROD", "quantity": 5}
    released = Fact("order.released", SOURCE, "released/O-1", OLD, "order/O-1", data)
    rows = [Row(f"row_{n}", (released, down(f"row_{n}"))) for n in (1, 2)]
    assert [r.status for r in await record(app, *rows)] == [HISTORY, HISTORY]
    assert len(await app.ledger.read(lambda tx: tx.events(type="order.released"))) == 1


@pytest.mark.parametrize(("at", "status"), [("", ACCEPTED), (OLD, HISTORY), (NEW, ACCEPTED)])
async def test_row_without_facts_is_seen_once(app: App, at: str, status: str) -> None:
    row = Row("row_1", (), at=at)
    assert [r.status for r in await record(app, row, row)] == [status, DUPLICATE]


async def test_recent_fact_opens_a_case(app: App) -> None:
    [recent] = await record(app, Row("row_1", (down("row_1", NEW),)))
    assert recent.status == ACCEPTED
    assert len(recent.cases) == 1
