"""What the statements on a tape tell of records: those that were read, and those that were written."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkpoints.taping import FIND, Statement
from protocol.canonical import dumps
from protocol.records import Ref
from protocol.toolbox import ResourceType

GET, PLAIN = "get", "get_plain"


@dataclass(frozen=True, slots=True)
class Taped:
    """A record as a statement shows it. ``fields``: without its balances."""

    ref: Ref
    version: int
    fields: Mapping[str, Any]
    balances: Mapping[str, int] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """Fields and balances in one."""
        return {**self.fields, **self.balances}

    def __getitem__(self, name: str) -> Any:
        """A field or a balance; None when the record does not have it."""
        return self.balances.get(name, self.fields.get(name))


def reads_records(name: str) -> bool:
    """Whether a query of that name reads records."""
    return name in (GET, PLAIN) or is_find(name)


def is_find(name: str) -> bool:
    """Whether it looks for the records of a type."""
    return name == FIND or name.startswith(f"{FIND} ")


def read_in(statement: Statement) -> Iterator[Taped]:
    """The records that a statement has read."""
    name, values, rows = statement
    if not reads_records(name) or not isinstance(rows, list):
        return
    kind = str(values[0])
    wide = rows if is_find(name) else [[values[1], *row] for row in rows]
    found: dict[str, tuple[int, str, dict[str, int]]] = {}
    for key, version, body, *balance in wide:
        _, _, balances = found.setdefault(str(key), (int(version), str(body), {}))
        if len(balance) > 1 and balance[0] is not None:
            balances[str(balance[0])] = int(balance[1])
    for key, (version, body, balances) in found.items():
        yield Taped(Ref(kind, key), version, json.loads(body), balances)


def written_in(statement: Statement) -> Iterator[tuple[Taped, Mapping[str, int]]]:
    """The version of a record that a statement has written, and by how much its balances changed."""
    name, values, _ = statement
    if name == "put_write":
        kind, key, version, body, balances, deltas, *_ = values
        yield Taped(Ref(kind, key), version, json.loads(body), json.loads(balances)), json.loads(deltas)


def kept_in(asked: Sequence[Statement]) -> list[Statement]:
    """The statements of a job without the writes that it undid."""
    kept: list[Statement] = []
    marks: dict[str, int] = {}
    for statement in asked:
        words, _, mark = str(statement[0]).rpartition(" ")
        if words == "SAVEPOINT":
            marks[mark] = len(kept) + 1
        elif words == "ROLLBACK TO" and mark in marks:
            at = marks[mark]
            kept[at:] = [one for one in kept[at:] if reads_records(one[0])]
        kept.append(statement)
    return kept


@dataclass(frozen=True, slots=True)
class Supposed:
    """Fields of records as somebody supposes them, in place of what they were."""

    types: Mapping[str, ResourceType]
    fields: Mapping[Ref, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def hides(self) -> bool:
        """Whether a field decides which records a search finds: a tape cannot tell what it would find now."""
        return any(
            name in self.types[ref.type].indexed for ref, change in self.fields.items() for name in change
        )

    def changed(self, record: Taped) -> Taped:
        """The record as it is supposed to be; its version stays."""
        change = self.fields.get(record.ref)
        if change is None:
            return record
        balances = {n: change.get(n, value) for n, value in record.balances.items()}
        fields = {**record.fields, **{n: v for n, v in change.items() if n not in record.balances}}
        return Taped(record.ref, record.version, fields, balances)

    def patched(self, name: str, values: Sequence[Any], answer: Any) -> Any:
        """The answer to a statement, with what is supposed in it."""
        if not self.fields or not reads_records(name) or not isinstance(answer, list):
            return answer
        searched = is_find(name)
        rows = []
        for row in answer:
            ref = Ref(str(values[0]), str(row[0] if searched else values[1]))
            rows.append(self._row(ref, list(row), int(searched)) if ref in self.fields else row)
        return rows

    def _row(self, ref: Ref, row: list[Any], at: int) -> list[Any]:
        """One row: version, body, and perhaps a balance with its value, from the place ``at`` on."""
        change, balances = self.fields[ref], self.types[ref.type].balances
        plain = {n: v for n, v in change.items() if n not in balances}
        if plain:
            row[at + 1] = dumps({**json.loads(row[at + 1]), **plain})
        if len(row) > at + 3 and row[at + 2] in change:
            row[at + 3] = change[row[at + 2]]
        return row
