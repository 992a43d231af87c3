"""Breakers in the flow of cases, on the harbour: who is called, who is not, and what stands in."""

from pathlib import Path

from tests.graph.harbour_app import SOUND, opened

NOW = 1_795_000_000.125


class Shared:
    """The clock that processes share, set by a test."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


async def test_every_pass_keeps_its_reading_of_the_shared_clock(tmp_path: Path) -> None:
    async with opened(tmp_path, shared=Shared()) as app:
        shape = await app.ask(SOUND, person="guest")
        passes = await app.ledger.read(lambda tx: tx.passes(shape["case"]))
    assert [p.clock_s for p in passes] == [NOW] * 2
