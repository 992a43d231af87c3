"""Seals: what a transaction wrote, as short digests that go into its audit entry, and so into the chain.

A row that somebody changes in the file, or that the disk changes, then differs from what was logged.
Left out are columns that change without an audit entry, and tables that carry no business
(docs/reference/audit.md).
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from protocol.canonical import dumps
from protocol.records import Claimed, Ref
from protocol.rows import DecisionRow, EscalationRow
from protocol.times import micros

DIGITS = 24
"""Hexadecimal digits of a seal: 96 bits."""

Kept = tuple[tuple[tuple[str, str, str], ...], tuple[list[Any], ...]]


def seal(columns: Sequence[Any]) -> str:
    """The digest of a row's columns, as a database gives them back: truth values as 0 and 1."""
    plain = [int(value) if isinstance(value, bool) else value for value in columns]
    return sha256(dumps(plain).encode()).hexdigest()[:DIGITS]


class Seals:
    """What was written since the last audit entry. One per transaction's savepoint."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str]] = []
        self._claims: list[list[Any]] = []

    def add(self, table: str, key: str, columns: Sequence[Any]) -> None:
        """A row was written; what was written of it before is past."""
        self._rows.append((table, key, seal(columns)))

    def claimed(self, claim: Claimed, cause: str) -> None:
        """An interval was taken."""
        span = (micros(claim.start), micros(claim.end))
        self._claims.append(["+", claim.resource, *span, str(claim.holder), int(claim.shared), cause])

    def released(self, holder: Ref, resource: str | None) -> None:
        """A holder gave back what it had of a resource, or everything."""
        self._claims.append(["-", resource, str(holder)])

    def kept(self) -> Kept:
        """What :meth:`restore` takes, when a savepoint is rolled back."""
        return tuple(self._rows), tuple(self._claims)

    def restore(self, kept: Kept) -> None:
        """Forget what came after."""
        self._rows, self._claims = list(kept[0]), list(kept[1])

    def take(self) -> dict[str, Any]:
        """The fields for an audit entry: ``rows`` {table: {key: seal}} and ``claims``, in order."""
        rows: dict[str, dict[str, str]] = {}
        for table, key, digest in self._rows:
            rows.setdefault(table, {})[key] = digest
        taken: dict[str, Any] = {"rows": rows} if rows else {}
        if self._claims:
            taken["claims"] = self._claims
        self._rows, self._claims = [], []
        return taken


def case_parts(columns: Sequence[Any]) -> tuple[Any, ...]:
    """Of a case's columns, those that only a logged step changes.

    Not among them: whether work is due, the floor's fingerprint, the time spent on it, and which of the
    two open states it is in.
    """
    status = columns[12] if columns[12] not in ("open", "waiting") else ""
    return (*columns[:12], status, *columns[14:21])


def decision_parts(columns: Sequence[Any]) -> tuple[Any, ...]:
    """Of a decision's columns, all but whether it was applied, which the log of passes tells."""
    return tuple(columns[:12])


def decision_key(row: DecisionRow) -> str:
    """The key of a decision's seal."""
    return f"{row.escalation}/{row.person}"


def escalation_parts(row: EscalationRow, version: int, body: str) -> tuple[Any, ...]:
    """The columns of an escalation as it is stored under ``version``."""
    return (row.id, row.case, row.type, str(row.state), version, row.due_at, body)
