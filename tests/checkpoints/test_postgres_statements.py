"""Statements through libpq itself: the same values and errors, names that do not run out, few ways."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from checkpoints import postgres_ledger, postgres_statements
from checkpoints.postgres_connection import PostgresConnection, connect
from checkpoints.postgres_ledger import PostgresLedger
from checkpoints.postgres_statements import MOST, MOST_WAITING, NUL, PREPARED_FROM
from checkpoints.postgres_trouble import LostError
from protocol.ports import Tx
from protocol.records import Ref
from tests.checkpoints.kit import START, TYPES, event_row, put
from tests.checkpoints.test_postgres_lost import counted
from tests.checkpoints.worker import add_one
from tests.postgres import some_database

INSERT = "INSERT INTO kept (whole) VALUES (?)"
ALL = "SELECT whole FROM kept ORDER BY whole"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A database of this module."""
    with some_database() as found:
        yield found


@pytest.fixture
def connection(url: str) -> Iterator[PostgresConnection]:
    """A connection with an empty table of its own."""
    with closing(connect(url)) as found:
        found.execute(
            "CREATE TEMP TABLE kept (whole bigint UNIQUE, real double precision, said text, body bytea)"
        )
        yield found


def names(connection: PostgresConnection) -> int:
    """How many statements the server holds prepared for a connection."""
    found = connection.raw.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert found is not None
    return int(found[0])


VALUES = {
    "whole": (0, 1, -1, 2**31, 2**63 - 1, -(2**63), None),
    "real": (0.1, -0.0, 1e-300, 5e-324, 1.7976931348623157e308, None),
    "said": ("", "it's", 'a "b" \\ c', "%s ? $1", "ä\u2028\U0001f6d1", "NULL", None),
    "body": (b"", bytes(range(256)), b"\\x00", None),
}


@pytest.mark.parametrize("column", VALUES)
def test_values_come_back_as_they_were_sent_first_and_prepared(
    connection: PostgresConnection, column: str
) -> None:
    for _ in range(PREPARED_FROM + 1):
        for value in VALUES[column]:
            connection.execute("DELETE FROM kept")
            assert connection.execute(f"INSERT INTO kept ({column}) VALUES (?)", (value,)).rowcount == 1
            (found,) = connection.execute(f"SELECT {column} FROM kept").fetchall()
            assert (found, type(found[0])) == ((value,), type(value))
            assert repr(found[0]) == repr(value), "not even the sign of nothing is lost"


def test_flag_is_a_number_and_nul_its_symbol(connection: PostgresConnection) -> None:
    connection.execute("INSERT INTO kept (whole, said) VALUES (?, ?)", (True, "a\x00b"))
    assert connection.execute("SELECT whole, said FROM kept").fetchone() == (1, f"a{NUL}b")


def test_what_is_asked_again_is_prepared_once(connection: PostgresConnection) -> None:
    for use in range(1, 10):
        assert connection.execute("SELECT said FROM kept WHERE whole = ?", (use,)).fetchone() is None
        assert names(connection) == (use >= PREPARED_FROM)


def test_names_do_not_run_out(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_statements, "MOST", 5)
    for number in range(20):
        for _ in range(PREPARED_FROM):
            found = connection.execute(f"SELECT {number} + whole FROM (SELECT ? AS whole) AS one", (number,))
            assert found.fetchall() == [(2 * number,)]
        assert names(connection) <= 5
    assert MOST > 100, "the ledger's own statements fit in"


def test_name_by_which_something_waits_is_not_given_up(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_statements, "MOST", 5)
    for number in range(PREPARED_FROM):
        connection.execute(INSERT, (number,))
    ended = "lost"
    with suppress(LostError):
        connection.execute("BEGIN")
        connection.execute(INSERT, (PREPARED_FROM,))
        for number in range(10):
            connection.execute(f"DELETE FROM kept WHERE whole = {number} + ?", (100,))
        ended = connection.execute("COMMIT").statusmessage
    assert ended == "COMMIT"
    assert len(connection.execute(ALL).fetchall()) == PREPARED_FROM + 1


def test_names_outlive_a_rollback_and_a_savepoint_of_psycopg(connection: PostgresConnection) -> None:
    def ask() -> Any:
        return connection.execute("SELECT whole FROM kept WHERE whole = ?", (1,)).fetchone()

    for _ in range(PREPARED_FROM):
        ask()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO kept (whole) VALUES (?)", (1,))
    connection.raw.execute("SAVEPOINT theirs")
    for _ in range(10):
        connection.raw.execute("SELECT count(*) FROM kept WHERE whole = %s", (1,))
    connection.raw.execute("ROLLBACK TO theirs")
    assert names(connection) == 1
    assert ask() == (1,)
    connection.execute("ROLLBACK")
    assert (ask(), names(connection)) == (None, 1)


def test_answer_is_read_on_after_another_statement(connection: PostgresConnection) -> None:
    numbers = connection.execute("SELECT n, n::text FROM generate_series(1, 3) AS n")
    assert numbers.fetchone() == (1, "1")
    words = connection.execute("SELECT 'a', 0.5::float8, 7::bigint")
    assert numbers.fetchone() == (2, "2")
    assert words.fetchall() == [("a", 0.5, 7)]
    assert (numbers.fetchall(), numbers.fetchall(), numbers.fetchone()) == ([(3, "3")], [], None)


def test_rows_of_a_long_answer_come_all_and_in_order(connection: PostgresConnection) -> None:
    answer = connection.execute("SELECT n FROM generate_series(1, 1234) AS n")
    assert (answer.rowcount, [n for (n,) in answer]) == (1234, list(range(1, 1235)))


def test_error_is_psycopgs_and_names_the_constraint(connection: PostgresConnection) -> None:
    for _ in range(PREPARED_FROM + 1):
        connection.execute("DELETE FROM kept")
        connection.execute("INSERT INTO kept (whole) VALUES (?)", (1,))
        with pytest.raises(psycopg.errors.UniqueViolation, match="duplicate key") as caught:
            connection.execute("INSERT INTO kept (whole) VALUES (?)", (1,))
        assert (caught.value.sqlstate, caught.value.diag.constraint_name) == ("23505", "kept_whole_key")


def test_wrong_statement_is_told_and_leaves_the_connection_usable(connection: PostgresConnection) -> None:
    for sql, values in (("SELEC", ()), ("SELECT nothing FROM kept", ()), ("SELECT ? FROM nowhere", (1,))):
        for _ in range(PREPARED_FROM + 1):
            with pytest.raises(psycopg.ProgrammingError):
                connection.execute(sql, values)
    assert connection.execute("SELECT 1").fetchone() == (1,)


def test_interrupt_ends_what_runs_and_leaves_the_connection_usable(connection: PostgresConnection) -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            connection.execute("SELECT pg_sleep(?)", (60.0,))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert connection.execute("SELECT ?", ("on",)).fetchone() == ("on",)


def test_many_rows_are_sent_between_other_statements(connection: PostgresConnection) -> None:
    rows = [(n, f"{n} % \x00") for n in range(500)]
    for _ in range(PREPARED_FROM + 1):
        connection.execute("DELETE FROM kept")
        connection.execute_many("INSERT INTO kept (whole, said) VALUES (?, ?)", rows)
        assert connection.execute("SELECT whole, said FROM kept ORDER BY whole").fetchall() == [
            (n, said.replace("\x00", NUL)) for n, said in rows
        ]


async def test_statement_whose_name_was_dropped_is_run_again_with_its_transaction(url: str) -> None:
    ledger = await PostgresLedger.open(
        url, floor="yard", clock=None, clock_start=START, world_types=TYPES, inline=True
    )
    try:
        await ledger.write(put("pile", "P1", count=0))
        for _ in range(PREPARED_FROM):
            await ledger.write(add_one)
        assert names(ledger._writer)
        ledger._writer.raw.execute("DEALLOCATE ALL")
        job, ran = counted(add_one)
        await ledger.write(job)
        pile = await ledger.read(lambda tx: tx.get("pile", "P1"))
        assert pile is not None
        assert (pile["count"], len(ran)) == (
            PREPARED_FROM + 1,
            1,
        )  # BEGIN and the turn come first, and found out
    finally:
        await ledger.close()


def test_dropped_name_is_the_transactions_loss_and_prepared_anew(connection: PostgresConnection) -> None:
    word = uuid4().hex
    asked = ("SELECT ?", "SELECT ? || 'a'")
    for sql in asked * PREPARED_FROM:
        connection.execute(sql, (word,))
    connection.raw.execute("DEALLOCATE andon_2")
    with pytest.raises(LostError):
        connection.execute(asked[1], (word,))
    connection.reset()
    for _ in range(PREPARED_FROM + 1):
        assert [connection.execute(sql, (word,)).fetchone() for sql in asked] == [(word,), (f"{word}a",)]


@pytest.fixture
def ways(connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time a connection waits for its server."""
    found: list[int] = []
    wait = connection._raw.wait

    def counted_wait(*words: Any, **named: Any) -> Any:
        found.append(1)
        return wait(*words, **named)

    monkeypatch.setattr(connection._raw, "wait", counted_wait)
    return found


def test_transaction_goes_to_the_server_as_often_as_it_asks(
    connection: PostgresConnection, ways: list[int]
) -> None:
    for number in range(PREPARED_FROM):
        connection.execute(INSERT, (number,))
        connection.execute("DELETE FROM kept")
    ways.clear()
    connection.execute("BEGIN")
    assert (connection.in_transaction, connection.usable) == (True, False)
    connection.execute("SAVEPOINT one")
    answers = [connection.execute(INSERT, (n,)) for n in (1, 2)]
    assert len(ways) == 0
    assert connection.execute(ALL).fetchall() == [(1,), (2,)]
    assert len(ways) == 1
    assert [answer.rowcount for answer in answers] == [1, 1]
    answers = [connection.execute(INSERT, (n,)) for n in (3, 4)]
    assert answers[0].rowcount == 1
    assert len(ways) == 2
    assert answers[1].rowcount == 1
    connection.execute("RELEASE one")
    assert connection.execute("COMMIT").statusmessage == "COMMIT"
    assert len(ways) == 3
    assert connection.execute(ALL).fetchall() == [(1,), (2,), (3,), (4,)]


def test_statement_outside_a_transaction_is_done_at_once(
    connection: PostgresConnection, ways: list[int]
) -> None:
    connection.execute(INSERT, (1,))
    assert len(ways) == 1


def test_error_of_what_waited_is_told_by_the_next_and_undoes_what_is_behind_it(
    connection: PostgresConnection,
) -> None:
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    connection.execute("SAVEPOINT one")
    before, wrong, behind = (connection.execute(INSERT, (n,)) for n in (2, 1, 3))
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.execute(ALL)
    assert caught.value.diag.constraint_name == "kept_whole_key"
    assert before.rowcount == 1
    for answer in (wrong, behind):
        with pytest.raises(psycopg.OperationalError, match="given up"):
            _ = answer.rowcount
    assert connection.in_transaction
    connection.execute("ROLLBACK TO one")
    assert connection.execute(ALL).fetchall() == [(1,)]
    connection.execute("COMMIT")
    assert connection.execute(ALL).fetchall() == [(1,)]


def test_savepoint_is_undone_that_was_never_sent(connection: PostgresConnection) -> None:
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    connection.execute("SAVEPOINT one")
    connection.execute(INSERT, (2,))
    connection.execute("ROLLBACK TO one")
    connection.execute(INSERT, (3,))
    connection.execute("SAVEPOINT two")
    connection.execute(INSERT, (1,))
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("ROLLBACK TO two")
    connection.execute(INSERT, (4,))
    connection.execute("COMMIT")
    assert connection.execute(ALL).fetchall() == [(1,), (3,), (4,)]


def test_rollback_gives_up_what_waits(connection: PostgresConnection, ways: list[int]) -> None:
    for end in (lambda: connection.execute("ROLLBACK"), connection.reset):
        connection.execute("BEGIN")
        answer = connection.execute(INSERT, (1,))
        end()
        assert (connection.in_transaction, connection.usable) == (False, True)
        with pytest.raises(psycopg.OperationalError, match="given up"):
            _ = answer.rowcount
    assert connection.execute(ALL).fetchall() == []


def test_commit_is_not_done_when_what_waited_for_it_fails(connection: PostgresConnection) -> None:
    connection.execute("BEGIN")
    for _ in range(2):
        connection.execute(INSERT, (1,))
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("COMMIT")
    connection.reset()
    assert connection.execute(ALL).fetchall() == []


def test_no_more_waits_than_goes_out_in_one_piece(connection: PostgresConnection, ways: list[int]) -> None:
    def say(size: int) -> None:
        connection.execute("INSERT INTO kept (said) VALUES (?)", ("x" * size,))

    for _ in range(PREPARED_FROM):
        say(1)
    connection.execute("BEGIN")
    ways.clear()
    for _ in range(10):
        say(MOST_WAITING // 4)
    assert len(ways) == 2
    say(MOST_WAITING + 1)
    assert len(ways) == 4, "what is large goes by itself"
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (PREPARED_FROM + 11,)


def test_psycopg_is_asked_after_what_waits(connection: PostgresConnection) -> None:
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    assert connection.raw.execute(b"SELECT whole FROM kept").fetchall() == [(1,)]
    connection.execute(INSERT, (2,))
    connection.execute_many(INSERT, [(3,)])
    connection.execute("COMMIT")
    assert connection.execute(ALL).fetchall() == [(1,), (2,), (3,)]


def test_words_of_several_statements_are_sent_after_what_waits(connection: PostgresConnection) -> None:
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    connection.execute("CREATE TEMP TABLE more (n bigint); ALTER TABLE kept ADD COLUMN other bigint")
    connection.execute("COMMIT")
    assert connection.execute("SELECT whole, other FROM kept").fetchall() == [(1, None)]


def test_server_that_ends_the_session_in_a_message_loses_the_transaction(
    url: str, connection: PostgresConnection
) -> None:
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    with pytest.raises(LostError):
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert (connection.in_transaction, connection.usable, connection.alive) == (False, False, False)
    connection.reset()


def test_interrupted_message_leaves_the_connection_usable(connection: PostgresConnection) -> None:
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(KeyboardInterrupt):
            connection.execute("SELECT pg_sleep(?)", (60.0,))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    connection.reset()
    assert connection.execute(ALL).fetchall() == []


def test_name_dropped_under_a_message_is_the_transactions_loss(connection: PostgresConnection) -> None:
    for number in range(PREPARED_FROM + 1):
        connection.execute(INSERT, (number,))
    connection.raw.execute("DEALLOCATE ALL")
    connection.execute("BEGIN")
    connection.execute(INSERT, (10,))
    answer = connection.execute(INSERT, (11,))
    with pytest.raises(LostError):
        _ = answer.rowcount
    assert not connection.in_transaction
    connection.reset()
    connection.execute("BEGIN")
    for number in range(20, 20 + PREPARED_FROM + 1):
        connection.execute(INSERT, (number,))
    connection.execute("COMMIT")
    assert len(connection.execute(ALL).fetchall()) == 2 * (PREPARED_FROM + 1)


async def test_job_whose_last_statement_fails_is_told_so_and_spares_the_others(url: str) -> None:
    def twice(tx: Tx) -> None:
        tx.put_event(event_row("E1"))
        tx.put_event(event_row("E1"))

    ledger = await PostgresLedger.open(
        url, floor="yard", clock=None, clock_start=START, world_types=TYPES, inline=False
    )
    try:
        with pytest.raises(psycopg.errors.UniqueViolation, match="events_id_key"):
            await ledger.write(twice)
        ends = await asyncio.gather(
            *(ledger.write(job) for job in (put("pile", "P7"), twice, put("pile", "P8"))),
            return_exceptions=True,
        )
        assert [isinstance(end, psycopg.errors.UniqueViolation) for end in ends] == [False, True, False]
        found = await ledger.read(lambda tx: [tx.get("pile", key) is not None for key in ("P7", "P8")])
        assert found == [True, True]
        assert await ledger.read(lambda tx: tx.event("E1")) is None
    finally:
        await ledger.close()


async def test_what_fails_in_a_mark_is_told_and_undone_in_it(url: str) -> None:
    def twice(tx: Tx) -> None:
        with tx.mark():
            tx.put_event(event_row("E2"))
            tx.put_event(event_row("E2"))

    def job(tx: Tx) -> list[bool]:
        put("pile", "P10")(tx)
        with pytest.raises(psycopg.errors.UniqueViolation):
            twice(tx)
        tx.put_event(event_row("E3"))
        return [tx.event(name) is not None for name in ("E2", "E3")]

    ledger = await PostgresLedger.open(
        url, floor="yard", clock=None, clock_start=START, world_types=TYPES, inline=True
    )
    try:
        assert await ledger.write(job) == [False, True]
        assert await ledger.read(lambda tx: tx.get("pile", "P10")) is not None
    finally:
        await ledger.close()


async def test_transaction_lost_at_its_commit_is_run_again_and_nobody_asked_what_became_of_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object) -> bool:
        raise AssertionError("the server is there, and has answered")

    def lose(tx: Tx) -> None:
        add_one(tx)
        if len(ran) == 1:
            ledger._writer.execute("DEALLOCATE ALL")
        tx.put_event(event_row(f"lost{len(ran)}"))

    monkeypatch.setattr(postgres_ledger, "was_committed", ask)
    ledger = await PostgresLedger.open(
        url, floor="yard", clock=None, clock_start=START, world_types=TYPES, inline=True
    )
    try:
        await ledger.write(lambda tx: tx.write(Ref("pile", "P1"), None, {"count": 0}, {}, "keeper", "c"))
        before = await ledger.read(lambda tx: tx.get("pile", "P1"))
        for number in range(PREPARED_FROM):
            await ledger.write(lambda tx, n=number: tx.put_event(event_row(f"kept{n}")))  # type: ignore[misc]
        job, ran = counted(lose)
        await ledger.write(job)
        after = await ledger.read(lambda tx: (tx.get("pile", "P1"), tx.event("lost1"), tx.event("lost2")))
        assert before is not None
        assert after[0] is not None
        assert (len(ran), after[0]["count"] - before["count"]) == (2, 1)
        assert [event is None for event in after[1:]] == [True, False]
    finally:
        await ledger.close()
