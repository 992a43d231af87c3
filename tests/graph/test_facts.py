"""A malformed fact is refused by its code, and nothing of it is written (section 4)."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.facts import record_fact
from protocol.effects import Effects, Put
from protocol.errors import UsageError
from protocol.records import Ref
from protocol.toolbox import Fact
from protocol.world import World
from tests.floors_loaded import harbour
from tests.graph.harbour_app import announced, dump, opened


def breaking(*puts: Put) -> World:
    """The harbour, where a ship that announces itself also writes this."""
    made = harbour().world
    facts = [replace(f, apply=lambda fact, snapshot: Effects(puts=puts)) for f in made.toolbox.facts]
    return replace(made, toolbox=replace(made.toolbox, facts=facts))


def facts() -> Iterator[tuple[str, World, Fact]]:
    """(code, floor, fact)."""
    good, floor = announced(), harbour().world
    data: dict[str, Any] = dict(good.data)
    yield "unknown_fact", floor, replace(good, type="ship.sunk")
    yield "bad_time", floor, replace(good, occurred="noon")
    yield "bad_time", floor, replace(good, occurred="2026-05-04T04:30:00")
    yield "bad_time", floor, replace(good, occurred="2026-05-04T06:30:00+02:00")
    yield "bad_fact", floor, replace(good, data=data | {"level": 5})
    yield "bad_fact", floor, replace(good, data=data | {"length_m": "90"})
    yield "bad_fact", floor, replace(good, data={n: v for n, v in data.items() if n != "visit"})
    yield "fact_refused", breaking(Put(Ref("berth", "B1"), {"colour": "red"})), good
    yield "fact_refused", breaking(Put(Ref("visit", "V-999"), {"hours": 1})), good
    yield "fact_refused", breaking(Put(Ref("sounding", "S-1"), {}, create=True)), good


@pytest.mark.parametrize(("code", "floor", "fact"), list(facts()))
async def test_fact_that_cannot_be_leaves_no_trace(
    tmp_path: Path, code: str, floor: World, fact: Fact
) -> None:
    async with opened(tmp_path) as app:
        before = await dump(app)
        with pytest.raises(UsageError) as refused:
            await app.ledger.write(lambda tx: record_fact(tx, floor, fact))
        assert refused.value.error_code == code
        assert await dump(app) == before
