"""Reports from outside that wait for others, and those that were refused, in SQL: the port Inbound."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple

from checkpoints.dialect import Cursor
from protocol.inbound import LetterRow, ParkedRow


class SqlInbound:
    """Inbound. ``do`` runs a statement on the transaction's connection."""

    def __init__(self, do: Callable[..., Cursor], sql: Mapping[str, str]) -> None:
        self._do = do
        self._sql = sql

    def parked(self, source: str | None = None, aggregate: str | None = None) -> Sequence[ParkedRow]:
        if source is None:
            found = self._do(self._sql["parked"])
        elif aggregate is None:
            found = self._do(self._sql["parked_of_source"], (source,))
        else:
            found = self._do(self._sql["parked_of_aggregate"], (source, aggregate))
        return [ParkedRow(*columns) for columns in found]

    def letters(self) -> Sequence[LetterRow]:
        return [LetterRow(*columns) for columns in self._do(self._sql["letters"])]

    def applied(self, source: str, aggregate: str) -> int | None:
        found = self._do(self._sql["applied"], (source, aggregate)).fetchone()
        return None if found is None else int(found[0])

    def set_applied(self, source: str, aggregate: str, number: int) -> None:
        self._do(self._sql["set_applied"], (source, aggregate, number))

    def park(self, row: ParkedRow) -> bool:
        return self._do(self._sql["park"], astuple(row)).rowcount == 1

    def unpark(self, source: str, aggregate: str, number: int) -> None:
        self._do(self._sql["unpark"], (source, aggregate, number))

    def put_letter(self, row: LetterRow) -> None:
        self._do(self._sql["put_letter"], astuple(row))

    def drop_letter(self, source: str, source_id: str) -> None:
        self._do(self._sql["drop_letter"], (source, source_id))
