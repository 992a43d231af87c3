"""Playing a taped job again: reads are answered from the tape, writes are compared with it. No database."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checkpoints.dialect import Cursor, Dialect
from checkpoints.named_sql import named_queries
from checkpoints.sql_reads import SqlReads
from checkpoints.sql_tx import SqlTx
from checkpoints.taping import Given, Item, Statement, named
from protocol.canonical import dumps
from protocol.toolbox import ResourceType

PLAYED = Dialect("sqlite", named_queries, lambda _: ())
_HASH = re.compile(r"[0-9a-f]{16,}")
MASK = "[hash]"

Patch = Callable[[str, Sequence[Any], Any], Any]
"""What a query gives in place of what is on tape, from its name, its values and that."""


def as_taped(_: str, __: Sequence[Any], answer: Any) -> Any:
    """What is on tape."""
    return answer


@dataclass(slots=True)
class Memory:
    """What a recording has shown so far, for a job that asks something else than it did then.

    ``masked``: something was redacted, so hashes of it cannot be the same: they are not compared.
    """

    masked: bool = False
    answers: dict[str, Any] = field(default_factory=dict)
    made: int = 0

    def learn(self, statements: Sequence[Statement]) -> None:
        """Remember what they gave."""
        for name, values, answer in statements:
            self.answers[dumps([name, values])] = answer

    def guess(self, sql: str, name: str, values: list[Any]) -> Any:
        """What the same question gave last; else nothing found, or one row written."""
        found = self.answers.get(dumps([name, values]))
        if found is not None:
            return found
        if "RETURNING" in sql:
            self.made += 1
            return [[10**9 + self.made]]
        return [] if sql.startswith("SELECT") else 1

    def same(self, one: Any, other: Any) -> bool:
        """Whether two values are the same on tape."""
        return one == other or (self.masked and _masked(one) == _masked(other))


def _masked(value: Any) -> str:
    return _HASH.sub(MASK, dumps(value))


class PlayedConnection:
    """A connection of which the tape knows everything, up to the first statement that is another one."""

    def __init__(self, recorded: Sequence[Statement], memory: Memory, patch: Patch = as_taped) -> None:
        self._patch = patch
        self._recorded = recorded
        self._memory = memory
        self.in_transaction = True
        self.asked: list[Statement] = []
        self.off: int | None = None
        """The first statement that is not the recorded one."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """See Connection."""
        name, values, at = named(sql), list(parameters), len(self.asked)
        recorded = self._recorded[at] if at < len(self._recorded) else None
        if self.off is None and recorded is not None and self._is(recorded, name, values):
            answer = self._patch(name, values, recorded[2])
        else:
            self.off = at if self.off is None else self.off
            answer = self._memory.guess(sql, name, values)
        self.asked.append([name, values, answer])
        return Given([tuple(row) for row in answer], -1) if isinstance(answer, list) else Given([], answer)

    def _is(self, recorded: Statement, name: str, values: list[Any]) -> bool:
        return bool(recorded[0] == name and self._memory.same(recorded[1], values))

    @property
    def differs_at(self) -> int | None:
        """Where the job went another way; None when it did just what is on tape."""
        if self.off is not None:
            return self.off
        return len(self.asked) if len(self.asked) < len(self._recorded) else None


class _PlayedClock:
    """Gives the readings of the tape again, and the last of them to whoever reads on."""

    def __init__(self, readings: Sequence[str], step_s: int) -> None:
        self._readings = list(readings)
        self.step_s = step_s

    def __call__(self) -> str:
        return self._readings.pop(0) if len(self._readings) > 1 else (self._readings or [""])[0]


def play(
    item: Item,
    job: Callable[[Any], Any],
    types: Mapping[str, ResourceType],
    memory: Memory,
    patch: Patch = as_taped,
) -> tuple[Any, PlayedConnection]:
    """Run ``job`` as it ran when ``item`` was taped: what it gives back, and what it asked and wrote.

    What the job raises is raised here, with the connection beside it as ``played``.
    """
    connection = PlayedConnection(item["asked"], memory, patch)
    hours = item["hours"]
    clock = None if hours is None else _PlayedClock(hours, item["step_s"])
    make = SqlTx if item["writes"] else SqlReads
    tx = make(PLAYED, connection, types, clock, item["before"]["clock"])
    tx.stand_at(item["before"])
    try:
        return job(tx), connection
    except Exception as error:
        error.played = connection  # type: ignore[attr-defined]
        raise
