"""``andon inbound``: what waits, and what was refused."""

import asyncio

from protocol.inbound import LetterRow, ParkedRow
from protocol.ports import Tx
from tests.cli.program import Program
from tests.graph.harbour_app import opened

LETTER = LetterRow("feed:log", "row_x", "unknown_fact", "there is no such fact", "[]", "2026-05-04T04:00:00Z")


def store(tx: Tx) -> None:
    for number in (5, 4):
        tx.inbound.park(ParkedRow("feed:log", "B1", number, f"row_{number}", "[]", 1.0))
    tx.inbound.set_applied("feed:log", "B1", 2)
    tx.inbound.park(ParkedRow("feed:log", "B2", 7, "row_7", "[]", 1.0))
    for number in range(21):
        tx.inbound.put_letter(LetterRow("feed:log", f"row_y{number:02}", "bad_fact", "no", "[]", ""))
    tx.inbound.put_letter(LETTER)


def test_what_waits_and_what_was_refused_is_listed(andon: Program) -> None:
    async def fill() -> None:
        async with opened(andon.data) as app:
            await app.ledger.write(store)

    asyncio.run(fill())
    answer = andon("inbound", "--json").json
    assert answer["schema"] == "andon/inbound/v1"
    assert answer["waiting"] == [
        {"source": "feed:log", "aggregate": "B1", "applied": 2, "numbers": [4, 5]},
        {"source": "feed:log", "aggregate": "B2", "applied": None, "numbers": [7]},
    ]
    assert answer["letters"][0] == {
        "source": "feed:log",
        "source_id": "row_x",
        "code": "unknown_fact",
        "message": "there is no such fact",
        "body": "[]",
        "at": "2026-05-04T04:00:00Z",
    }
    lines = andon("inbound").out.splitlines()
    assert lines[0] == "feed:log B1: 2 reports from number 4 on; recorded so far: number 2"
    assert lines[1] == "feed:log B2: 1 report from number 7 on; recorded so far: nothing"
    assert lines[2] == "feed:log row_x: there is no such fact [unknown_fact]"
    assert lines[-1] == "and 2 more; --json lists all of them"


def test_floor_without_a_ledger_lists_nothing_and_makes_none(andon: Program) -> None:
    assert andon("inbound").out == "Nothing waits for a report before it, and none was refused.\n"
    assert andon("inbound", "--json").json == {"schema": "andon/inbound/v1", "waiting": [], "letters": []}
    assert not andon.data.exists()
