"""No text acts on a terminal, and nothing in it hides."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.visible import one_line, visible

HIDING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
ANYTHING = st.text(st.characters(codec=None, exclude_categories=())) | st.lists(
    st.sampled_from(
        ["\x1b", "[", "]", "31m", "2J", "\x9b", "\x07", "\\", "0;a", "\u202e", "\r", "\n", "x", " "]
    )
).map("".join)


@given(ANYTHING)
def test_nothing_that_comes_out_acts_or_hides(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in HIDING and c not in "\n\t"]


@given(ANYTHING)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(
    st.text(
        st.characters(
            categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u2800\u3164\uffa0"
        )
    )
)
def test_printable_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@given(ANYTHING)
def test_one_line_is_one_line_and_bounded(text: str) -> None:
    line = one_line(text, 40)
    assert "\n" not in line and "\t" not in line and len(line) <= 40


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jgone", "gone"),
        ("a\x1b[10;10Hb", "ab"),
        ("\x1b]0;a title\x07after", "0;a title\\u0007after"),
        ("\x1bcreset", "reset"),
        ("\x1b\x1b[[31mnot nested", "\\u001b31mnot nested"),
        ("back\x08\x08", "back\\u0008\\u0008"),
        ("overwrite\rthis", "overwrite\\u000dthis"),
        ("line\r\nline", "line\nline"),
        ("V-1\u202e1-V", "V-1\\u202e1-V"),
        ("a\u200bb\u2066c\ufeff", "a\\u200bb\\u2066c\\ufeff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("selector\ufe0f", "selector\\ufe0f"),
        ("half \ud800", "half \\ud800"),
        ("Zürich — 8 ≥ 7 日本", "Zürich — 8 ≥ 7 日本"),
    ],
)
def test_each_trick_is_shown_for_what_it_is(text: str, shown: str) -> None:
    assert visible(text) == shown
