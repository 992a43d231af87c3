"""Statements sent through libpq itself: the same values, the same errors, and names that do not run out."""

import signal
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from checkpoints import postgres_statements
from checkpoints.postgres_connection import PostgresConnection
from checkpoints.postgres_ledger import PostgresLedger
from checkpoints.postgres_statements import MOST, NUL, PREPARED_FROM
from checkpoints.postgres_trouble import LostError
from tests.checkpoints.kit import START, TYPES, put
from tests.checkpoints.test_postgres_lost import counted
from tests.checkpoints.worker import add_one


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
