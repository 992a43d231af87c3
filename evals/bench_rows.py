"""The rows of one gate pass in memory, as cheap as rows can be: what is measured is the gate.

Nobody has signed, escalated or pulled anything, and no breaker was ever needed.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from protocol.breaker import Breaker
from protocol.records import Claimed, Record, Ref
from protocol.rows import CommitRow, DecisionRow, EscalationRow, GoodAnswer, PullRow


class Rows:
    """A round's store over records; claims and commits are those of the pass."""

    def __init__(self, now: str, records: Mapping[Ref, Record]) -> None:
        self.now = now
        self._records = dict(records)
        self._claims: tuple[Claimed, ...] = ()

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002 - the design's word
        """See the port, here and below."""
        return self._records.get(Ref(type, key))

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        found = (record for ref, record in sorted(self._records.items()) if ref.type == type)
        return [r for r in found if all(r[name] == value for name, value in equals.items())]

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        return [c for c in self._claims if c.resource == resource and c.start < end and start < c.end]

    def mark(self) -> "_Mark":
        return _Mark(self)

    def write(
        self,
        ref: Ref,
        base: int | None,
        fields: Mapping[str, Any],
        deltas: Mapping[str, int],
        by: str,
        cause: str,
    ) -> int | None:
        found = self._records.get(ref)
        if (found.version if found else None) != base:
            return None
        body = {**(found.body if found else {}), **fields}
        for name, amount in deltas.items():
            body[name] = body.get(name, 0) + amount
        version = 0 if found is None else found.version + 1
        self._records[ref] = Record(ref, version, body)
        return version

    def claim(self, claim: Claimed) -> None:
        self._claims = (*self._claims, claim)

    def release(self, holder: Ref, resource: str | None) -> None:
        kept = (c for c in self._claims if c.holder != holder or resource not in (None, c.resource))
        self._claims = tuple(kept)

    def commit_of(self, key: str) -> CommitRow | None:
        return None

    def escalation(self, escalation: str) -> EscalationRow | None:
        return None

    def escalations(self, case: str | None = None, open_only: bool = False) -> Sequence[EscalationRow]:
        return ()

    def actions_like(self, kind: str, params_hash: str) -> Sequence[EscalationRow]:
        return ()

    def decisions(self, escalation: str) -> Sequence[DecisionRow]:
        return ()

    def breaker(self, name: str) -> Breaker | None:
        return None

    def good_answer(self, caller: str, callee: str, request: str, params_hash: str) -> GoodAnswer | None:
        return None

    def pulls(self, open_only: bool = False) -> Sequence[PullRow]:
        return ()


class _Mark(AbstractContextManager[Callable[[], None]]):
    """A savepoint: what stood then, put back."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._stood = dict(rows._records), rows._claims  # noqa: SLF001 - one thought in two classes

    def __enter__(self) -> Callable[[], None]:
        return self._undo

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._undo()

    def _undo(self) -> None:
        self._rows._records, self._rows._claims = self._stood  # noqa: SLF001 - as above
