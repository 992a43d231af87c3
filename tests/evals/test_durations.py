import pytest
from pydantic import TypeAdapter, ValidationError

from evals.durations import LedgerOffset, LedgerTime, WallTime

WALL, LEDGER, OFFSET = (TypeAdapter[float](t) for t in (WallTime, LedgerTime, LedgerOffset))


@pytest.mark.parametrize(
    ("text", "seconds"), [("1ms", 0.001), ("90s", 90), ("15m", 900), ("3h", 10_800), ("2d", 172_800)]
)
def test_duration_is_digits_and_a_unit(text: str, seconds: float) -> None:
    assert WALL.validate_python(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "m", "1.5h", "15 m", "15min", "+1s", "-1s", "٣s", 15, None, True, "1s\n"]
)
def test_anything_else_is_refused(text: object) -> None:
    for kind in (WALL, LEDGER):
        with pytest.raises(ValidationError, match="digits and one unit"):
            kind.validate_python(text)


def test_no_time_is_no_timeout() -> None:
    with pytest.raises(ValidationError, match="no limit"):
        WALL.validate_python("0s")
    assert LEDGER.validate_python("0s") == 0


def test_ledger_clock_moves_in_whole_seconds() -> None:
    assert LEDGER.validate_python("3000ms") == 3
    with pytest.raises(ValidationError, match="whole seconds"):
        LEDGER.validate_python("1500ms")


def test_offset_may_lie_before_the_clock() -> None:
    assert (OFFSET.validate_python("-5m"), OFFSET.validate_python("5m")) == (-300, 300)
    with pytest.raises(ValidationError):
        OFFSET.validate_python("--5m")
