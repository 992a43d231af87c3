"""What only writes waits for the next question: few ways to the server, and errors where they belong."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest

from checkpoints import postgres_ledger, postgres_statements
from checkpoints.postgres_connection import PostgresConnection
from checkpoints.postgres_ledger import PostgresLedger
from checkpoints.postgres_message import send_together
from checkpoints.postgres_statements import MOST_WAITING, PREPARED_FROM
from checkpoints.postgres_trouble import LostError
from checkpoints.sql_tx import SqlTx
from protocol.ports import Tx
from protocol.records import Ref
from tests.checkpoints.kit import START, TYPES, event_row, put
from tests.checkpoints.test_postgres_lost import counted
from tests.checkpoints.worker import add_one

INSERT = "INSERT INTO kept (whole) VALUES (?)"
ALL = "SELECT whole FROM kept ORDER BY whole"


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
        say(MOST_WAITING // 4 - 110)
    assert len(ways) == 2
    say(MOST_WAITING + 1)
    assert len(ways) == 4, "what is large goes by itself"
    for _ in range(MOST_WAITING // 100):
        connection.execute("SAVEPOINT one")
    assert len(ways) == 5, "of what has no values its words count"
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (PREPARED_FROM + 11,)


def test_nothing_of_a_message_is_sent_before_the_whole_is_written(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[str] = []

    def watched(raw: Any, sends: Any) -> Any:
        def look_and_send(pgconn: Any) -> None:
            with psycopg.connect(raw.info.dsn) as other:
                asked = "SELECT state FROM pg_stat_activity WHERE pid = %s"
                states.extend(state for (state,) in other.execute(asked, (raw.info.backend_pid,)))
            sends[-1](pgconn)

        return send_together(raw, [*sends[:-1], look_and_send])

    connection.execute("BEGIN")
    connection.execute(ALL)
    monkeypatch.setattr("checkpoints.postgres_statements.send_together", watched)
    for number in range(300):
        connection.execute("INSERT INTO kept (said) VALUES (?)", (f"{number}",))
    connection.execute("COMMIT")
    assert len(states) > 1
    assert set(states) == {"idle in transaction"}, "the server would wait for the rest, and count no time"


def test_what_is_asked_ahead_comes_with_the_next_message(
    connection: PostgresConnection, ways: list[int]
) -> None:
    counted_rows, one = "SELECT count(*) FROM kept", "SELECT whole FROM kept WHERE whole = ?"
    connection.execute("BEGIN")
    connection.execute(INSERT, (1,))
    connection.ahead(counted_rows)
    connection.ahead(one, (1,))
    assert connection.execute(ALL).fetchall() == [(1,)]
    assert len(ways) == 1
    connection.execute("SAVEPOINT one")
    assert connection.execute(one, (1,)).fetchone() == (1,)
    assert connection.execute(counted_rows).fetchone() == (1,)
    assert len(ways) == 1
    assert connection.execute(counted_rows).fetchone() == (1,)
    assert len(ways) == 2, "an answer is given once"


CHANGES: dict[str, Callable[[PostgresConnection], object]] = {
    "write": lambda c: c.execute(INSERT, (2,)),
    "undone": lambda c: c.execute("ROLLBACK TO before"),
    "psycopg": lambda c: c.raw.execute(b"INSERT INTO kept (whole) VALUES (2)"),
    "many": lambda c: c.execute_many(INSERT, [(2,)]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_answer_from_before_a_change_is_not_taken(connection: PostgresConnection, change: str) -> None:
    connection.execute("BEGIN")
    connection.execute("SAVEPOINT before")
    connection.execute(INSERT, (1,))
    connection.ahead(ALL)
    connection.execute("SELECT 1")
    CHANGES[change](connection)
    assert connection.execute(ALL).fetchall() == ([] if change == "undone" else [(1,), (2,)])


def test_nothing_is_asked_ahead_outside_a_transaction_or_kept_beyond_it(
    connection: PostgresConnection, ways: list[int]
) -> None:
    connection.ahead(ALL)
    connection.execute(INSERT, (1,))
    assert len(ways) == 1
    for end in ("COMMIT", "ROLLBACK"):
        connection.execute("BEGIN")
        connection.ahead(ALL)
        connection.execute(end)
        connection.execute("DELETE FROM kept")
        assert connection.execute(ALL).fetchall() == []


def test_answer_that_was_given_up_is_asked_for_anew(connection: PostgresConnection) -> None:
    connection.execute("BEGIN")
    connection.execute("SAVEPOINT one")
    for _ in range(2):
        connection.execute(INSERT, (1,))
    connection.ahead(ALL)
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("SELECT 1")
    connection.execute("ROLLBACK TO one")
    assert connection.execute(ALL).fetchall() == []


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


async def test_statement_that_cannot_be_prepared_harms_its_own_job_only(url: str) -> None:
    def wrong(tx: Tx) -> None:
        assert isinstance(tx, SqlTx)
        list(tx.rows("SELECT whole::nothing FROM generate_series(1, ?) AS g (whole)", 1))

    ledger = await PostgresLedger.open(
        url, floor="yard", clock=None, clock_start=START, world_types=TYPES, inline=False
    )
    try:
        for number in range(PREPARED_FROM + 1):
            jobs = (put("pile", f"Q{number}"), wrong)
            right, told = await asyncio.gather(*map(ledger.write, jobs), return_exceptions=True)
            assert (right, type(told)) == (0, psycopg.errors.UndefinedObject)
    finally:
        await ledger.close()
