"""Names are ASCII and closed; ids derive from what they name and from nothing else (R15)."""

import base64
import hashlib
import re

import pytest

from protocol.canonical import canonical
from protocol.ids import (
    CASE,
    ESCALATION,
    EVENT_TYPE,
    KEY,
    NAME,
    PERSON,
    action_key,
    case_id,
    derive,
    derive_key,
)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (
            NAME,
            ["a", "plan_run", "x9", "a" * 64],
            ["", "A", "9a", "_a", "a-b", "a.b", "a" * 65, "é", "a\n", "a b"],
        ),
        (
            KEY,
            ["CX", "R-1043", "M7@2026-03-03", "7", "-", "A" * 64],
            [
                "",
                "cx",
                "A B",
                "A/B",
                "A" * 65,
                "M7@",
                "M7@2026-3-3",
                "M7@2026-03-03T",
                "É",
                "CX\n",
                "M7@٢٠٢٦-03-03",
            ],
        ),
        (
            PERSON,
            ["a", "k.maes", "m.ito-2", "a_b"],
            ["", "K.Maes", ".a", "1a", "a b", "a@b", "a" * 65, "a\n"],
        ),
        (
            EVENT_TYPE,
            ["run.moved", "a.b.c", "order_x.at_risk"],
            ["", "run", "run.", ".run", "Run.moved", "a..b"],
        ),
    ],
    ids=["name", "key", "person", "event"],
)
def test_pattern_takes_its_kind_and_nothing_else(
    pattern: re.Pattern[str], good: list[str], bad: list[str]
) -> None:
    assert [text for text in good if not pattern.fullmatch(text)] == []
    assert [text for text in bad if pattern.fullmatch(text)] == []


def test_derived_id_is_the_same_on_every_machine() -> None:
    assert derive("esc", "case_a", 1, "x") == "esc_pqukz2hzvvzpmn66"
    assert derive_key("D-", "case_a", 1) == "D-2PLJGITU"


@pytest.mark.parametrize("number", range(64))
def test_derived_id_is_the_base32_of_the_parts_hash(number: int) -> None:
    digest = hashlib.sha256(canonical(["x", number])).digest()
    assert derive("evt", "x", number) == f"evt_{base64.b32encode(digest[:10]).decode().lower()}"
    assert derive_key("D-", "x", number) == f"D-{base64.b32encode(digest[:5]).decode()}"


@pytest.mark.parametrize(
    "parts",
    [("case_a", 2), ("case_a", "1"), ("case_b", 1), ("case_a",), ("case_", "a", 1), ("case_a", 1, "")],
)
def test_every_part_counts_and_none_runs_into_the_next(parts: tuple[str | int, ...]) -> None:
    assert derive("evt", *parts) != derive("evt", "case_a", 1)
    assert derive_key("D-", *parts) != derive_key("D-", "case_a", 1)


def test_derived_ids_fit_their_patterns() -> None:
    assert CASE.fullmatch(case_id("plant", "line", "1"))
    assert ESCALATION.fullmatch(derive("esc", "x"))
    assert KEY.fullmatch(derive_key("D-", "x"))


@pytest.mark.parametrize(
    "row", [("harbour", "line", "1"), ("plant", "feed", "1"), ("plant", "line", "2")], ids=str
)
def test_case_is_named_by_floor_source_and_row(row: tuple[str, str, str]) -> None:
    assert case_id(*row) != case_id("plant", "line", "1")
    assert case_id("plant", "line", "1") == case_id("plant", "line", "1")


def test_action_key_names_case_round_agent_and_ordinal() -> None:
    assert action_key("case_a", 2, "crew", 3) == "case_a/2/crew/3"
