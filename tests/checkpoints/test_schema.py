"""What the ledger's own schema refuses, whatever code stands before it: the second line of every guard."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from checkpoints.named_sql import migration_files, named_queries, statements

ROWS: dict[str, dict[str, Any]] = {
    "inbox": {"seq": 1, "source": "line", "source_id": "1", "kind": "text", "body": "{}"},
    "cases": {
        "id": "case_a",
        "seq": 1,
        "origin": "text",
        "source": "line",
        "source_id": "1",
        "opened_at": "2026-03-02T09:00:00Z",
        "depth": 0,
        "status": "open",
        "runnable": 1,
        "position": "{}",
        "passes": 0,
        "rounds": 0,
        "reply": "",
        "clarify": 0,
        "fingerprint": "",
        "duration_ms": 0,
    },
    "turns": {"case_id": "case_a", "round": 1, "agent": "scheduling", "body": "{}"},
    "resources": {"type": "stock", "key": "CX", "version": 0, "body": "{}", "row_hash": ""},
    "balances": {"type": "stock", "key": "CX", "field": "on_hand", "value": 1},
    "lookups": {"type": "stock", "field": "bin", "value": "1", "key": "CX"},
    "claims": {
        "seq": 1,
        "resource": "machine/M7",
        "start_us": 1,
        "end_us": 2,
        "holder_type": "run",
        "holder_key": "R-1",
        "shared": 0,
        "cause": "",
    },
    "writes": {
        "seq": 1,
        "type": "stock",
        "key": "CX",
        "version": 0,
        "body": "{}",
        "balances": "{}",
        "deltas": "{}",
        "author": "inventory",
        "cause": "",
        "row_hash": "",
    },
    "verdicts": {
        "seq": 1,
        "key": "k",
        "case_id": "case_a",
        "pass_no": 1,
        "round": 1,
        "agent": "scheduling",
        "kind": "move_run",
        "params": "{}",
        "resource": "",
        "verdict": "refused",
        "reason": "",
        "at": "",
        "params_hash": "",
    },
    "commits": {
        "seq": 1,
        "key": "k",
        "case_id": "case_a",
        "agent": "scheduling",
        "kind": "move_run",
        "params": "{}",
        "params_hash": "",
        "result": "{}",
        "level": 3,
        "at": "",
        "approval": "esc_a",
    },
    "events": {
        "seq": 1,
        "id": "evt_a",
        "type": "run.moved",
        "source": "scheduling",
        "source_id": "1",
        "occurred": "",
        "recorded": "",
        "subject": "",
        "data": "{}",
        "depth": 0,
    },
    "escalations": {
        "seq": 1,
        "id": "esc_a",
        "case_id": "case_a",
        "type": "approval",
        "state": "pending",
        "version": 0,
        "action_hash": "",
        "requested_at": "",
        "due_at": "",
        "body": "{}",
    },
    "decisions": {
        "seq": 1,
        "escalation": "esc_a",
        "person": "m.weber",
        "name": "M. Weber",
        "role": "shift_supervisor",
        "meaning": "approval",
        "decision": "approve",
        "at": "",
        "action_hash": "",
        "reason": "",
        "option": 0,
        "text": "",
        "channel": "cli",
        "spent": 0,
    },
    "passes": {
        "case_id": "case_a",
        "pass_no": 1,
        "round": 1,
        "at": "",
        "reads": "{}",
        "route": "reply",
        "token": 1,
    },
    "leases": {"case_id": "case_a", "token": 2, "host": "h", "pid": 1, "started": "1", "expires": 1.0},
    "audit": {"seq": 1, "prev_hash": "0", "hash": "1", "body": "{}"},
    "breakers": {
        "name": "a/b",
        "state": "half_open",
        "failures": 3,
        "outcomes": "111",
        "opened_s": 1.0,
        "probe_call": "case_a/x1",
        "probe_until_s": 2.0,
        "cause": "error",
        "version": 1,
    },
    "good_answers": {
        "caller": "a",
        "callee": "b",
        "request": "is_available",
        "params_hash": "",
        "data": "{}",
        "at": "",
    },
    "pulls": {
        "seq": 1,
        "scope": "floor",
        "pulled_by": "m.weber",
        "role": "shift_supervisor",
        "reason": "smoke",
        "at": "",
    },
    "alerts": {"seq": 1, "name": "event_storm", "figure": "9", "most": "8", "raised_at": ""},
    "receivers": {
        "name": "erp",
        "since_seq": 0,
        "spread_seq": 1,
        "wanted": "[]",
        "wanted_seq": 0,
        "acknowledged": 0,
    },
    "deliveries": {
        "receiver": "erp",
        "event_seq": 1,
        "subject": "run/R-1",
        "subject_seq": 1,
        "state": "pending",
        "attempts": 0,
        "claims": 0,
        "next_s": 1.0,
    },
    "arrivals": {"source": "feed:log", "aggregate": "M7", "applied": 1},
    "recordings": {"seq": 1, "case_id": "case_a", "drive": 1, "strand": "main", "at": "", "body": b""},
    "spending": {"scope": "case/case_a", "tokens": 1, "usd": "0", "wall_ms": 1},
    "reservations": {
        "id": "case_a/1/a/1",
        "case_id": "case_a",
        "agent": "a",
        "day": "2026-03-02",
        "tokens": 1,
        "usd": "0",
        "made_s": 1.0,
    },
    "parked": {
        "source": "feed:log",
        "aggregate": "M7",
        "number": 3,
        "source_id": "row_a",
        "body": "{}",
        "parked_s": 1.0,
    },
    "dead_letters": {
        "source": "feed:log",
        "source_id": "row_b",
        "code": "unknown_fact",
        "message": "",
        "body": "{}",
        "at": "",
    },
}
"""A good row of every table that refuses any, in an order in which they can be written."""

BAD = [
    ("cases", {"origin": "mail"}),
    ("cases", {"depth": -1}),
    ("cases", {"status": "lost"}),
    ("cases", {"runnable": 2}),
    ("cases", {"passes": -1}),
    ("cases", {"rounds": -1}),
    ("cases", {"clarify": 2}),
    ("cases", {"duration_ms": -1}),
    ("turns", {"round": -1}),
    ("resources", {"version": -1}),
    ("balances", {"value": "7 pieces"}),
    ("balances", {"value": 0.5}),
    ("claims", {"end_us": 1}),
    ("claims", {"shared": 2}),
    ("writes", {"version": -1}),
    ("verdicts", {"pass_no": -1}),
    ("verdicts", {"round": -1}),
    ("commits", {"level": 6}),
    ("commits", {"level": 0}),
    ("events", {"depth": -1}),
    ("escalations", {"type": "wish"}),
    ("escalations", {"version": -1}),
    ("decisions", {"option": -1}),
    ("decisions", {"spent": 2}),
    ("passes", {"pass_no": -1}),
    ("passes", {"round": -1}),
    ("passes", {"token": 0}),
    ("leases", {"token": 0}),
    ("leases", {"pid": None}),
    ("leases", {"started": None}),
    ("breakers", {"state": "ajar", "probe_call": None, "probe_until_s": None}),
    ("breakers", {"failures": -1}),
    ("breakers", {"version": 0}),
    ("breakers", {"opened_s": None}),
    ("breakers", {"state": "open"}),
    ("breakers", {"probe_until_s": None}),
    ("breakers", {"tripped_by": "m.weber"}),
    ("pulls", {"released_by": "m.weber"}),
    ("pulls", {"released_by": "m.weber", "released_at": ""}),
    ("alerts", {"cleared_at": ""}),
    ("receivers", {"since_seq": -1}),
    ("receivers", {"since_seq": 2}),
    ("deliveries", {"state": "lost", "next_s": None}),
    ("deliveries", {"state": "sent"}),
    ("recordings", {"drive": -1}),
    ("spending", {"tokens": -1}),
    ("spending", {"wall_ms": -1}),
    ("reservations", {"tokens": -1}),
]
"""(table, what is wrong with its row)."""

TWICE = [
    ("inbox", {"seq": 3}),
    ("cases", {"id": "case_b", "source_id": "2"}),
    ("cases", {"id": "case_b", "seq": 2}),
    ("turns", {"body": "[]"}),
    ("resources", {"version": 1}),
    ("balances", {"value": 2}),
    ("lookups", {}),
    ("claims", {"seq": 2, "shared": 1}),
    ("writes", {"seq": 2, "body": "[]"}),
    ("commits", {"seq": 2, "approval": "esc_b"}),
    ("commits", {"seq": 2, "key": "l"}),
    ("events", {"seq": 2, "source_id": "2"}),
    ("escalations", {"seq": 2}),
    ("decisions", {"seq": 2, "decision": "reject"}),
    ("passes", {"route": "agents"}),
    ("audit", {"seq": 2, "hash": "2"}),
    ("good_answers", {"data": "[]"}),
    ("pulls", {"seq": 2, "reason": "fire"}),
    ("alerts", {"seq": 2, "figure": "10"}),
    ("deliveries", {"subject_seq": 2}),
    ("deliveries", {"event_seq": 3}),
    ("arrivals", {"applied": 2}),
    ("parked", {"source_id": "row_c"}),
    ("dead_letters", {"code": "bad_fact"}),
]
"""(table, how a second row differs that is the same for the table)."""

KEPT = ("turns", "commits", "events", "verdicts", "writes", "passes", "decisions", "audit", "pulls", "alerts")
"""Tables that nothing is deleted from."""

CHANGES = [
    ("turns", "body = '[]'"),
    ("commits", "level = 5"),
    ("events", "data = '[]'"),
    ("verdicts", "verdict = 'committed'"),
    ("writes", "body = '[]'"),
    ("passes", "route = 'agents'"),
    ("audit", "body = '[]'"),
    ("decisions", "reason = 'another', spent = 1"),
    ("pulls", "reason = 'another', released_at = '', released_by = '', release_reason = ''"),
    ("alerts", "figure = '10', cleared_at = '', cleared_figure = ''"),
    ("leases", "token = 1"),
]
"""(table, a change of its row that must not be)."""


@pytest.fixture
def schema() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    for file in migration_files():
        for statement in statements(file.read_text("utf-8")):
            connection.execute(statement)
    yield connection
    connection.close()


def put(connection: sqlite3.Connection, table: str, changes: dict[str, Any]) -> None:
    row = ROWS[table] | changes
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def put_all(connection: sqlite3.Connection, but: str = "") -> None:
    """A good row in every table; in none of those from ``but`` on."""
    for table in ROWS:
        if table == but:
            return
        put(connection, table, {})
        if table == "inbox":
            put(connection, table, {"seq": 2, "source_id": "2"})
        if table == "events":
            put(connection, table, {"seq": 3, "id": "evt_c"})


def called(value: object) -> str:
    return "-".join(value) if isinstance(value, dict) else str(value).partition(" ")[0]


@pytest.mark.parametrize(("table", "wrong"), BAD, ids=called)
def test_a_row_that_cannot_be_is_refused(
    schema: sqlite3.Connection, table: str, wrong: dict[str, Any]
) -> None:
    put_all(schema, but=table)
    with pytest.raises(sqlite3.IntegrityError):
        put(schema, table, wrong)
    put(schema, table, {})


@pytest.mark.parametrize(("table", "differs"), TWICE, ids=called)
def test_what_there_is_once_is_not_written_twice(
    schema: sqlite3.Connection, table: str, differs: dict[str, Any]
) -> None:
    put_all(schema)
    with pytest.raises(sqlite3.IntegrityError):
        put(schema, table, differs)


@pytest.mark.parametrize("table", KEPT)
def test_what_happened_is_not_deleted(schema: sqlite3.Connection, table: str) -> None:
    put_all(schema)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|never"):
        schema.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(("table", "change"), CHANGES, ids=called)
def test_what_happened_is_not_changed(schema: sqlite3.Connection, table: str, change: str) -> None:
    put_all(schema)
    with pytest.raises(sqlite3.IntegrityError):
        schema.execute(f"UPDATE {table} SET {change}")


def test_a_decision_is_spent_once_and_a_pull_released_once(schema: sqlite3.Connection) -> None:
    put_all(schema)
    schema.execute("UPDATE decisions SET spent = 1")
    with pytest.raises(sqlite3.IntegrityError):
        schema.execute("UPDATE decisions SET spent = 0")
    schema.execute("UPDATE pulls SET released_at = 'a', released_by = 'b', release_reason = 'c'")
    with pytest.raises(sqlite3.IntegrityError):
        schema.execute("UPDATE pulls SET released_at = NULL, released_by = NULL, release_reason = NULL")


OLD = [
    ("change_resource", ("[]", "", "stock", "CX", 7)),
    ("save_escalation", ("approved", "", "[]", "esc_a", 7)),
    ("save_breaker", ("open", 3, "", 1.0, 1.0, None, None, "error", None, "a/b", 7)),
    ("renew_lease", (9.0, "case_a", 1)),
    ("drop_lease", ("case_a", 1)),
]
"""(statement, what it is given): the row is at another version, or under another token."""

ONCE = [
    ("spend", ("esc_a", "m.weber")),
    ("release_pull", ("m.weber", "a", "so", "floor")),
    ("clear_alert", ("a", "1", "event_storm")),
]
"""(statement, what it is given): what it does is done once."""


@pytest.mark.parametrize(("name", "values"), [*OLD, *ONCE], ids=[name for name, _ in (*OLD, *ONCE)])
def test_a_statement_under_an_old_version_changes_nothing(
    schema: sqlite3.Connection, name: str, values: tuple[Any, ...]
) -> None:
    put_all(schema)
    statement = named_queries("queries")[name]
    if (name, values) in ONCE:
        assert schema.execute(statement, values).rowcount == 1
    assert schema.execute(statement, values).rowcount == 0
