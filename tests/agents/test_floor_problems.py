"""Every code of the catalogue is produced by a small edit of the harbour, at the right file and line."""

import re
from pathlib import Path

import pytest

from agents.floor_catalogue import WARNINGS, Code
from tests.agents.floor_copies import BERTHING, CONFIG, FAIRWAY, SEED, Edit, copy_harbour, line_of, told_of
from tests.agents.floor_mistakes import CASES, Case
from tests.agents.floor_slips import SLIPS

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "problems.md"


MISTAKES = [*CASES, *SLIPS]


@pytest.mark.parametrize("example", MISTAKES, ids=lambda c: f"{c.code}-{c.file}-{c.edit.new!r:.20}")
def test_small_mistake_is_reported_where_it_stands(example: Case, tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", example.edit, *example.more)
    problems = told_of(floor)
    found = [(p.code, p.file, p.line) for p in problems]
    is_there = (floor / example.file).is_file()
    line = line_of(floor, example.file, example.at) if is_there else 1
    if example.code is Code.BAD_ENCODING:
        line = (floor / example.file).read_bytes().count(b"\n")
    assert (example.code, example.file, line) in found, problems
    assert {p.code for p in problems} - example.also == {example.code}, problems
    assert all(p.message and "\n" not in p.message for p in problems)


def test_floor_without_agents_says_so(tmp_path: Path) -> None:
    floor = copy_harbour(
        tmp_path / "floor",
        *(
            Edit(f"agents/{a}/{f}")
            for a in ("berthing", "fairway")
            for f in ("manifest.yaml", "prompt.md", "policy.py")
        ),
    )
    assert Code.NO_AGENTS in {p.code for p in told_of(floor)}


def test_every_code_has_an_example_here() -> None:
    assert {example.code for example in MISTAKES} | {Code.NO_AGENTS} == set(Code)


def test_document_and_catalogue_agree() -> None:
    sections = re.split(r"^### ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    heads = [section.split("\n", 1)[0] for section in sections]
    assert heads == [f"`{code}`{' (warning)' if code in WARNINGS else ''}" for code in Code]
    for code, section in zip(Code, sections, strict=True):
        for part in ("Example:", "Cure:"):
            assert part in section, f"{code} has no {part}"


def test_mistakes_of_one_floor_are_reported_together(tmp_path: Path) -> None:
    mistakes = (
        Edit(CONFIG, "Europe/Amsterdam", "Europe/Atlantis"),
        Edit(BERTHING, "level: 3", "level: 9"),
        Edit(FAIRWAY, "version: 1\n", ""),
        Edit(FAIRWAY, "sounding.due]", "ship.sunk]"),
        Edit(SEED, "power_kw: 800", "power_kw: lots"),
        Edit(CONFIG, "{role: harbour_master,", "{role: cook,"),
    )
    problems = told_of(copy_harbour(tmp_path / "floor", *mistakes))
    assert {p.code for p in problems} == {
        Code.BAD_ZONE,
        Code.BAD_LEVEL,
        Code.MISSING_FIELD,
        Code.EVENT_WITHOUT_SOURCE,
        Code.SEED_BALANCE,
        Code.APPROVAL_ROLE_UNKNOWN,
    }
    assert len(problems) == len(mistakes)


def test_lines_stay_exact_behind_what_was_left_out(tmp_path: Path) -> None:
    """An entry of a wrong type is left out of its list; those after it keep their lines."""
    names = "reads: [berth, visit, sounding]"
    listed = "reads:\n    - 7\n    - berth\n    - visit\n    - [x]\n    - sounding\n    - crane\n    - berth"
    floor = copy_harbour(tmp_path / "floor", Edit(BERTHING, names, listed))
    first = line_of(floor, BERTHING, "    - 7")
    assert [(p.code, p.line - first) for p in told_of(floor) if p.line >= first] == [
        (Code.WRONG_TYPE, 0),
        (Code.WRONG_TYPE, 3),
        (Code.TYPE_UNKNOWN, 5),
        (Code.DUPLICATE_NAME, 6),
    ]
