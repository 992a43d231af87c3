"""Schemas of contracts: at least as strict as the specification's own schema, and what passes can be used."""

import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents.floor_catalogue import Code
from agents.floor_json_schema import _KEYWORDS, schema_problems

SCHEMAS = 4000
VALUES: list[Any] = [
    *(
        None,
        True,
        False,
        0,
        1,
        -1,
        2**40,
        1.5,
        "",
        "x",
        "object",
        "string",
        "integer",
        "[",
        "a(b",
        "^[a-z]+$",
        "#",
    ),
    *(
        "#/$defs/a",
        "#/$defs/b",
        "#/properties/a",
        "#/nowhere",
        "http://x/y",
        "https://json-schema.org/draft/2020-12/schema",
    ),
    *([], ["a"], ["a", "a"], ["object", "null"], [1], {}, {"a": ["b"]}, {"a": 1}),
]


def found(schema: dict[str, Any]) -> list[tuple[str, tuple[str | int, ...]]]:
    return [(code, path) for code, path, _ in schema_problems(schema)]


@pytest.mark.parametrize(
    ("schema", "code", "path"),
    [
        ({"type": "objekt"}, Code.SCHEMA_INVALID, ("type",)),
        ({"type": ["object", "object"]}, Code.SCHEMA_INVALID, ("type",)),
        ({"requird": ["a"]}, Code.SCHEMA_INVALID, ("requird",)),
        ({"required": ["a", "a"]}, Code.SCHEMA_INVALID, ("required",)),
        ({"required": "a"}, Code.SCHEMA_INVALID, ("required",)),
        ({"properties": {"a": 1}}, Code.SCHEMA_INVALID, ("properties", "a")),
        ({"properties": {"a": {"minLength": -1}}}, Code.SCHEMA_INVALID, ("properties", "a", "minLength")),
        ({"properties": {"a": {"minLength": True}}}, Code.SCHEMA_INVALID, ("properties", "a", "minLength")),
        ({"properties": {"a": {"multipleOf": 0}}}, Code.SCHEMA_INVALID, ("properties", "a", "multipleOf")),
        ({"patternProperties": {"[": {}}}, Code.SCHEMA_INVALID, ("patternProperties", "[")),
        ({"properties": {"a": {"pattern": "[[a]"}}}, Code.SCHEMA_INVALID, ("properties", "a", "pattern")),
        ({"allOf": []}, Code.SCHEMA_INVALID, ("allOf",)),
        ({"allOf": [{}, {"type": 1}]}, Code.SCHEMA_INVALID, ("allOf", 1, "type")),
        ({"dependentRequired": {"a": "b"}}, Code.SCHEMA_INVALID, ("dependentRequired",)),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, Code.SCHEMA_INVALID, ("$schema",)),
        ({"$id": "x"}, Code.SCHEMA_INVALID, ("$id",)),
        ({"$ref": "other.json"}, Code.SCHEMA_INVALID, ("$ref",)),
        ({"$ref": "#/$defs/a"}, Code.SCHEMA_INVALID, ("$ref",)),
        ({"$ref": "#anchor"}, Code.SCHEMA_INVALID, ("$ref",)),
        ({"$ref": "#"}, Code.SCHEMA_INVALID, ("$ref",)),
        ({"anyOf": [{"$ref": "#"}, {}]}, Code.SCHEMA_INVALID, ("anyOf", 0, "$ref")),
        ({}, Code.SCHEMA_UNUSABLE, ()),
        ({"type": "array"}, Code.SCHEMA_UNUSABLE, ("type",)),
        ({"enum": ["a", 1]}, Code.SCHEMA_UNUSABLE, ("enum",)),
        ({"const": 1}, Code.SCHEMA_UNUSABLE, ("const",)),
        (
            {"properties": {"a": {"minimum": 2, "maximum": 1}}},
            Code.SCHEMA_UNUSABLE,
            ("properties", "a", "maximum"),
        ),
    ],
)
def test_mistake_is_told_at_its_keyword(
    schema: dict[str, Any], code: Code, path: tuple[str | int, ...]
) -> None:
    assert (code, path) in found(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": ["object", "null"], "x-shown": "as a table"},
        {"properties": {"$ref": {"type": "string"}, "required": {"const": {"$ref": "#"}}}},
        {"properties": {"a": {"$ref": "#"}}},
        {"$ref": "#/$defs/a~1b%20c", "$defs": {"a/b c": {"type": "object"}}},
        {
            "allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}],
            "$defs": {"a": {"properties": {"b": {"$ref": "#"}}}},
        },
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": True},
        {"enum": [{"a": 1}, "b"]},
    ],
)
def test_good_schema_is_left_alone(schema: dict[str, Any]) -> None:
    assert found(schema) == []


def test_long_chain_of_references_is_walked_to_its_end() -> None:
    chain: dict[str, Any] = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(5000)}
    assert found({"$ref": "#/$defs/a0", "$defs": {**chain, "a5000": {"type": "object"}}}) == []
    ring = {**chain, "a5000": {"$ref": "#/$defs/a0"}}
    assert found({"$ref": "#/$defs/a0", "$defs": ring})[0] == (Code.SCHEMA_INVALID, ("$ref",))


def made(rolls: random.Random, depth: int = 0) -> Any:
    """A schema, right or wrong, with a few keywords of any kind."""
    if depth > 3 or rolls.random() < 0.05:
        return rolls.choice([True, False, {}, "x", None])
    schema: dict[str, Any] = {}
    for keyword in rolls.sample([*sorted(_KEYWORDS), "requird", "x-note"], rolls.randint(0, 4)):
        if rolls.random() < 0.4:
            schema[keyword] = rolls.choice(VALUES)
        elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
            schema[keyword] = [made(rolls, depth + 1) for _ in range(rolls.randint(1, 2))]
        elif keyword in ("$defs", "properties", "patternProperties", "dependentSchemas", "definitions"):
            schema[keyword] = {name: made(rolls, depth + 1) for name in rolls.sample(["a", "b", "$ref"], 2)}
        else:
            schema[keyword] = made(rolls, depth + 1) if rolls.random() < 0.6 else rolls.choice(VALUES)
    return schema


def test_whatever_the_specification_refuses_is_refused_here_and_what_passes_can_be_used() -> None:
    rolls, refused, used = random.Random("schemas"), 0, 0
    meta = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for _ in range(SCHEMAS):
        schema = made(rolls)
        if not isinstance(schema, dict):
            continue
        problems = schema_problems(schema)
        if not meta.is_valid(schema):
            refused += 1
            assert problems, schema
        elif not problems:
            used += 1
            for value in ({}, {"a": 1}, {"a": "x", "b": [{}]}):
                Draft202012Validator(schema).is_valid(value)
    assert refused > SCHEMAS // 10
    assert used > SCHEMAS // 50
