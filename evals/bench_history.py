"""What history costs: the same request on a young ledger and on an old one, and what a waiting case keeps.

An old ledger is a young one in which the rows of a finished case are copied, so many times, by SQL. The
copies are as many and as large as real ones; nobody audits them.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from checkpoints.sqlite_connection import connect, prepare_writer
from evals.bench_figure import Figure, paired, ratio, wall_s
from evals.bench_plan import RequestPlan
from graph.app import App, open_app
from graph.persistence import CHECKPOINTS, LEDGER
from graph.settings import Settings
from protocol.errors import InvalidFloorError

OLD, SESSION, CHECKPOINT = "request in an old ledger", "request in a long session", "checkpoints of a case"
OLD_TARGET, SESSION_TARGET, CHECKPOINT_TARGET = 1 / 0.9, 1.2, 64.0
YOUNG_CASES, OLD_CASES = 1_000, 100_000
YOUNG_TURN, OLD_TURN = 10, 1_000
"""Cases of the session before those that are measured."""
_COPIED: Mapping[str, str] = {
    "inbox": "seq IN (SELECT seq FROM cases WHERE id = ?)",
    "cases": "id = ?",
    "turns": "case_id = ?",
    "passes": "case_id = ?",
    "verdicts": "case_id = ?",
    "commits": "case_id = ?",
    "events": "case_id = ?",
    "outbox": "event_seq IN (SELECT seq FROM events WHERE case_id = ?)",
    "leases": "case_id = ?",
    "audit": "seq > 1 AND instr(body, ?) > 0",
}
"""Where the rows of a case are, in an order that keeps references whole."""
_APART = {
    ("inbox", "source_id"),
    ("cases", "source_id"),
    ("events", "id"),
    ("audit", "prev_hash"),
    ("audit", "hash"),
}
"""Columns that differ in every row, beside the case's own name."""
_NUMBERED = {"cases": "inbox", "outbox": "events"}
"""Tables that take their numbers from another."""


async def measure_history(
    floor: Path, place: Path, request: RequestPlan, waiting: RequestPlan, pairs: int, cases: int = OLD_CASES
) -> list[Figure]:
    """The three figures. ``cases``: in the old ledger, at most; the young one and a session have fewer."""
    young = min(YOUNG_CASES, cases)
    old = await _paired(OLD, OLD_TARGET, floor, place / "finished", request, pairs, (young, cases), None)
    turns = min(YOUNG_TURN, cases), min(OLD_TURN, cases)
    long = await _paired(SESSION, SESSION_TARGET, floor, place / "session", request, pairs, turns, "bench")
    return [old, long, await _checkpoints(floor, place / "waiting", waiting)]


async def _paired(
    name: str,
    target: float,
    floor: Path,
    place: Path,
    request: RequestPlan,
    pairs: int,
    cases: tuple[int, int],
    session: str | None,
) -> Figure:
    """The request on the ledger with more cases, as a ratio to that with fewer."""
    young, old = (Settings(floor, place / part) for part in ("young", "old"))
    for settings, count in zip((young, old), cases, strict=True):
        async with open_app(settings) as app:
            case = (await app.ask(_text(request, 0), person=request.person, session=session))["case"]
        copy_case(settings.data_dir / LEDGER, case, count - 1)
    async with open_app(old) as long, open_app(young) as short:
        found = await paired(pairs, _asking(long, request, session), _asking(short, request, session))
    note = f"after {cases[1]:,} cases, to that after {cases[0]:,}"
    return replace(ratio(name, target, found, ("old", "young")), note=note)


def _asking(app: App, request: RequestPlan, session: str | None) -> Callable[[int], Awaitable[float]]:
    async def ask(n: int) -> float:
        started = wall_s()
        shape = await app.ask(_text(request, n + 1), person=request.person, session=session)
        took = wall_s() - started
        if shape["status"] != "done":
            raise InvalidFloorError(f"The benchmark's request ended as {shape['status']}.", code="bad_bench")
        return took

    return ask


def _text(request: RequestPlan, n: int) -> str:
    return request.text.format_map(request.words(n))


@dataclass(frozen=True, slots=True)
class _Table:
    """A table's rows of one case, and from where copies of them are numbered: ``size`` numbers each."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    first: int
    size: int

    def copies(self, case: str, count: int) -> Iterator[list[Any]]:
        """Rows of so many more cases."""
        for n in range(count):
            copy = f"case_{n:016d}"
            for at, row in enumerate(self.rows):
                yield [
                    self._value(name, value, n, at, case, copy)
                    for name, value in zip(self.columns, row, strict=True)
                ]

    def _value(self, column: str, value: Any, n: int, at: int, case: str, copy: str) -> Any:
        if column in {"seq", "event_seq"}:
            return self.first + n * self.size + at
        if not isinstance(value, str):
            return value
        value = value.replace(case, copy)
        return f"{value}~{n}" if (self.name, column) in _APART else value


def copy_case(ledger: Path, case: str, copies: int) -> None:
    """Let a ledger that nobody has open look as if ``case`` had happened so many times more."""
    with closing(connect(ledger)) as connection:
        prepare_writer(ledger, connection)
        connection.execute("BEGIN IMMEDIATE")
        for table in _tables(connection, case):
            marks = ", ".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {table.name} VALUES ({marks})", table.copies(case, copies))  # noqa: S608
        connection.execute("COMMIT")


def _tables(connection: sqlite3.Connection, case: str) -> list[_Table]:
    found: dict[str, tuple[list[str], list[Any]]] = {}
    for name, where in _COPIED.items():
        cursor = connection.execute(f"SELECT * FROM {name} WHERE {where}", (case,))  # noqa: S608
        found[name] = [c[0] for c in cursor.description], cursor.fetchall()
    tables = []
    for name, (columns, rows) in found.items():
        counting, last = _NUMBERED.get(name, name), 0
        if "seq" in found[counting][0]:
            last = connection.execute(f"SELECT max(seq) FROM {counting}").fetchone()[0] or 0  # noqa: S608
        tables.append(_Table(name, columns, rows, last + 1, len(found[counting][1])))
    return tables


async def _checkpoints(floor: Path, place: Path, waiting: RequestPlan) -> Figure:
    """What the saver keeps of a case that waits for a person, the only one there is."""
    settings = Settings(floor, place)
    async with open_app(settings) as app:
        shape = await app.ask(_text(waiting, 0), person=waiting.person)
    if shape["status"] != "waiting":
        raise InvalidFloorError(
            f"The benchmark's request to wait ended as {shape['status']}.", code="bad_bench"
        )
    with closing(connect(place / CHECKPOINTS)) as connection:
        kept = sum(
            connection.execute(f"SELECT sum(length({text})) FROM {table}").fetchone()[0] or 0  # noqa: S608
            for table, text in (("checkpoints", "checkpoint) + length(metadata"), ("writes", "value"))
        )
    return Figure(CHECKPOINT, kept / 1024, "KiB", CHECKPOINT_TARGET, 1)
