"""What PostgreSQL itself keeps apart: its keys and predicates hold without the turn that writers take."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from checkpoints.copying import tables
from checkpoints.dialect import settled
from checkpoints.named_sql import migration_files, statements
from checkpoints.postgres_connection import PostgresConnection, connect
from checkpoints.postgres_ledger import POSTGRES
from checkpoints.sql_tx import SqlTx
from protocol.ports import Tx
from protocol.records import Ref
from protocol.rows import LeaseHolder, PullRow
from tests.checkpoints.calls import OPENED
from tests.checkpoints.kit import (
    START,
    TYPES,
    commit_row,
    database_at,
    decision_row,
    escalation_row,
    event_row,
    open_case,
    postgres,
    put,
    sqlite,
    take_back_databases,
)

PILE = Ref("pile", "P1")
PULL = PullRow("floor", "ann", "foreman", "smoke", START)
REFUSED = "UniqueViolation"


@pytest.fixture
async def url(tmp_path: Path) -> Any:
    """A database with a ledger in it, and nobody at work on it."""
    async with postgres(tmp_path):
        pass
    yield database_at(tmp_path)
    take_back_databases()


def crossed(url: str, first: Callable[[Tx], Any], second: Callable[[Tx], Any]) -> tuple[Any, Any]:
    """What two transactions come to that take no turn: the second begins before the first commits."""
    with closing(connect(url)) as one, closing(connect(url)) as two, ThreadPoolExecutor(1) as pool:
        for connection in (one, two):
            connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        said = _done(first, one)
        pid = two.raw.info.backend_pid
        later = pool.submit(_done, second, two)
        while not later.done() and not _waits(url, pid):
            threading.Event().wait(0.001)
        one.execute("COMMIT")
        try:
            answer = later.result()
        except psycopg.errors.UniqueViolation:
            return said, REFUSED
        two.execute("COMMIT")
        return said, answer


def _done(job: Callable[[Tx], Any], connection: PostgresConnection) -> Any:
    """Run a job to where nothing of it waits to be sent."""
    said = job(SqlTx(POSTGRES, connection, TYPES, None, START))
    settled(connection.execute("SELECT 1"))
    return said


def _waits(url: str, pid: int) -> bool:
    with psycopg.connect(url) as other:
        found = other.execute("SELECT pg_blocking_pids(%s)", (pid,)).fetchone()
        return bool(found and found[0])


def alone(url: str, job: Callable[[Tx], Any]) -> Any:
    """Run a job by itself."""
    with closing(connect(url)) as connection:
        connection.execute("BEGIN")
        value = job(SqlTx(POSTGRES, connection, TYPES, None, START))
        connection.execute("COMMIT")
        return value


def _escalate(tx: Tx) -> None:
    tx.put_escalation(escalation_row())


def _decide(tx: Tx) -> None:
    _escalate(tx)
    tx.put_decision(decision_row())


def _commit(key: str, approval: str | None = None) -> Callable[[Tx], None]:
    return lambda tx: tx.put_commit(commit_row(key, approval=approval))


def _turn(text: str) -> Callable[[Tx], Any]:
    return lambda tx: tx.put_turn("case_1", 1, "crew", {"said": text})["said"]


def _take(pid: int) -> Callable[[Tx], Any]:
    return lambda tx: tx.take_lease("case_1", LeaseHolder("here", pid, "1"), 100.0, 15.0, False)


Job = Callable[[Tx], Any]
CROSSED: dict[str, tuple[Job, Job, Job, tuple[Any, Any]]] = {
    "update": (
        put("pile", "P1", count=0),
        lambda tx: tx.write(PILE, 0, {}, {"count": 1}, "keeper", "c"),
        lambda tx: tx.write(PILE, 0, {}, {"count": 1}, "keeper", "c"),
        (1, None),
    ),
    "record": (lambda _: None, put("crate", "C1"), put("crate", "C1"), (0, None)),
    "commit key": (lambda _: None, _commit("k"), _commit("k"), (None, REFUSED)),
    "approval": (lambda _: None, _commit("k1", "esc_1"), _commit("k2", "esc_1"), (None, REFUSED)),
    "turn": (lambda _: None, _turn("first"), _turn("second"), ("first", "first")),
    "decision": (
        _escalate,
        lambda tx: tx.put_decision(decision_row()),
        lambda tx: tx.put_decision(decision_row()),
        (None, REFUSED),
    ),
    "spent decision": (
        _decide,
        lambda tx: tx.spend(decision_row()),
        lambda tx: tx.spend(decision_row()),
        (True, False),
    ),
    "escalation": (
        _escalate,
        lambda tx: tx.save_escalation(escalation_row(), 0),
        lambda tx: tx.save_escalation(escalation_row(), 0),
        (True, False),
    ),
    "pull": (lambda _: None, lambda tx: tx.put_pull(PULL), lambda tx: tx.put_pull(PULL), (True, False)),
    "release": (
        lambda tx: tx.put_pull(PULL),
        lambda tx: tx.release_pull("floor", "ann", START, "gone"),
        lambda tx: tx.release_pull("floor", "bob", START, "gone"),
        (True, False),
    ),
    "line": (
        lambda _: None,
        lambda tx: tx.accept("line", "1", "text", {}),
        lambda tx: tx.accept("line", "1", "text", {}),
        (1, None),
    ),
    "new breaker": (
        lambda _: None,
        lambda tx: tx.save_breaker(OPENED, 0),
        lambda tx: tx.save_breaker(OPENED, 0),
        (True, False),
    ),
    "breaker": (
        lambda tx: tx.save_breaker(OPENED, 0),
        lambda tx: tx.save_breaker(OPENED, 1),
        lambda tx: tx.save_breaker(OPENED, 1),
        (True, False),
    ),
    "audit head": (
        lambda _: None,
        lambda tx: tx.audit({"what": "one"}),
        lambda tx: tx.audit({"what": "two"}),
        (None, REFUSED),
    ),
    "lease": (lambda _: None, _take(1), _take(2), (1, None)),
}


@pytest.mark.parametrize("name", CROSSED)
def test_what_is_done_once_is_done_once_without_the_turn(url: str, name: str) -> None:
    before, first, second, expected = CROSSED[name]
    alone(url, before)
    assert crossed(url, first, second) == expected


def test_same_key_is_refused_when_its_row_has_another_number(url: str) -> None:
    alone(url, _commit("k", "esc_1"))
    for key, approval in (("k", None), ("k2", "esc_1")):
        with pytest.raises(psycopg.errors.UniqueViolation):
            alone(url, _commit(key, approval))


APPENDED = (
    "audit",
    "turns",
    "commits",
    "events",
    "verdicts",
    "writes",
    "passes",
    "decisions",
    "pulls",
    "alerts",
)


def _some_of_each(url: str) -> None:
    from tests.checkpoints.test_schema import ROWS

    with psycopg.connect(url, options="-c search_path=andon") as raw:
        for table, row in ROWS.items():
            marks = ", ".join(["%s"] * len(row))
            raw.execute(
                f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})".encode(), list(row.values())
            )


@pytest.mark.parametrize("change", ["DELETE FROM {table}", "UPDATE {table} SET {column} = {column}"])
def test_what_happened_stays(url: str, change: str) -> None:
    _some_of_each(url)
    with psycopg.connect(url, autocommit=True, options="-c search_path=andon") as raw:
        for table in APPENDED:
            column = raw.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'andon'"
                " AND table_name = %s ORDER BY ordinal_position LIMIT 1",
                (table,),
            ).fetchone()
            assert column is not None
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
                raw.execute(change.format(table=table, column=column[0]).encode())


async def test_rows_are_numbered_without_a_gap_after_jobs_that_failed(tmp_path: Path) -> None:
    def failing(tx: Tx) -> None:
        tx.put_event(event_row("evt_lost"))
        open_case(tx, number=99)
        raise KeyError("lost")

    def number(n: int) -> Job:
        def job(tx: Tx) -> None:
            tx.put_event(event_row(f"evt_{n}"))
            open_case(tx, id=f"case_{n}", number=n)

        return job

    async with postgres(tmp_path) as ledger:
        for n in (1, 2, 3):
            with pytest.raises(KeyError):
                await ledger.write(failing)
            await ledger.write(number(n))
        events = await ledger.read(lambda tx: tx.events())
        cases = await ledger.read(lambda tx: tx.cases())
    take_back_databases()
    assert [row.seq for row in events] == [1, 2, 3]
    assert [row.seq for row in cases] == [3, 2, 1]


KEYS = ["B", "a", "A-1", "A_1", "A1", "a b", "ä", "Z", "_", "-", "0", "É", "z", "aa"]


async def test_names_come_in_the_order_of_their_bytes_on_both(tmp_path: Path) -> None:
    found = []
    for adapter in (sqlite(inline=True), postgres):
        async with adapter(tmp_path / "l.db") as ledger:
            for key in KEYS:
                await ledger.write(put("note", key, text=key))
            found.append([r.key for r in await ledger.read(lambda tx: tx.find("note"))])
    take_back_databases()
    assert found[0] == found[1] == sorted(KEYS, key=str.encode)


def test_both_have_the_same_tables_and_columns_in_the_same_order(url: str) -> None:
    import sqlite3

    kinds = {"INTEGER": "bigint", "REAL": "double precision", "TEXT": "text", "BLOB": "bytea"}
    with closing(sqlite3.connect(":memory:")) as file, psycopg.connect(url) as raw:
        for statement in (s for f in migration_files() for s in statements(f.read_text("utf-8"))):
            file.execute(statement)
        for table in tables():
            ours = [(c[1], kinds[c[2]]) for c in file.execute(f"PRAGMA table_info({table})")]
            theirs = raw.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'andon' AND table_name = %s ORDER BY ordinal_position",
                (table,),
            ).fetchall()
            assert ours == theirs, table


SPOILT = {
    "ALTER TABLE audit DISABLE TRIGGER audit_no_update": (
        "the trigger audit.audit_no_update is missing or not enabled"
    ),
    "DROP TRIGGER writes_no_delete ON writes": (
        "the trigger writes.writes_no_delete is missing or not enabled"
    ),
    "DROP INDEX pulls_standing": "the index pulls_standing is missing or not unique partial (scope)",
    "DROP INDEX cases_source; CREATE INDEX cases_source ON cases (source, source_id)": (
        "the index cases_source is missing or not unique (source, source_id)"
    ),
    "ALTER TABLE commits DROP CONSTRAINT commits_key_key": "the key commits (key) is missing or not unique",
    "ALTER TABLE commits DROP CONSTRAINT commits_approval_key": (
        "the key commits (approval) is missing or not unique"
    ),
    "ALTER TABLE turns DROP CONSTRAINT turns_pkey": (
        "the key turns (case_id, round, agent) is missing or not unique"
    ),
    "ALTER TABLE decisions DROP CONSTRAINT decisions_escalation_fkey": (
        "the reference decisions (escalation) is missing or not to escalations"
    ),
    "ALTER TABLE leases DROP CONSTRAINT leases_token_check": "the checks of table leases is missing or not 2",
    "ALTER TABLE balances ALTER value TYPE numeric": (
        "the column balances.value is missing or not bigint not null"
    ),
    "ALTER TABLE commits ALTER key DROP NOT NULL": "the column commits.key is missing or not text not null",
    "ALTER TABLE cases ADD COLUMN extra text": "the column cases.extra is not of this schema",
    "DROP TABLE alerts": "the column alerts.name is missing or not text not null",
    "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;END'": (
        "the function refuse is missing or not as it was made"
    ),
    "CREATE TRIGGER sly BEFORE INSERT ON commits FOR EACH ROW EXECUTE FUNCTION refuse('x')": (
        "the trigger commits.sly is not of this schema"
    ),
}


def _soundness(connection: PostgresConnection) -> list[str]:
    return list(SqlTx(POSTGRES, connection, TYPES, None, START).soundness())


def test_a_schema_that_was_tampered_with_is_noticed(url: str) -> None:
    with closing(connect(url)) as connection:
        assert _soundness(connection) == []
        for statement, said in SPOILT.items():
            connection.execute("BEGIN")
            for part in statement.split("; "):
                connection.execute(part)
            assert said in _soundness(connection), statement
            connection.execute("ROLLBACK")


async def test_a_table_of_others_in_the_schema_is_theirs(url: str) -> None:
    with closing(connect(url)) as connection:
        connection.execute("BEGIN")
        connection.execute("CREATE TABLE theirs (a int)")
        assert _soundness(connection) == []
        connection.execute("ROLLBACK")
