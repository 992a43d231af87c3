"""What a person may type: each refusal by its code, before anything is written."""

import pytest

from graph.texts import MAX_BYTES, check_text
from protocol.errors import UsageError


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty_text"),
        (" \t\r\n", "empty_text"),
        ("\ud800", "not_utf8"),
        ("a" * (MAX_BYTES + 1), "text_too_long"),
        ("é" * (MAX_BYTES // 2 + 1), "text_too_long"),
        ("ring\x07", "control_character"),
        ("a\x00b", "control_character"),
        ("\x7f", "control_character"),
    ],
)
def test_malformed_text_is_refused_by_its_code(text: str, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_text(text)
    assert refused.value.error_code == code


@pytest.mark.parametrize("text", [" where is V-1? ", "two\n\tlines", "a" * MAX_BYTES, "é" * (MAX_BYTES // 2)])
def test_good_text_is_kept_without_its_edges(text: str) -> None:
    assert check_text(text) == text.strip()
