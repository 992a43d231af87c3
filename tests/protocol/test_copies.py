"""A changed copy of a row is the row that ``dataclasses.replace`` makes, and as frozen."""

import dataclasses
import inspect
from dataclasses import FrozenInstanceError, dataclass, fields, replace
from typing import Any

import pytest

from protocol import breaker, exchange, position, rows
from protocol.copies import changed

ROWS = [
    row
    for module in (rows, exchange, position, breaker)
    for _, row in inspect.getmembers(module, inspect.isclass)
    if dataclasses.is_dataclass(row) and row.__module__ == module.__name__ and len(fields(row)) > 1
]


def example(row: Any) -> Any:
    return row(**{f.name: f"{f.name} of old" for f in fields(row) if f.init})


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.__name__)
def test_copy_is_what_the_library_makes(row: Any) -> None:
    old = example(row)
    for field in fields(row):
        assert changed(old, **{field.name: "new"}) == replace(old, **{field.name: "new"})
    both = {fields(row)[0].name: 1, fields(row)[-1].name: 2}
    assert changed(old, **both) == replace(old, **both)
    assert old == example(row)
    assert changed(old) == old
    assert changed(old) is not old


def test_copy_is_frozen() -> None:
    copy: Any = changed(example(exchange.Exchange), level=2)
    with pytest.raises(FrozenInstanceError):
        copy.level = 3


def test_field_that_a_row_lacks_is_refused_by_name() -> None:
    row: Any = example(rows.PullRow)
    with pytest.raises(TypeError, match="a PullRow has no levle; it has scope"):
        changed(row, levle=2)


@dataclass(frozen=True, slots=True)
class _Checked:
    low: int
    high: int

    def __post_init__(self) -> None:
        assert self.low <= self.high


@dataclass(frozen=True, slots=True)
class _Alone:
    value: int


def test_row_that_looks_at_its_values_goes_by_the_library() -> None:
    row: Any = _Checked(1, 2)
    with pytest.raises(TypeError, match="looks at its values"):
        changed(row, low=3)


def test_row_of_one_field_needs_no_copy() -> None:
    row: Any = _Alone(1)
    with pytest.raises(TypeError, match="one field"):
        changed(row, value=3)
