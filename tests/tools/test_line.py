"""What is understood of a person's line."""

import pytest

from tools.line import Line


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("What holds O-500?", True),
        ("is L95 usable", True),
        ("L95?", True),
        ("can we ship O-310", True),
        ("can you tell me what holds O-500?", True),
        ("could you hold L96?", False),
        ("please hold L96, is that possible?", False),
        ("Hold L96", False),
        ("Whatever, hold it", False),
    ],
)
def test_question_is_told_from_a_request_in_its_form(text: str, asks: bool) -> None:
    assert Line(text, {}).asks() is asks


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("allocate 400 ZZ to O-201", "ZZ"),
        ("do we have HN-9?", "HN-9"),
        ("allocate 400 CX to O-201", None),
        ("allocate 400 to O-999 at 16:00", None),
        ("allocate 400 of it", None),
    ],
)
def test_key_that_names_nothing_is_found(text: str, stray: str | None) -> None:
    assert Line(text, {"stock/CX": {}, "order/O-201": {}}).stray() == stray
