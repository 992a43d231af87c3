"""What a ledger comes to, whatever happened on the way: its rows by key, without what tells of the way."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checkpoints.audit_port import AuditTx

LEFT_OUT: Mapping[str, frozenset[str]] = {
    "leases": frozenset({"*"}),  # who drove a case: worker ids, fencing tokens and wall time
    "attempts": frozenset({"*"}),  # how often somebody tried
    "breakers": frozenset({"*"}),  # wall time
    "turn_slots": frozenset({"*"}),  # wall time
    "outbox": frozenset({"*"}),  # by sequence; the audit compares it with the events
    "deliveries": frozenset({"attempts", "claims", "next_s", "sent_s"}),
    "receivers": frozenset({"acknowledged", "since_seq", "spread_seq"}),
    "audit": frozenset({"*"}),  # in the order of the way; its entries are compared as such, below
    "_sqlite_migrations": frozenset({"*"}),  # wall time
    "sqlite_sequence": frozenset({"*"}),  # the database's own
    "cases": frozenset({"duration_ms"}),
    "passes": frozenset({"token", "clock_s"}),
    "recordings": frozenset({"*"}),  # the way itself
    "checkpoints": frozenset({"*"}),  # PostgreSQL keeps the cache in the same database
    "checkpoint_blobs": frozenset({"*"}),
    "checkpoint_writes": frozenset({"*"}),
    "checkpoint_migrations": frozenset({"*"}),
}
"""Columns that may differ: wall times, worker ids and attempts. ``*``: the whole table."""
ORDER = frozenset({"seq", "event_seq"})
"""Columns that say in which order rows came: a retry may change it. The audit checks what depends on it."""
READS = ("passes", "reads")
"""Of what a pass has read, the names: its versions depend on the order of cases that go on side by side."""
JOBS = "procrastinate_"
"""Tables of doorbells on PostgreSQL: what is to be done stands in the ledger."""
BORN = frozenset({"lineage"})
"""Settings that each ledger has a value of its own for."""
ENTRY = ("what", "case", "pass", "escalation", "person", "decision", "fact", "code")
"""What of an entry of the audit log must come out the same. The same refusal may be told twice."""

MOST_SHOWN = 400
"""Characters of a row that differs."""

_SQLITE = """SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
WHERE m.type = 'table' ORDER BY m.name, c.cid"""
_POSTGRES = """SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"""


def canonical(tx: AuditTx, database: str) -> dict[str, list[Any]]:
    """{table: rows, as JSON reads them back}, each without the columns left out, in an order of their own."""
    found: dict[str, list[Any]] = {}
    for table, columns in _columns(tx, database).items():
        rows = tx.rows(f"SELECT {', '.join(_quoted(columns))} FROM {table}")
        kept = [list(row) for row in rows if not (table == "meta" and row[0] in BORN)]
        if table == READS[0]:
            at = columns.index(READS[1])
            kept = [[*row[:at], sorted(json.loads(row[at])), *row[at + 1 :]] for row in kept]
        found[table] = sorted(kept, key=lambda row: json.dumps(row, default=str))
    found["audit"] = _entries(tx)
    read_back: dict[str, list[Any]] = json.loads(json.dumps(found, default=str))
    return read_back


def _columns(tx: AuditTx, database: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in tx.rows(_SQLITE if database == "sqlite" else _POSTGRES):
        left_out = LEFT_OUT.get(table, frozenset())
        if table.startswith(JOBS):
            continue
        if "*" not in left_out and column not in left_out | ORDER:
            found.setdefault(table, []).append(column)
    return found


def _quoted(columns: Sequence[str]) -> Iterator[str]:
    return (f'"{column}"' for column in columns)


def _entries(tx: AuditTx) -> list[Any]:
    bodies = (json.loads(row[0]) for row in tx.rows("SELECT body FROM audit"))
    told = {json.dumps([body.get(name) for name in ENTRY]) for body in bodies}
    return [json.loads(text) for text in sorted(told)]


def differences(wanted: Mapping[str, list[Any]], found: Mapping[str, list[Any]]) -> list[str]:
    """Where two ledgers differ, a sentence for each table."""
    said = []
    for table in sorted(wanted.keys() | found.keys()):
        before, after = ({json.dumps(row) for row in side.get(table, [])} for side in (wanted, found))
        counts = len(wanted.get(table, [])), len(found.get(table, []))
        if before != after or counts[0] != counts[1]:
            missing, new = sorted(before - after)[:2], sorted(after - before)[:2]
            shown = "; ".join(
                text[:MOST_SHOWN] for text in (*(f"- {m}" for m in missing), *(f"+ {n}" for n in new))
            )
            said.append(f"{table}: {counts[0]} rows became {counts[1]}: {shown}")
    return said
