"""Canonical JSON: one value, one text, one hash, and a no to everything else."""

import json
import random
from typing import Any

import pytest

from protocol.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    NotCanonicalError,
    canonical,
    digest,
    legible,
    loads,
    problem,
)
from protocol.records import Ref

SAMPLES = (
    None,
    True,
    False,
    0,
    1,
    -MAX_INTEGER,
    MAX_INTEGER,
    "",
    "a b",
    "é",
    "e\u0301",
    "\x00\x7f",
    '"\\',
    "𝄞",
)


def any_value(rng: random.Random, depth: int = 3) -> Any:
    """A value that has a canonical text."""
    shape = rng.randrange(3) if depth else 0
    if shape == 0:
        return rng.choice(SAMPLES)
    if shape == 1:
        return [any_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(("a", "b", "é", "")): any_value(rng, depth - 1) for _ in range(rng.randrange(4))}


def nested(depth: int) -> list[Any]:
    """A list inside a list, so many deep."""
    made: list[Any] = []
    for _ in range(depth - 1):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"ä": "Ω"}, '{"ä":"Ω"}'),
        ((1, 2), "[1,2]"),
        ("", '""'),
        (-MAX_INTEGER, str(-MAX_INTEGER)),
        ('a "quote"\n', '"a \\"quote\\"\\n"'),
    ],
)
def test_value_has_one_text(value: object, text: str) -> None:
    assert canonical(value) == text.encode()


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (1.0, "fraction"),
        (float("nan"), "fraction"),
        (MAX_INTEGER + 1, "beyond"),
        (-MAX_INTEGER - 1, "beyond"),
        ("\ud800", "surrogate"),
        ({"\ud800": 1}, "not text"),
        ({1: "a"}, "not text"),
        ({"a": {"b": [0.5]}}, "fraction"),
        ([1, MAX_INTEGER + 1], "beyond"),
        (["a", "\ud800"], "surrogate"),
        ({"a": "\ud800"}, "surrogate"),
        ([{"a": b"x"}], "bytes"),
        ([Ref("stock", "CX")], "Ref is not JSON"),
        (Ref("stock", "CX"), "Ref is not JSON"),
        ({1, 2}, "set"),
        (nested(MAX_DEPTH + 1), "deeper"),
    ],
)
def test_value_that_has_no_one_text_is_refused_with_the_reason(value: object, word: str) -> None:
    assert word in (problem(value) or "")
    with pytest.raises(NotCanonicalError, match=word):
        canonical(value)
    with pytest.raises(NotCanonicalError, match=word):
        digest(value)


def test_nesting_is_allowed_up_to_its_bound() -> None:
    assert problem(nested(MAX_DEPTH)) is None


@pytest.mark.parametrize("seed", range(60))
def test_what_is_written_is_read_back_the_same(seed: int) -> None:
    value = any_value(random.Random(seed))
    assert loads(canonical(value)) == value
    assert canonical(loads(canonical(value))) == canonical(value)


@pytest.mark.parametrize("seed", range(60))
def test_text_is_what_the_library_would_write(seed: int) -> None:
    """Its own encoder is used directly, since making one takes longer than using it."""
    value = any_value(random.Random(seed))
    form: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False}
    assert canonical(value).decode() == json.dumps(value, **form)


def test_order_of_keys_never_changes_the_hash() -> None:
    value = {"b": {"y": 1, "x": 2}, "a": 3}
    assert digest({"a": 3, "b": {"x": 2, "y": 1}}) == digest(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (0, None), ("1", 1), ([], {}), ("", None), ("é", "e\u0301"), ([1, 2], [2, 1])],
)
def test_values_that_python_or_a_reader_may_confuse_hash_apart(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_hash_names_its_algorithm() -> None:
    assert digest({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"a":1,"a":2}', "twice"),
        ('{"x":{"a":1,"a":1}}', "twice"),
        ("NaN", "NaN"),
        ("[-Infinity]", "Infinity"),
        ("1.5", "fraction"),
        ("1e999", "fraction"),
        ('"\\ud800"', "surrogate"),
        (str(MAX_INTEGER + 1), "beyond"),
        ("{", "not JSON"),
        ("", "not JSON"),
        ("[1,]", "not JSON"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_text_with_two_readings_is_refused(text: str, word: str) -> None:
    with pytest.raises(NotCanonicalError, match=word):
        loads(text)


def test_text_longer_than_its_bound_is_refused_unread() -> None:
    assert loads('"ab"', max_bytes=4) == "ab"
    with pytest.raises(NotCanonicalError, match="longer than 3 bytes"):
        loads('"ab"', max_bytes=3)


def test_bound_of_a_text_is_in_bytes() -> None:
    with pytest.raises(NotCanonicalError, match="longer than 4 bytes"):
        loads('"ää"', max_bytes=4)


def test_words_from_outside_become_canonical_and_are_cut() -> None:
    assert legible("bad \ud800 name") == "bad ? name"
    assert legible("x" * 600) == "x" * 500
    assert problem(legible("\udfff" * 3)) is None


def test_python_would_have_let_the_confusions_through() -> None:
    """Why the strict reader exists: the standard one takes the last of two keys, and infinity."""
    assert json.loads('{"a":1,"a":2}') == {"a": 2}
    assert json.loads("1e999") == float("inf")
