"""Types of values: strict, closed, and never a coercion."""

from typing import Any

import jsonschema
import pytest

from protocol.canonical import MAX_INTEGER
from protocol.fields import (
    Choice,
    Field,
    Flag,
    Fraction,
    Instant,
    Integer,
    KeyOf,
    ListOf,
    Maybe,
    Name,
    Object,
    Person,
    Text,
    check_shape,
    shape_schema,
)

GOOD: list[tuple[Field, object]] = [
    (KeyOf("stock"), "CX-1_2"),
    (KeyOf("calendar"), "M7@2026-03-03"),
    (KeyOf("stock"), "A" * 64),
    (Text(3), "äöü"),
    (Text(), ""),
    (Name(), "shift_supervisor"),
    (Person(), "m.ito-2"),
    (Integer(0, 5), 0),
    (Integer(0, 5), 5),
    (Instant(), "2026-03-02T09:00:00Z"),
    (Instant(), "2026-03-02T09:00:00.25Z"),
    (Choice(("low", "high")), "low"),
    (Fraction(4), "-11.0340"),
    (Flag(), False),
    (ListOf(Integer(1), 2), [1, 2]),
    (ListOf(Integer(1)), []),
    (Object({"a": Flag()}), {"a": True}),
    (Maybe(Integer(1)), None),
    (Maybe(Integer(1)), 1),
]
BAD: list[tuple[Field, object, str]] = [
    (KeyOf("stock"), "cx", "key of stock"),
    (KeyOf("stock"), "", "key of stock"),
    (KeyOf("stock"), "A" * 65, "key of stock"),
    (KeyOf("stock"), "CX\n", "key of stock"),
    (KeyOf("stock"), "stock/CX", "key of stock"),
    (KeyOf("calendar"), "M7@2026-3-3", "key of calendar"),
    (KeyOf("stock"), 7, "key of stock"),
    (Text(3), "abcd", "longer than 3"),
    (Text(), None, "must be text"),
    (Text(), 5, "must be text"),
    (Name(), "Shift", "lower-case"),
    (Name(), "2nd", "lower-case"),
    (Person(), "M.Ito", "person's id"),
    (Person(), ".ito", "person's id"),
    (Integer(), True, "whole number"),
    (Integer(), "7", "whole number"),
    (Integer(), 1.0, "whole number"),
    (Integer(0, 5), -1, "at least 0"),
    (Integer(0, 5), 6, "at most 5"),
    (Integer(), MAX_INTEGER + 1, "at most"),
    (Integer(), -MAX_INTEGER - 1, "at least"),
    (Instant(), "2026-03-02T09:00:00", "UTC instant"),
    (Instant(), "2026-03-02T10:00:00+01:00", "UTC instant"),
    (Instant(), "2026-02-30T09:00:00Z", "UTC instant"),
    (Choice(("low", "high")), "medium", "one of low, high"),
    (Choice(("low", "high")), None, "one of low, high"),
    (Fraction(4), "11.034", "4 places"),
    (Fraction(4), "11.03400", "4 places"),
    (Fraction(2), "1e5", "2 places"),
    (Fraction(2), "١.٠٠", "2 places"),
    (Fraction(2), 1.25, "2 places"),
    (Flag(), 1, "true or false"),
    (Flag(), "true", "true or false"),
    (ListOf(Integer(1), 2), [1, 2, 3], "more than 2"),
    (ListOf(Integer(1)), [1, 0], "item 1 must be at least 1"),
    (ListOf(Integer(1)), (1,), "must be a list"),
    (ListOf(Text()), "abc", "must be a list"),
    (Object({"a": Flag()}), {"a": True, "b": 1}, "b is not a known field"),
    (Object({"a": Flag()}), {}, "a is missing"),
    (Object({"a": Flag()}), [], "must be an object"),
    (Maybe(Integer(1)), 0, "at least 1"),
]


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_value_of_its_type_is_taken(field: Field, value: object) -> None:
    assert field.problem(value) is None


@pytest.mark.parametrize(("field", "value", "word"), BAD)
def test_value_of_another_type_is_refused_with_the_reason(field: Field, value: object, word: str) -> None:
    assert word in (field.problem(value) or "")


@pytest.mark.parametrize(("field", "value"), GOOD)
def test_schema_shown_to_a_model_takes_what_the_field_takes(field: Field, value: object) -> None:
    jsonschema.validate(value, field.schema())


LOOSE: tuple[object, ...] = (
    "2026-03-02T09:00:00",
    "2026-03-02T10:00:00+01:00",
    "2026-02-30T09:00:00Z",
    "CX\n",
    1.0,
    (1,),
)
"""What JSON Schema cannot tell: formats are notes, ``$`` ends before a line break, 1.0 is a whole number."""
TOLD = [(field, value) for field, value, _ in BAD if value not in LOOSE or value is True]


@pytest.mark.parametrize(("field", "value"), TOLD)
def test_schema_shown_to_a_model_refuses_what_the_field_refuses(field: Field, value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, field.schema())


SHAPE: dict[str, Field] = {"stock": KeyOf("stock"), "quantity": Integer(1), "why": Maybe(Text(5))}


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ({"stock": "CX", "quantity": 1}, []),
        ({"stock": "CX", "quantity": 1, "why": None}, []),
        ({"stock": "CX", "quantity": 1, "why": "so"}, []),
        ({"stock": "CX"}, ["quantity is missing"]),
        ({"quantity": 1, "stock": None}, ["stock must be a key of stock"]),
        ({"stock": "CX", "quantity": 1, "why": "because"}, ["why is longer than 5 characters"]),
        (
            {"stock": "cx", "quantity": "1", "level": 5},
            ["level is not a known field", "stock must be a key of stock", "quantity must be a whole number"],
        ),
    ],
)
def test_every_problem_of_a_shape_is_told(value: dict[str, Any], problems: list[str]) -> None:
    assert check_shape(SHAPE, value) == problems


def test_shapes_schema_is_closed_and_asks_for_what_may_not_be_absent() -> None:
    schema = shape_schema(SHAPE)
    assert schema["required"] == ["stock", "quantity"]
    assert not schema["additionalProperties"]
    jsonschema.validate({"stock": "CX", "quantity": 1}, schema)
    for bad in ({"stock": "CX"}, {"stock": "CX", "quantity": 1, "level": 5}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
