"""The page on failing models is what its script writes: a part of it is played again, in a soak all of it."""

import re

import pytest

from evals.model_server.faults import Fault
from scripts.failures import PAGE, STAGES, all_rows, page, row

pytestmark = pytest.mark.long

ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


def written() -> dict[Fault, list[str]]:
    """The cells that stand on the page."""
    return {Fault(name): cells.split(" | ") for name, cells in ROW.findall(PAGE.read_text("utf-8"))}


def test_page_has_every_fault_at_every_stage_and_nothing_wrong() -> None:
    found = written()
    assert list(found) == list(Fault)
    assert {len(cells) for cells in found.values()} == {len(STAGES)}
    assert PAGE.read_text("utf-8") == page(found), "write it anew: python scripts/failures.py"
    assert "**" not in " ".join(cell for cells in found.values() for cell in cells)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.DUPLICATE_KEYS, Fault.NO_USAGE], ids=str)
async def test_what_the_page_says_happens(fault: Fault) -> None:
    chosen = [STAGES[0], STAGES[4]]
    cells = written()[fault]
    assert await row(fault, chosen) == [cells[STAGES.index(stage)] for stage in chosen]


@pytest.mark.soak
async def test_all_that_the_page_says_happens() -> None:
    assert await all_rows() == written()
