"""Numbered rows are recorded in order, in whatever they come; what is missing is asked for (F37-F39)."""

import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from graph import facts
from graph.app import App, open_app
from graph.arriving import Arrivals
from graph.feed import feed
from graph.feed_file import Row
from graph.feed_mapping import read_mapping
from graph.feed_rows import FeedContext, record_batch
from graph.settings import Settings
from protocol.errors import InvalidFloorError
from protocol.ports import Tx
from protocol.rows import EscalationRow
from tests.graph.feed_floor import silent_plant
from tests.graph.harbour_app import violations

PLANNER = "l.brandt"
READER = '''
"""Numbered reports of machines that stop and run again."""

from protocol.toolbox import Fact

from .outcomes import Accepted, Option, Rejected


def numbered(rows, feed):
    for row in rows:
        cells = row.cells
        what = cells["what"]
        if what == "unreadable" and "unreadable" not in feed.aliases:
            options = (Option("it ran again", "up"),)
            yield Rejected(row.line, "unreadable", "it cannot be read", "unreadable", "What was it?", options)
            continue
        what = feed.aliases.get(what, what)
        data = {"machine": cells["machine"], "at": cells["at"]}
        subject = f"machine/{cells['machine']}"
        kind = f"machine.{what}"
        yield Accepted(
            row.line, row.identity, (Fact(kind, feed.source, row.identity, cells["at"], subject, data),)
        )
'''
MAPPING = """
purpose: Numbered reports
header: [machine, no, what, at]
reader: numbered
order: {by: [machine], number: no, park: 4, wait_s: 600}
ask: {default: [production_planner]}
"""
WHAT = ("down", "up", "down", "up", "down")


class Hand:
    """Wall seconds that a test moves."""

    now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def floor(to: Path, mapping: str = MAPPING) -> Path:
    """The silent plant with a reader of numbered rows."""
    made = silent_plant(to)
    feeds = made / "tools" / "feeds"
    (feeds / "numbered.py").write_text(READER, "utf-8")
    (feeds / "numbered.yaml").write_text(mapping, "utf-8")
    readers = (feeds / "readers.py").read_text("utf-8")
    added = readers.replace("Reader] = {", 'Reader] = {"numbered": numbered, ', 1)
    assert added != readers
    (feeds / "readers.py").write_text(
        added.replace("from .machine_events", "from .numbered import numbered\nfrom .machine_events", 1),
        "utf-8",
    )
    return made


@asynccontextmanager
async def opened(place: Path, data: Path, hand: Hand) -> AsyncIterator[App]:
    async with open_app(Settings(floor_dir=place, data_dir=data, shared=hand, inline=True)) as app:
        yield app


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return floor(tmp_path_factory.mktemp("numbered") / "floor")


def row(number: int | str, machine: str = "M8", what: str | None = None) -> str:
    n = int(number) if str(number).isdigit() else 1
    return f"{machine},{number},{what or WHAT[(n - 1) % 5]},2026-02-01T08:0{n % 10}:00Z"


def write(path: Path, rows: Sequence[str]) -> Path:
    path.write_text("\n".join(["machine,no,what,at", *rows, ""]), "utf-8")
    return path


async def fed(app: App, tmp_path: Path, *rows: str) -> dict[str, Any]:
    return await feed(app, write(tmp_path / "rows.csv", rows), drive=False)


def kept(tx: Any) -> str:
    """The ledger as far as it tells what was recorded, and in which order."""
    events = [[e.seq, e.id, e.type, e.occurred, e.subject, dict(e.data)] for e in tx.events()]
    tables = [
        list(map(list, tx.rows(f"SELECT * FROM {table} ORDER BY 1, 2")))
        for table in ("resources", "writes", "inbox", "arrivals", "parked", "dead_letters")
    ]
    return json.dumps([events, tables])


async def test_every_order_of_five_rows_and_every_repetition_makes_the_same_ledger(
    plant: Path, tmp_path: Path
) -> None:
    async with opened(plant, tmp_path / "data", Hand()) as app:
        mapping = read_mapping(app.floor.feeds / "numbered.yaml", app.world)

        def play(tx: Tx, order: Sequence[int], times: int) -> tuple[list[str], str]:
            """What becomes of the rows, and the ledger then; nothing of it is kept."""
            assert mapping.stated.order is not None
            arrivals = Arrivals(mapping.stated.order, {}, 0.0)
            numbers = [n for n in order for _ in range(times)]
            cells = [dict(zip(mapping.header, row(n).split(","), strict=True)) for n in numbers]
            rows = [Row(line, f"row_{c['no']}", c) for line, c in enumerate(cells, 2)]
            context = FeedContext(mapping.source, {}, "UTC")
            with tx.mark() as undo:
                outcomes = list(mapping.reader(arrivals.watch(rows), context))
                done = record_batch(tx, app.world, mapping.source, outcomes, arrivals)
                found = [r.status for r in done], kept(tx)
                undo()
            return found

        ledgers = set()
        for place, order in enumerate(itertools.permutations(range(1, 6))):
            times = place % 5 + 1
            statuses, ledger = await app.ledger.write(partial(play, order=order, times=times))
            assert statuses.count("duplicate") == 5 * (times - 1)
            assert set(statuses) <= {"accepted", "history", "duplicate"}
            ledgers.add(ledger)
        assert len(ledgers) == 1


@pytest.mark.parametrize("order", [(1, 2, 3, 4, 5), (5, 4, 3, 2, 1), (3, 1, 5, 2, 4)])
async def test_file_in_any_order_adds_up_and_is_sound(
    plant: Path, tmp_path: Path, order: tuple[int, ...]
) -> None:
    async with opened(plant, tmp_path / "data", Hand()) as app:
        shape = await fed(app, tmp_path, *(row(n) for n in order))
        assert (shape["rows"], shape["accepted"], shape["duplicates"]) == (5, 5, 0)
        again = await fed(app, tmp_path, *(row(n) for n in order))
        assert (again["rows"], again["accepted"], again["duplicates"]) == (5, 0, 5)
        told = await app.ledger.read(
            lambda tx: [e.data["at"] for e in tx.events() if e.subject == "machine/M8"]
        )
        assert told == sorted(told)
        assert await violations(app) == []


async def test_rows_of_several_files_wait_for_each_other_and_aggregates_do_not(
    plant: Path, tmp_path: Path
) -> None:
    async with opened(plant, tmp_path / "data", Hand()) as app:
        first = await fed(app, tmp_path, row(2), row(3), row(1, "M9"))
        assert (first["accepted"], first["flags"]) == (3, {"parked": 2})
        told = await app.ledger.read(lambda tx: [e.subject for e in tx.events(type="machine.down")])
        assert told == ["machine/M9"]
        again = await fed(app, tmp_path, row(2), row(3), row(1, "M9"))
        assert (again["duplicates"], again["accepted"]) == (3, 0)
        await fed(app, tmp_path, row(1))
        found = await app.ledger.read(
            lambda tx: (tx.inbound.parked(), tx.inbound.applied("feed:numbered", "M8"))
        )
        assert found == ([], 3)
        assert (await fed(app, tmp_path, row(2), row(3)))["duplicates"] == 2
        assert await violations(app) == []


async def questions(app: App) -> list[EscalationRow]:
    return list(await app.ledger.read(lambda tx: tx.escalations(open_only=True)))


async def test_gap_beyond_the_bound_is_asked_about_and_gone_over_when_a_person_says_so(
    plant: Path, tmp_path: Path
) -> None:
    rows = [row(n) for n in range(2, 8)]
    async with opened(plant, tmp_path / "data", Hand()) as app:
        shape = await fed(app, tmp_path, *rows)
        assert (shape["accepted"], [r["code"] for r in shape["rejected"]]) == (4, ["sequence_gap"] * 2)
        assert [w.source_id for w in await app.ledger.read(lambda tx: tx.inbound.letters())] != []
        (asked,) = await questions(app)
        assert "M8 lacks number 1" in asked.summary
        await app.decide(asked.id, "answer", person=PLANNER, option=0)
        shape = await fed(app, tmp_path, *rows)
        assert (shape["accepted"], shape["duplicates"], shape["rejected"]) == (2, 4, [])
        assert await app.ledger.read(lambda tx: tx.inbound.applied("feed:numbered", "M8")) == 7
        assert await app.ledger.read(lambda tx: tx.inbound.letters()) == []
        late = await fed(app, tmp_path, row(1))
        assert [r["code"] for r in late["rejected"]] == ["sequence_used"]
        assert await violations(app) == []


async def test_gap_that_lasts_is_asked_about(plant: Path, tmp_path: Path) -> None:
    hand = Hand()
    async with opened(plant, tmp_path / "data", hand) as app:
        await fed(app, tmp_path, row(2))
        assert await questions(app) == []
        hand.now_s += 600
        await fed(app, tmp_path, row(1, "M9"))
        assert ["M8 lacks number 1" in asked.summary for asked in await questions(app)] == [True]
        await fed(app, tmp_path, row(1))
        assert await app.ledger.read(lambda tx: tx.inbound.parked()) == []


async def test_rejected_row_holds_nobody_up_and_is_recorded_once_a_person_has_said_what_it_means(
    plant: Path, tmp_path: Path
) -> None:
    rows = [row(1), row(3), row(2, what="unreadable"), row(4, what="unreadable"), row(5)]
    async with opened(plant, tmp_path / "data", Hand()) as app:
        shape = await fed(app, tmp_path, *rows)
        assert (shape["accepted"], len(shape["rejected"])) == (3, 2)
        assert await app.ledger.read(lambda tx: tx.inbound.applied("feed:numbered", "M8")) == 5
        letters = await app.ledger.read(lambda tx: tx.inbound.letters())
        assert [w.code for w in letters] == ["unreadable", "unreadable"]
        (asked,) = await questions(app)
        await app.decide(asked.id, "answer", person=PLANNER, option=0)
        again = await fed(app, tmp_path, *rows)
        assert (again["accepted"], again["duplicates"], again["rejected"]) == (2, 3, [])
        assert await app.ledger.read(lambda tx: tx.inbound.letters()) == []
        assert await violations(app) == []


async def test_fact_that_the_floor_does_not_know_or_cannot_hold_has_a_letter_and_the_rest_goes_on(
    plant: Path, tmp_path: Path
) -> None:
    async with opened(plant, tmp_path / "data", Hand()) as app:
        shape = await fed(app, tmp_path, row(1, what="exploded"), row(2), row(3, "M99"))
        assert shape["accepted"] >= 1
        letters = {w.code: w for w in await app.ledger.read(lambda tx: tx.inbound.letters())}
        assert "machine.exploded" in letters["unknown_fact"].message
        assert json.loads(letters["unknown_fact"].body) == ["machine.exploded"]


async def test_fact_that_is_too_large_has_a_letter_and_the_rest_goes_on(
    plant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(plant, tmp_path / "data", Hand()) as app:
        monkeypatch.setattr(facts, "MOST_CHARACTERS", len('{"at":"2026-02-01T08:01:00Z","machine":"M8"}'))
        shape = await fed(app, tmp_path, row(1, "M14"), row(1))
        assert (shape["accepted"], [r["code"] for r in shape["rejected"]]) == (1, ["fact_too_large"])
        assert [w.code for w in await app.ledger.read(lambda tx: tx.inbound.letters())] == ["fact_too_large"]


async def test_row_without_a_number_and_a_number_used_twice_are_rejected(plant: Path, tmp_path: Path) -> None:
    async with opened(plant, tmp_path / "data", Hand()) as app:
        shape = await fed(
            app,
            tmp_path,
            row("x"),
            row("-1"),
            row(1),
            row(1, what="up"),
            row(3),
            row(3, what="up"),
            row("9" * 17),
        )
        assert [(r["line"], r["code"]) for r in shape["rejected"]] == [
            (2, "bad_number"),
            (3, "bad_number"),
            (5, "sequence_used"),
            (7, "sequence_used"),
            (8, "bad_number"),
        ]


async def test_order_names_columns_that_there_are(tmp_path: Path) -> None:
    place = floor(tmp_path / "floor", MAPPING.replace("number: no", "number: place"))
    async with opened(place, tmp_path / "data", Hand()) as app:
        with pytest.raises(InvalidFloorError, match="there is no column 'place'"):
            await fed(app, tmp_path, row(1))
