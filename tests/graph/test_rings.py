"""Rings of polite agents through the real graph and a real ledger: cut, told of, and at an end (R4, R14)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from protocol.position import Position
from protocol.rows import CaseRow
from protocol.turns import Move
from tests.graph.harbour_app import events, violations
from tests.graph.ring_floor import PLEASE, Saying, ring, write_ring
from tests.protocol.ring import Manner, agents_of
from tests.protocol.talk import Conversation, Talkers, conversations

ROUNDS, ANSWERS, PROPOSALS = 8, 3, 20
MANNERS = {
    "deference": Manner("own", "defer", "defer"),
    "deference and the next": Manner("propose", "defer+pass", "defer+pass"),
    "offers": Manner("own", "counter", "counter"),
    "offers and the next": Manner("theirs", "counter+pass", "counter+pass"),
    "asking the next": Manner("theirs", "pass", "pass"),
    "a question": Manner("question", "pass", "pass"),
    "somebody without a say": Manner("third", "counter+pass", "pass"),
}


def polite(manner: Manner, number: int) -> Saying:
    """Models that all behave so, each reworded from turn to turn."""
    taken: Counter[str] = Counter()

    def says(me: str, round_no: int, triggers: Sequence[Mapping[str, Any]]) -> list[Move]:
        taken[me] += 1
        return manner.moves(agents_of(number), me, taken[me] - 1, triggers)

    return Saying(says)


async def stored(app: App, case: str) -> tuple[CaseRow, Position]:
    """A case as the ledger has it."""
    row = await app.ledger.read(lambda tx: tx.case(case))
    assert row is not None
    return row, Position.from_json(row.position)


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS.keys())
@pytest.mark.parametrize("length", range(2, 9))
async def test_ring_is_cut_and_ends(tmp_path: Path, length: int, manner: Manner) -> None:
    floor, models = write_ring(tmp_path / "floor", [3] * length), polite(manner, length)
    async with ring(floor, tmp_path / "data", models) as app:
        shape = await app.ask(PLEASE, person="guest")
        told = await events(app, shape["case"])
        row, position = await stored(app, shape["case"])
        decided = [v for v in shape["verdicts"] if v["verdict"] == "committed"]
        accepted = [x for x in position.exchanges.values() if str(x.state) == "accepted"]
        assert shape["status"] in ("done", "waiting")
        assert decided or accepted or shape["waiting"], "nobody decided, and no person is asked"
        assert told.count("loop.cut") == position.cuts >= 1
        assert len(models.asked) < ROUNDS * length
        assert row.rounds <= ROUNDS
        assert [x for x in position.exchanges.values() if x.state.open or x.answers > ANSWERS] == []
        assert await violations(app) == []


async def test_person_who_is_asked_about_a_ring_ends_it(tmp_path: Path) -> None:
    floor, models = write_ring(tmp_path / "floor", [3, 3]), polite(Manner("propose", "defer", "defer"), 2)
    async with ring(floor, tmp_path / "data", models) as app:
        shape = await app.ask(PLEASE, person="guest")
        (waits,) = shape["waiting"]
        asked = list(models.asked)
        ended = await app.decide(waits["id"], "answer", person="f.one", option=0)
        assert (ended["status"], ended["verdicts"][-1]["verdict"]) == ("done", "committed")
        assert models.asked == asked, "nobody is asked again"


async def test_conversations_are_settled_and_none_is_cut(tmp_path: Path) -> None:
    """Twenty matters between the same two, over as many cases as they take; the first agent opens each."""
    left: list[Conversation] = list(conversations(5, 20, agents_of(2), ANSWERS))
    floor = write_ring(tmp_path / "floor", [3, 4], [c.part for c in left])
    held: list[Talkers] = []

    def says(me: str, round_no: int, triggers: Sequence[Mapping[str, Any]]) -> list[Move]:
        return held[-1].moves(me, round_no, triggers)

    async with ring(floor, tmp_path / "data", Saying(says)) as app:
        while left:
            held.append(Talkers(left, 2, ROUNDS, PROPOSALS))
            shape = await app.ask(PLEASE, person="guest")
            _, position = await stored(app, shape["case"])
            ends = sorted(str(x.state) for x in position.exchanges.values())
            assert ends == sorted(str(c.ends) for c in held[-1].opened)
            assert shape["status"] in ("done", "refused")
            assert shape["waiting"] == []
            assert len(held[-1].waiting) < len(left), "a case that settles nothing would go on for ever"
            left = held[-1].waiting
        told = set(await events(app))
        assert {t for t in told if t.startswith(("loop.", "limit."))} == set()
        assert await committed(app) == {c.part: c.start for t in held for c in t.opened if c.start}
        assert len(held) > 1
        assert await violations(app) == []


async def committed(app: App) -> dict[str, str]:
    """The start of every committed action, by its part."""
    rows = await app.ledger.read(lambda tx: [c for case in tx.cases() for c in tx.commits(case.id)])
    return {c.params["part"]: c.params["start"] for c in rows}
