"""Numbers of pieces and lengths of time; one that may be two numbers is refused, and taken for neither."""

import pytest

from tools.amounts import Slip
from tools.line import Line

_FRACTION = "is not a whole number; pieces are counted"
_SHORTHAND = "is not written out as a number of pieces"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("allocate 400 CX", [400]),
        ("allocate 400pcs CX", [400]),
        ("3x CX", [3]),
        ("400 CX, 100 HN", [400, 100]),
        ("1,000 CX", [1000]),
        ("10'000 CX", [10_000]),
        ("0400 CX", [400]),
        ("Machine 7 and line 2", []),
        ("order 310 200 pcs", [200]),
        ("R-701 on M7", []),
        ("4 hours on Machine 7", []),
        ("five CX", []),
    ],
)
def test_whole_numbers_are_found(text: str, found: list[int]) -> None:
    assert Line(text, {}).quantities() == found


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("1.000", "may be thousands or a fraction; write it without points"),
        ("12.500", "may be thousands or a fraction; write it without points"),
        ("1,5", _FRACTION),
        ("1,00", _FRACTION),
        ("1.5", _FRACTION),
        ("1.000,5", _FRACTION),
        ("2e3", _SHORTHAND),
        ("1k", _SHORTHAND),
        ("4 dozen", _SHORTHAND),
        ("2 thousand", _SHORTHAND),
        ("-5", "is negative; pieces are counted from 1"),
        ("\u22125", "is negative; pieces are counted from 1"),
        ("nan", "is not a number of pieces"),
        ("0", "is outside 1 to 10000000"),
        ("12,000,000", "is outside 1 to 10000000"),
    ],
)
def test_number_that_is_no_count_is_told_apart(written: str, why: str) -> None:
    assert Line(f"allocate {written} CX to O-201", {}).quantities() == [Slip(written, why)]


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("Need 4 hours on Machine 7", 240),
        ("1.5 h", 90),
        ("1,5 hours", 90),
        ("1.25 hours", 75),
        ("2 h 30 min", 150),
        ("4 hours and 30 minutes", 270),
        ("4h30", 270),
        ("4h30m", 270),
        ("90min", 90),
        ("an 8-hour job", 480),
        ("2 days", 2880),
        ("4 hours 2 machines", 240),
        ("R-4 h", None),
        ("it humming at 4 Hz", None),
        ("soon", None),
    ],
)
def test_length_is_read_whole(text: str, minutes: int | None) -> None:
    line = Line(text, {})
    assert line.minutes() == minutes
