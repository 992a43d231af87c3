"""The page of the audit names every invariant, once, with its number."""

import re
from pathlib import Path

from checkpoints.audit import BESIDE, INVARIANTS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "audit.md"


def test_page_lists_every_invariant_with_its_number() -> None:
    part = PAGE.read_text("utf-8").partition("## Invariants")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (R2|\d+)[,\d ]* \|", part, re.MULTILINE)
    listed = [(name, 0 if number == "R2" else int(number)) for name, number in rows]
    assert sorted(listed) == sorted((i.name, i.number) for i in (*INVARIANTS, *BESIDE))
