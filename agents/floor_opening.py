"""The checks on a seed as the state of a floor: what its records name, and the invariants they must keep."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agents.floor_catalogue import Code
from agents.floor_fields import references
from agents.floor_seed import Seed
from agents.yaml_source import Document
from protocol.errors import Problem
from protocol.records import Claimed, Record, Ref
from protocol.times import parse
from protocol.toolbox import Toolbox

_BEGINNING = "1970-01-01T00:00:00Z"


def check_opening(seed: Seed, document: Document, toolbox: Toolbox, now: str | None) -> Iterator[Problem]:
    """Every problem of a seed whose records are well-formed. ``now``: the ledger clock's first instant."""
    snapshot = SeedSnapshot(seed, now or _BEGINNING)
    types = {kind.name: kind for kind in toolbox.resources}
    for record in snapshot.records.values():
        path = ("resources", record.ref.type, record.key)
        for name, field in types[record.ref.type].fields.items():
            for type_, key in references(field, record[name]):
                if Ref(type_, key) not in snapshot.records:
                    message = f"{record.ref}: {name} names {type_}/{key}, which the seed does not have"
                    yield document.problem(Code.SEED_REFERENCE, message, *path, name)
    for invariant in toolbox.invariants:
        for record in snapshot.find(invariant.type):
            try:
                broken = invariant.check(record, snapshot)
            except Exception as error:  # noqa: BLE001 - whatever a floor's function raises is a problem of that floor
                broken = f"its check fails with {type(error).__name__}: {error}"
            if broken is not None:
                message = f"{record.ref} breaks the invariant {invariant.code} from the start: {broken}"
                where = ("resources", record.ref.type, record.key)
                yield document.problem(Code.SEED_INVARIANT, message, *where)


@dataclass(frozen=True)
class SeedSnapshot:
    """A seed as the functions of a floor read state: every record at its first version."""

    seed: Seed
    now: str

    @cached_property
    def records(self) -> Mapping[Ref, Record]:
        """The records by their name."""
        return {ref: Record(ref, 1, body) for ref, body in self.seed.records}

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002 - the port's word
        """One record, or None."""
        return self.records.get(Ref(type, key))

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        """Records of a type whose fields equal the values, in key order."""
        found = (r for r in self.records.values() if r.ref.type == type and _equals(r, equals))
        return sorted(found, key=lambda r: r.key)

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        """Claims that overlap the interval, by start, then holder."""
        found = (c for c in self.seed.claims if c.resource == resource and _meets(c, start, end))
        return sorted(found, key=lambda c: (c.start, c.holder))


def _equals(record: Record, equals: Mapping[str, Any]) -> bool:
    return all(record[name] == value for name, value in equals.items())


def _meets(claim: Claimed, start: str, end: str) -> bool:
    return parse(claim.start) < parse(end) and parse(start) < parse(claim.end)
