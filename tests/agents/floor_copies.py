"""Copies of the harbour with one small edit each."""

import shutil
from dataclasses import dataclass
from pathlib import Path

HARBOUR = Path(__file__).parent.parent / "floors" / "harbour"

CONFIG = "floor.yaml"
SEED = "seed.yaml"
BERTHING = "agents/berthing/manifest.yaml"
FAIRWAY = "agents/fairway/manifest.yaml"
BERTHING_POLICY = "agents/berthing/policy.py"
TOOLBOX = "tools/floor.py"
ACTIONS = "tools/actions.py"
RESOURCES = "tools/resources.py"


@dataclass(frozen=True)
class Edit:
    """``old`` becomes ``new`` in one file; ``new`` None deletes the file, ``old`` empty appends."""

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
        path.write_text(path.read_text(encoding="utf-8") + edit.new, encoding="utf-8")
    else:
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.old!r} stands {text.count(edit.old)} times in {edit.file}"
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")


def line_of(floor: Path, file: str, marker: str) -> int:
    """The line of the first ``marker`` in a file; 1 for an empty marker."""
    text = (floor / file).read_text(encoding="utf-8", errors="replace") if marker else ""
    assert marker in text, f"{marker!r} is not in {file}"
    return text[: text.index(marker)].count("\n") + 1
