"""Copies of the harbour with one small edit each."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from agents.floor_catalogue import Code
from agents.floor_loader import check_floor
from protocol.errors import Problem

HARBOUR = Path(__file__).parent.parent / "floors" / "harbour"
ANNOUNCED = {
    "visit": "V-3",
    "ship": "Castor",
    "length_m": 200,
    "draught_dm": 90,
    "power_kw": 500,
    "hours": 6,
    "arrives": "2026-05-04T10:00:00Z",
    "promised": False,
}
"""A ship that both of its agents hear of: a berth and a pilot."""

CONFIG = "floor.yaml"
SEED = "seed.yaml"
BERTHING = "agents/berthing/manifest.yaml"
FAIRWAY = "agents/fairway/manifest.yaml"
BERTHING_POLICY = "agents/berthing/policy.py"
TOOLBOX = "tools/floor.py"
ACTIONS = "tools/actions.py"
RESOURCES = "tools/resources.py"


_MEANT = re.compile(r"berth\.assigned|pilot\.booked")


@dataclass(frozen=True)
class Edit:
    """``old`` becomes ``new`` in one file; ``new`` None deletes the file, an empty ``old`` appends."""

    file: str
    old: str = ""
    new: str | bytes | None = None


def copy_harbour(to: Path, *edits: Edit) -> Path:
    """The harbour in the directory ``to``, edited."""
    shutil.copytree(HARBOUR, to, ignore=shutil.ignore_patterns("__pycache__"))
    for edit in edits:
        apply(to, edit)
    return to


def apply(floor: Path, edit: Edit) -> None:
    """Make one edit; fails when the text to replace is not there exactly once."""
    path = floor / edit.file
    if edit.new is None:
        path.unlink()
    elif isinstance(edit.new, bytes):
        path.write_bytes(path.read_bytes() + edit.new)
    elif not edit.old:
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(edit.new)
    else:
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.old!r} stands {text.count(edit.old)} times in {edit.file}"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def told_of(floor: Path) -> list[Problem]:
    """What is wrong with a copy, the two events left out that nobody in the harbour hears."""
    return [p for p in check_floor(floor) if not (p.code == Code.EVENT_UNHEARD and _MEANT.search(p.message))]


def line_of(floor: Path, file: str, marker: str) -> int:
    """The line of the first ``marker`` in a file; 1 for an empty marker."""
    text = (floor / file).read_text(encoding="utf-8", errors="replace") if marker else ""
    assert marker in text, f"{marker!r} is not in {file}"
    return text[: text.index(marker)].count("\n") + 1
