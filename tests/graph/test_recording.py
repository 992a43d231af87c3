"""Parts of a recording fit together, whoever keeps them first."""

from typing import Any

from checkpoints.recordings import Part, unpacked
from graph.recording import MAIN, Drive
from graph.replaying import _append


class _Kept:
    """A transaction that only keeps parts."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def keep_part(self, case: str, drive: int, strand: str, body: bytes) -> None:
        """See RecordsTx."""
        self.parts.append(unpacked(drive, strand, body))


def test_two_agents_that_keep_at_once_what_the_main_strand_left_keep_the_same() -> None:
    drive, tx = Drive("case_a", 1, ()), _Kept()
    main, one, other = (drive.strand(name) for name in (MAIN, "agent.one", "agent.other"))
    main.items += [["do", {"step": "begin"}], ["clock", 1.0]]
    first, second = drive.left(one), drive.left(other)
    drive.keep(tx, first, one, {"writes": True})  # type: ignore[arg-type]
    for strand, at, items in first:
        strand.forget(at + len(items) + (strand is one))
    drive.keep(tx, second, other, {"writes": True})  # type: ignore[arg-type]
    for strand, at, items in second:
        strand.forget(at + len(items) + (strand is other))
    main.items.append(["clock", 2.0])
    drive.flush(tx)  # type: ignore[arg-type]
    found: dict[str, list[Any]] = {}
    for part in tx.parts:
        _append(found.setdefault(part.strand, []), part)
    assert found == {
        MAIN: [["do", {"step": "begin"}], ["clock", 1.0], ["clock", 2.0]],
        "agent.one": [{"writes": True}],
        "agent.other": [{"writes": True}],
    }
