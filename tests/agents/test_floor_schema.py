"""The schemas that editors use: current, described field by field, and true of the floors here."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from agents.floor_schema import FILES, config_schema, manifest_schema, text
from agents.yaml_source import read_yaml
from tests.agents.floor_copies import BERTHING, CONFIG, FAIRWAY, HARBOUR
from tests.architecture.sources import ROOT

SCHEMAS = {"manifest": manifest_schema(), "floor": config_schema()}
CONTRACTS = [
    *(("manifest", HARBOUR / file) for file in (BERTHING, FAIRWAY)),
    *(("manifest", path) for path in sorted((ROOT / "agents").glob("*/manifest.yaml"))),
    *(("floor", place / CONFIG) for place in (ROOT, HARBOUR)),
]


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of every part of a schema, by PART.FIELD."""
    for part, inner in {"": schema, **schema["$defs"]}.items():
        for name, field in inner.get("properties", {}).items():
            yield f"{part}.{name}", field


@pytest.mark.parametrize("name", FILES)
def test_file_is_current(name: str) -> None:
    assert FILES[name].read_text("utf-8") == text(name), "run `python -m agents.floor_schema`"


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_a_schema_and_describes_every_field(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert [field for field, said in fields(SCHEMAS[name]) if not said.get("description")] == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_example_is_one(name: str) -> None:
    validator = Draft202012Validator(SCHEMAS[name])
    shown = [
        (field, said, example)
        for field, said in fields(SCHEMAS[name])
        for example in said.get("examples", [])
    ]
    assert len(shown) > 30
    wrong = [
        (field, example)
        for field, said, example in shown
        if not validator.evolve(schema=said).is_valid(example)
    ]
    assert wrong == []


@pytest.mark.parametrize(("name", "path"), CONTRACTS, ids=lambda v: getattr(v, "parent", v) and str(v)[-40:])
def test_contracts_of_both_floors_fit_and_an_unknown_field_does_not(name: str, path: Any) -> None:
    validator, contract = Draft202012Validator(SCHEMAS[name]), read_yaml(path).mapping
    assert list(validator.iter_errors(contract)) == []
    assert not validator.is_valid({**contract, "mood": "calm"})
    assert not validator.is_valid({k: v for k, v in contract.items() if k != "purpose"})
