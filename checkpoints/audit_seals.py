"""Invariants of rows against the log: each stands as it was logged, and claims can be rebuilt (14, 15)."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import Any

from checkpoints.audit_compare import Comparison
from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from checkpoints.sealing import case_parts, decision_parts, seal
from protocol.world import World

_SQL = "audit"
Row = tuple[Any, ...]

_KEYS: Mapping[str, Callable[[Row], str]] = {
    "inbox": lambda row: str(row[0]),
    "cases": lambda row: str(row[0]),
    "writes": lambda row: f"{row[0]}/{row[1]}@{row[2]}",
    "commits": lambda row: str(row[0]),
    "events": lambda row: str(row[0]),
    "escalations": lambda row: str(row[0]),
    "decisions": lambda row: f"{row[0]}/{row[1]}",
}
_QUERIES: Mapping[str, str] = {
    "inbox": "sealed_inbox",
    "cases": "sealed_cases",
    "writes": "sealed_writes",
    "commits": "sealed_commits",
    "events": "sealed_events",
    "escalations": "sealed_escalations",
    "decisions": "sealed_decisions",
}
_PARTS: Mapping[str, Callable[[Row], Row]] = {
    "inbox": lambda row: row[1:],
    "cases": case_parts,
    "decisions": decision_parts,
}
"""What of a row is sealed; by default all that the query reads."""

_CLAIMS = """
CREATE TABLE claims (resource TEXT, start_us INTEGER, end_us INTEGER, holder TEXT, shared INTEGER, cause TEXT,
  PRIMARY KEY (holder, resource, start_us, end_us)) WITHOUT ROWID
"""
_TAKE = """
INSERT INTO claims (resource, start_us, end_us, holder, shared, cause) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (holder, resource, start_us, end_us) DO UPDATE SET shared = min(shared, excluded.shared)
"""
_GIVE_BACK = "DELETE FROM claims WHERE holder = ?1 AND (?2 IS NULL OR resource = ?2)"
_ALL = "SELECT resource, start_us, end_us, holder, shared, cause FROM claims"


def rows_as_logged(tx: AuditTx, world: World) -> Iterator[str]:
    """Whatever was sealed in the audit log is still there, and is still what it was (15)."""
    sql = named_queries(_SQL)
    with Comparison() as rows:
        rows.expect(_sealed(tx))
        for table, key in _KEYS.items():
            parts = _PARTS.get(table, tuple)
            rows.find((f"{table}\n{key(row)}", seal(parts(row))) for row in tx.rows(sql[_QUERIES[table]]))
        for name, expected, found_seal in rows.differences():
            table, _, key_text = name.partition("\n")
            if expected is not None:  # what nobody sealed is looked at by other invariants
                said = "was logged and is gone" if found_seal is None else "is not what was logged"
                yield f"{key_text} in {table} {said}"


def _sealed(tx: AuditTx) -> Iterator[tuple[str, str]]:
    for _, _, _, body in tx.rows(named_queries(_SQL)["audit"]):
        for table, rows in json.loads(body).get("rows", {}).items():
            yield from ((f"{table}\n{key}", digest) for key, digest in rows.items())


def claims_as_logged(tx: AuditTx, world: World) -> Iterator[str]:
    """Taking and giving back as the log tells it leaves exactly the claims that stand (15)."""
    sql = named_queries(_SQL)
    with closing(sqlite3.connect("", isolation_level=None)) as scratch, Comparison() as claims:
        scratch.execute(_CLAIMS)
        scratch.execute("BEGIN")
        sealed, from_birth = False, True
        for _, _, _, body in tx.rows(sql["audit"]):
            entry = json.loads(body)
            sealed = sealed or "rows" in entry
            from_birth = from_birth and sealed
            for what, *values in entry.get("claims", ()):
                scratch.execute(_TAKE if what == "+" else _GIVE_BACK, _in_order(what, values))
        if not sealed:
            return  # a ledger of a time before claims were logged
        claims.expect(_named(row) for row in scratch.execute(_ALL))
        claims.find(
            _named((resource, start, end, f"{kind}/{key}", shared, cause))
            for resource, start, end, kind, key, shared, cause, _ in tx.rows(sql["claims"])
        )
        for name, expected, found in claims.differences():
            if expected is None and not from_birth:
                continue  # taken before claims were logged
            resource, holder, *_ = json.loads(name)
            said = "was never taken" if expected is None else "is gone" if found is None else "has changed"
            yield f"the claim of {holder} on {resource} {said}"


def _in_order(what: str, values: list[Any]) -> list[Any]:
    return values if what == "+" else [values[1], values[0]]


def _named(row: Row) -> tuple[str, str]:
    resource, start, end, holder, shared, cause = row
    return json.dumps([resource, holder, start, end]), f"{shared} {cause}"
