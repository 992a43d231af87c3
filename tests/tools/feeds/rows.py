"""Rows as the engine hands them to a reader, and what readers make of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from protocol.fields import check_shape
from protocol.toolbox import FactKind
from tools.facts import FACTS
from tools.feeds.outcomes import Accepted, Feed, Outcome, Rejected
from tools.feeds.readers import READERS
from tools.plant_facts import PLANT_FACTS

FEEDS = Path(__file__).resolve().parents[3] / "tools" / "feeds"
KINDS: Mapping[str, FactKind] = {kind.type: kind for kind in (*FACTS, *PLANT_FACTS)}
SOURCE = "feed:test"


@dataclass(frozen=True)
class Row:
    """One row of a made-up file."""

    line: int
    cells: Mapping[str, str]

    @property
    def identity(self) -> str:
        return f"row_{self.line}"


@cache
def mapping(name: str) -> Mapping[str, Any]:
    """A mapping as it ships."""
    found: Mapping[str, Any] = YAML(typ="safe", pure=True).load(FEEDS / f"{name}.yaml")
    return found


def read(
    name: str, rows: list[Mapping[str, str]], known: set[str], aliases: Mapping[str, str] | None = None
) -> list[Outcome]:
    """The outcomes of rows; every fact fits its shape."""
    stated = mapping(name)
    feed = Feed(SOURCE, stated["tables"], stated["zone"], {"machine": frozenset(known)}, aliases or {})
    found = list(READERS[stated["reader"]]([Row(n, row) for n, row in enumerate(rows, 2)], feed))
    for outcome in found:
        if isinstance(outcome, Accepted):
            for fact in outcome.facts:
                assert check_shape(KINDS[fact.type].data, fact.data) == []
            assert set(outcome.flags) <= set(stated["flags"]), "the mapping explains its flags"
    return found


def accepted(outcome: Outcome) -> Accepted:
    """An outcome that must be accepted."""
    assert isinstance(outcome, Accepted), outcome
    return outcome


def rejected(outcome: Outcome) -> Rejected:
    """An outcome that must be rejected."""
    assert isinstance(outcome, Rejected), outcome
    return outcome


def types(outcome: Outcome) -> list[str]:
    """The types of an accepted row's facts."""
    return [fact.type for fact in accepted(outcome).facts]
