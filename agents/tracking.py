"""A snapshot that remembers what was read through it: the versions a turn's proposals name (R8)."""

from collections.abc import Sequence

from protocol.records import Claimed, Record, Snapshot


class TrackedSnapshot:
    """Reads through another snapshot and records {ref: version}."""

    def __init__(self, inner: Snapshot, reads: dict[str, int]) -> None:
        self._inner = inner
        self._reads = reads

    @property
    def now(self) -> str:
        """The ledger clock."""
        return self._inner.now

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002 - the port's word
        """One record, remembered."""
        record = self._inner.get(type, key)
        if record is not None:
            self._reads[str(record.ref)] = record.version
        return record

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        """Records, each remembered."""
        found = self._inner.find(type, **equals)
        for record in found:
            self._reads[str(record.ref)] = record.version
        return found

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        """Claims; they belong to their holders' records."""
        return self._inner.claims(resource, start, end)
