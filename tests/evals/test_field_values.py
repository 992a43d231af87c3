"""Values of a suite are compared as records have them."""

from typing import Any

import pytest

from evals.field_values import in_any, in_field, same
from protocol.fields import Field, Instant, Integer, ListOf, Maybe, Object, Text

LOCAL, UTC = "2026-03-03T07:00:00+01:00", "2026-03-03T06:00:00Z"
BOOKING = Object({"start": Instant(), "note": Text()})


@pytest.mark.parametrize(
    ("field", "stated", "kept"),
    [
        (Instant(), LOCAL, UTC),
        (Maybe(Instant()), LOCAL, UTC),
        (Maybe(Instant()), None, None),
        (ListOf(Instant()), [LOCAL], [UTC]),
        (
            ListOf(BOOKING),
            [{"start": LOCAL, "note": LOCAL, "x": LOCAL}],
            [{"start": UTC, "note": LOCAL, "x": LOCAL}],
        ),
        (Maybe(BOOKING), {"start": LOCAL}, {"start": UTC}),
        (BOOKING, "no object", "no object"),
        (ListOf(Instant()), "no list", "no list"),
        (Text(), LOCAL, LOCAL),
        (Integer(), 7, 7),
        (None, LOCAL, LOCAL),
    ],
)
def test_instants_of_a_field_are_utc_text(field: Field | None, stated: Any, kept: Any) -> None:
    assert in_field(field, stated) == kept


def test_without_fields_every_instant_is_meant() -> None:
    assert in_any({"a": [LOCAL, "Tuesday", 7, None], "b": {"c": LOCAL}}) == {
        "a": [UTC, "Tuesday", 7, None],
        "b": {"c": UTC},
    }


@pytest.mark.parametrize(("one", "two"), [(True, 1), (1.0, 1), ([1], [1.0]), ({"a": 1}, {"a": True})])
def test_numbers_and_flags_differ(one: object, two: object) -> None:
    assert not same(one, two)
    assert same(one, one)
