"""What the ledger's tests are made of: a few resource types, and rows with everything filled in."""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from checkpoints.ledger_file import FLOOR, LINEAGE, SCHEMA, first_hour
from checkpoints.migrations import schema_version
from checkpoints.postgres_ledger import PostgresLedger
from checkpoints.sql_reads import CLOCK
from checkpoints.sqlite_ledger import SqliteLedger
from protocol.fields import Flag, Integer, Maybe, Text
from protocol.ports import Ledger, Tx
from protocol.records import Ref
from protocol.rows import (
    CaseRow,
    CommitRow,
    DecisionRow,
    EscalationRow,
    EventRow,
    PassRow,
    Verdict,
    VerdictRow,
)
from protocol.toolbox import Bound, ResourceType
from tests.postgres import emptied, new_database

Row = TypeVar("Row")

START = "2026-03-02T09:00:00Z"
LATER = "2026-03-02T09:10:00Z"
LATEST = "2026-03-02T10:00:00Z"

TYPES: Mapping[str, ResourceType] = {
    kind.name: kind
    for kind in (
        ResourceType("crate", {"place": Maybe(Text()), "heavy": Maybe(Flag())}, indexed=("place", "heavy")),
        ResourceType("pile", {"of": Maybe(Text())}, balances={"count": Bound(0), "promised": Bound(0)}),
        ResourceType("note", {"text": Text(), "size": Maybe(Integer())}),
    )
}

Open = Callable[..., AbstractAsyncContextManager[Ledger]]
"""``async with open_ledger(path, clock=None)``: an adapter's ledger at a path."""


def sqlite(*, inline: bool) -> Open:
    """The SQLite adapter: with threads, or on the event loop's own."""

    @asynccontextmanager
    async def opened(path: Path, **options: Any) -> AsyncIterator[SqliteLedger]:
        settings: dict[str, Any] = {
            "floor": "yard",
            "clock": None,
            "clock_start": START,
            "world_types": TYPES,
        }
        ledger = await SqliteLedger.open(path, **(settings | {"inline": inline} | options))
        try:
            yield ledger
        finally:
            await ledger.close()

    return opened


_lent: dict[Path, str] = {}
_spare: list[str] = []
"""Databases with a schema and no rows: making one takes longer than most tests do."""


def database_at(path: Path) -> str:
    """The database that stands for a path: the same for whoever opens it again."""
    if path not in _lent:
        _lent[path] = new_database()
    return _lent[path]


def take_back_databases() -> None:
    """A test has ended: what it was lent may be lent again."""
    _spare.extend(_lent.values())
    _lent.clear()


def _lend(path: Path, settings: Mapping[str, Any]) -> None:
    """Have a database stand for a path, as if it had just been made with these settings."""
    if path in _lent or not _spare:
        return
    url = _lent[path] = _spare.pop()
    birth = {
        SCHEMA: str(schema_version()),
        FLOOR: settings["floor"],
        LINEAGE: settings.get("lineage") or os.urandom(16).hex(),
        CLOCK: first_hour(settings["clock"], settings["clock_start"]),
    }
    with emptied(url) as raw:
        for name, value in birth.items():
            raw.execute("INSERT INTO andon.meta VALUES (%s, %s)", (name, value))


@asynccontextmanager
async def postgres(path: Path, **options: Any) -> AsyncIterator[PostgresLedger]:
    """The PostgreSQL adapter. Its hour is the one that a test gives."""
    settings: dict[str, Any] = {"floor": "yard", "clock": None, "clock_start": START, "world_types": TYPES}
    settings |= {"server_clock": False} | options
    _lend(path, settings)
    ledger = await PostgresLedger.open(database_at(path), **settings)
    try:
        yield ledger
    finally:
        await ledger.close()


ADAPTERS: Mapping[str, Open] = {
    "sqlite": sqlite(inline=False),
    "sqlite-inline": sqlite(inline=True),
    "postgres": postgres,
}
"""Every adapter of the port; whatever joins must pass the contract tests."""


def put(kind: str, key: str, **fields: Any) -> Callable[[Tx], int | None]:
    """A job that creates a record."""
    return lambda tx: tx.write(Ref(kind, key), None, fields, {}, "keeper", "c/1/keeper/0")


def each(store: Callable[[Tx], Callable[[Row], object]], rows: Iterable[Row]) -> Callable[[Tx], None]:
    """A job that stores rows one by one: ``each(lambda tx: tx.put_event, rows)``."""

    def job(tx: Tx) -> None:
        for row in rows:
            store(tx)(row)

    return job


def case_row(seq: int = 1, **fields: Any) -> CaseRow:
    """A case; its id and source follow from ``seq`` unless stated."""
    row: dict[str, Any] = {
        "id": f"case_{seq}",
        "seq": seq,
        "origin": "text",
        "source": "line",
        "source_id": str(seq),
        "opened_at": START,
    }
    return CaseRow(**(row | fields))


def open_case(tx: Tx, **fields: Any) -> CaseRow:
    """Accept and open a case."""
    source = fields.get("source", "line")
    number = fields.pop("number", 1)
    seq = tx.accept(source, str(number), "text", {})
    assert seq is not None
    row = case_row(seq, **({"source_id": str(number)} | fields))
    tx.open_case(row)
    return row


FULL_CASE = case_row(
    session="ses_x",
    person="ann",
    text="Grüße, naïve “text”\n\u0001?",
    event="evt_1",
    cause="case_0",
    depth=2,
    position={"round": 3, "active": {"crew": [{"type": "event"}]}, "said": {}},
    passes=4,
    rounds=3,
    reply="done",
    code="late",
    clarify=True,
    ended_at=LATER,
    fingerprint="sha256:f",
    duration_ms=1200,
)


def verdict_row(case: str = "case_1", ordinal: int = 0, **fields: Any) -> VerdictRow:
    """A verdict."""
    row: dict[str, Any] = {
        "key": f"{case}/1/crew/{ordinal}",
        "case": case,
        "pass_no": 1,
        "round": 1,
        "agent": "crew",
        "kind": "lift",
        "params": {"crate": "C1", "quantity": 3, "list": [1, None, True]},
        "resource": "crate/C1",
        "verdict": Verdict.COMMITTED,
        "code": None,
        "reason": "",
        "at": START,
        "params_hash": "sha256:p",
    }
    return VerdictRow(**(row | fields))


def commit_row(key: str = "case_1/1/crew/0", **fields: Any) -> CommitRow:
    """A commit."""
    row: dict[str, Any] = {
        "key": key,
        "case": "case_1",
        "agent": "crew",
        "kind": "lift",
        "params": {"crate": "C1"},
        "params_hash": "sha256:p",
        "result": {"resource": "crate/C1"},
        "level": 3,
        "at": START,
    }
    return CommitRow(**(row | fields))


def event_row(identifier: str = "evt_1", **fields: Any) -> EventRow:
    """An event."""
    row: dict[str, Any] = {
        "id": identifier,
        "type": "crate.lifted",
        "source": "crew",
        "source_id": identifier,
        "occurred": START,
        "recorded": START,
        "subject": "crate/C1",
        "data": {"crate": "C1", "times": 2},
    }
    return EventRow(**(row | fields))


def escalation_row(identifier: str = "esc_1", **fields: Any) -> EscalationRow:
    """An approval that is asked for until LATER."""
    row: dict[str, Any] = {
        "id": identifier,
        "type": "approval",
        "case": "case_1",
        "agent": "crew",
        "key": "case_1/1/crew/0",
        "summary": "Lifts C1",
        "reason": "lift needs a signature",
        "role": "foreman",
        "requested_at": START,
        "due_at": LATER,
        "expires_at": LATEST,
        "ladder": [{"role": "foreman", "answer_s": 600}, {"role": "boss", "answer_s": 600}],
        "action": {"kind": "lift", "params": {"crate": "C1"}},
        "action_hash": "sha256:a",
        "options": [],
        "bound": {"crate/C1": 4},
        "shown": {"crate/C1": {"place": "north"}},
        "diff": [{"ref": "crate/C1", "field": "place", "was": "north", "now": None}],
        "policy": "lift",
        "quorum": 2,
        "separate": True,
        "asker": "ann",
        "manifest_hash": "sha256:m",
        "lineage": "l1",
        "level": 3,
    }
    return EscalationRow(**(row | fields))


def decision_row(person: str = "f.one", **fields: Any) -> DecisionRow:
    """An approval of esc_1."""
    row: dict[str, Any] = {
        "escalation": "esc_1",
        "person": person,
        "name": "F One",
        "role": "foreman",
        "meaning": "approval",
        "decision": "approve",
        "at": START,
        "action_hash": "sha256:a",
        "reason": "fine",
        "option": None,
        "text": "as asked",
    }
    return DecisionRow(**(row | fields))


def pass_row(number: int = 1, **fields: Any) -> PassRow:
    """A gate pass of case_1."""
    row: dict[str, Any] = {
        "case": "case_1",
        "pass_no": number,
        "round": 1,
        "at": START,
        "reads": {"crate/C1": 4, "crate/C2": -1},
        "route": "reply",
        "clock_s": 1_795_000_000.125,
    }
    return PassRow(**(row | fields))
