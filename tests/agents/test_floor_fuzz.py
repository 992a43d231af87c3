"""Contracts with random damage: always problems or acceptance, never a crash; and two parsers that agree."""

import os
import random
import sys
from pathlib import Path

import pytest

from agents import yaml_source
from agents.floor_loader import check_floor
from agents.yaml_source import _fast, _thorough
from tests.agents.floor_copies import BERTHING, CONFIG, FAIRWAY, HARBOUR, SEED, copy_harbour
from tests.architecture.sources import ROOT

FILES = (CONFIG, SEED, BERTHING, FAIRWAY)
DAMAGED, READ = 300, 1500
SOAKED = 20_000 * int(os.environ.get("ANDON_SOAK", "1"))
TOKENS = [
    *(b":", b": ", b" ", b"\n", b"- ", b"? ", b"#", b"'", b'"', b"[", b"]", b"{", b"}", b",", b"|\n", b">\n"),
    *(b"\t", b"\r", b"\0", b"\x07", b"\xff", b"\xc3\xa9", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"\xed\xa0\x80"),
    *(
        b"&a",
        b"*a",
        b"!x ",
        b"!!int ",
        b"<<",
        b"---\n",
        b"...\n",
        b"%YAML 1.1\n",
        b"\\",
        b'"\\ud800"',
        b'"\\0"',
    ),
    *(
        b"no",
        b"~",
        b"null",
        b"true",
        b"0o17",
        b"0x1f",
        b"1e3",
        b"10:30",
        b".inf",
        b".nan",
        b"-1",
        b"99999999999999999999",
    ),
    *(b"[" * 40, b"{a: " * 40, b"\n  " * 3, b"\xf0\x9f\x98\x80", b"a" * 300),
]


def damaged(raw: bytes, rolls: random.Random) -> bytes:
    """The bytes with one to four random edits."""
    for _ in range(rolls.randint(1, 4)):
        raw = edited(raw, rolls)
    return raw


def edited(raw: bytes, rolls: random.Random) -> bytes:
    at = rolls.randrange(len(raw) + 1)
    to, lines = min(len(raw), at + rolls.randint(1, 40)), raw.split(b"\n")
    match rolls.randrange(8):
        case 0:
            return raw[:at] + rolls.choice(TOKENS) + raw[at:]
        case 1:
            return raw[:at] + rolls.choice(TOKENS) + raw[at + 1 :]
        case 2:
            return raw[:at] + bytes([rolls.randrange(256)]) + raw[at + 1 :]
        case 3:
            return raw[:at] + raw[to:]
        case 4:
            return raw[:to] + raw[at:]
        case 5:
            return raw[:at]
        case 6:
            return b"\n".join(rolls.sample(lines, len(lines)))
        case _:
            return b"\n".join([*lines, rolls.choice(lines)])


def spoil(floor: Path, first: int, last: int) -> int:
    """Damage one file after the other; how many floors were still valid."""
    valid = 0
    for number in range(first, last):
        rolls = random.Random(f"damage/{number}")
        name = rolls.choice(FILES)
        raw = (HARBOUR / name).read_bytes()
        (floor / name).write_bytes(damaged(raw, rolls))
        problems = check_floor(floor)
        valid += not problems
        for problem in problems:
            assert problem.line >= 1 and problem.file and problem.code
            assert problem.message.isprintable() and problem.message.encode()
        (floor / name).write_bytes(raw)
    return valid


def test_damaged_contracts_give_problems_and_never_a_crash(tmp_path: Path) -> None:
    assert spoil(copy_harbour(tmp_path / "floor"), 0, DAMAGED) < DAMAGED // 2


@pytest.mark.soak
def test_thousands_of_damaged_contracts_give_problems_and_never_a_crash(tmp_path: Path) -> None:
    spoil(copy_harbour(tmp_path / "floor"), DAMAGED, DAMAGED + SOAKED)


PLACES = (ROOT / "agents", ROOT / "evals" / "suites", HARBOUR)
TEXTS = [path.read_bytes() for place in PLACES for path in sorted(place.rglob("*.yaml"))]


def compare(first: int, last: int) -> int:
    """Read damaged pieces with both parsers; how many both had nothing to say against."""
    agreed = 0
    for number in range(first, last):
        rolls = random.Random(f"text/{number}")
        lines = rolls.choice(TEXTS).splitlines(keepends=True)
        at = rolls.randrange(len(lines))
        text = damaged(b"".join(lines[at : at + rolls.randint(1, 12)]), rolls).decode("utf-8", "ignore")
        fast = _fast(text, "x.yaml")
        if fast is None:
            continue
        thorough = _thorough(text, "x.yaml")
        assert (fast.data, fast.problems) == (thorough.data, thorough.problems), text
        # An empty value has no line of its own: the two put it on that of what stands before, or after.
        assert {p for p in fast.lines if fast.lines[p] != thorough.lines[p]} <= _empty(fast.data, ()), text
        agreed += 1
    return agreed


def _empty(node: object, path: tuple[str | int, ...]) -> set[tuple[str | int, ...]]:
    if isinstance(node, dict):
        return {found for key, value in node.items() for found in _empty(value, (*path, key))}
    if isinstance(node, list):
        return {found for number, value in enumerate(node) for found in _empty(value, (*path, number))}
    return {path} if node is None else set()


needs_libyaml = pytest.mark.skipif(yaml_source._LIBYAML is None, reason="this PyYAML brings no libyaml")


@needs_libyaml
def test_what_libyaml_reads_ruamel_reads_alike() -> None:
    assert compare(0, READ) > READ // 10


@needs_libyaml
@pytest.mark.soak
def test_what_libyaml_reads_ruamel_reads_alike_in_thousands_of_texts() -> None:
    compare(READ, READ + 2 * SOAKED)


@needs_libyaml
def test_contracts_in_order_need_no_second_parser() -> None:
    assert all(_fast(raw.decode(), "x.yaml") is not None for raw in TEXTS)


def test_without_libyaml_everything_is_read_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = copy_harbour(tmp_path / "floor")
    before = check_floor(floor)
    monkeypatch.setattr(yaml_source, "_LIBYAML", None)
    yaml_source.parse_yaml.cache_clear()
    assert check_floor(floor) == before
    assert "ruamel.yaml" in sys.modules
