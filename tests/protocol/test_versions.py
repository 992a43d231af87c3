"""What differs between two versions, in words a person reads."""

import pytest

from protocol.canonical import dumps
from protocol.versions import MOST_CHANGES, Version, changes, parsed, told

LEVEL: Version = {"agent a": {"level": "3", "purpose": "#1"}, "code x.py": {"": "1"}, "role r": {}}


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (LEVEL, []),
        ({**LEVEL, "agent a": {"level": "2", "purpose": "#1"}}, ["agent a: level 3 -> 2"]),
        ({**LEVEL, "agent a": {"level": "3", "purpose": "#2"}}, ["agent a: purpose changed"]),
        ({**LEVEL, "agent a": {"level": "3"}}, ["agent a: purpose removed"]),
        ({**LEVEL, "agent a": {**LEVEL["agent a"], "rate": "6"}}, ["agent a: rate 6 added"]),
        ({**LEVEL, "agent a": {**LEVEL["agent a"], "rate": "#6"}}, ["agent a: rate added"]),
        ({**LEVEL, "code x.py": {"": "2"}}, ["code x.py changed"]),
        ({**LEVEL, "agent b": {"level": "1"}}, ["agent b added"]),
        ({n: p for n, p in LEVEL.items() if n != "role r"}, ["role r removed"]),
    ],
)
def test_difference_is_told_in_words(now: Version, words: list[str]) -> None:
    assert told(changes(LEVEL, now)) == words


def test_going_back_is_told_the_other_way_round() -> None:
    now = {**LEVEL, "agent a": {"level": "2", "purpose": "#1"}}
    assert told(changes(now, LEVEL)) == ["agent a: level 2 -> 3"]


def test_what_a_person_would_not_read_is_counted() -> None:
    many: Version = {f"role r{n:02d}": {} for n in range(MOST_CHANGES + 3)}
    said = told(changes({}, many))
    assert len(said) == MOST_CHANGES + 1
    assert said[-1] == "3 more"
    fields = {f"f{n}": "1" for n in range(6)}
    assert told(changes({"a": fields}, {"a": dict.fromkeys(fields, "2")}))[0].endswith("f3 1 -> 2 and 2 more")


def test_long_words_are_cut() -> None:
    (said,) = told(changes({"a": {"f" * 200: "1"}}, {"a": {"f" * 200: "2"}}))
    assert len(said) < 170
    assert said.endswith("…")


def test_version_comes_back_as_it_was_stored() -> None:
    assert parsed(dumps(LEVEL)) == LEVEL


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"a": 1.5}'])
def test_what_is_no_version_is_none(text: str | None) -> None:
    assert parsed(text) is None
