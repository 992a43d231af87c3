"""A server that goes away, ends transactions or keeps silent: what was acknowledged is there, once."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import psycopg
import pytest

from checkpoints import postgres_connection
from checkpoints.postgres_connection import PostgresConnection, connect
from checkpoints.postgres_ledger import PostgresLedger, was_committed
from checkpoints.postgres_trouble import LostError, UnsureError
from protocol.errors import DependencyDownError, InvalidFloorError
from protocol.failpoints import Point, arm
from protocol.ports import ReadTx, Tx
from protocol.records import Ref
from tests.checkpoints.cable import Cut, cable
from tests.checkpoints.kit import START, TYPES, put
from tests.checkpoints.worker import add_one
from tests.postgres import OwnServer, some_database


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """A database of this module; each test has a pile of its own in it."""
    with some_database() as url:
        yield url


@pytest.fixture(scope="module")
def own() -> OwnServer:
    """A server that a test may stop."""
    return OwnServer()


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[PostgresLedger]:
    """A ledger in which there is one pile with nothing on it."""
    settings: dict[str, Any] = {"floor": "yard", "clock": None, "clock_start": START, "world_types": TYPES}
    ledger = await PostgresLedger.open(url, **settings | options)
    try:
        if await ledger.read(lambda tx: tx.get("pile", "P1")) is None:
            await ledger.write(put("pile", "P1", count=0))
        yield ledger
    finally:
        await ledger.close()


def count(tx: ReadTx) -> int:
    """What lies on the pile."""
    pile = tx.get("pile", "P1")
    assert pile is not None
    assert pile.version == pile["count"], "each writing has added one"
    return int(pile["count"])


def counted(job: Callable[[Tx], Any]) -> tuple[Callable[[Tx], Any], list[int]]:
    """A job, and how often it ran."""
    ran: list[int] = []

    def counting(tx: Tx) -> Any:
        ran.append(1)
        return job(tx)

    return counting, ran


@contextmanager
def at(point: Point, act: Callable[[], object]) -> Iterator[None]:
    """Do something when the work comes to a point, the first time."""
    left = [act]

    def hook(reached: Point) -> None:
        if reached is point and left:
            left.pop()()

    arm(hook)
    try:
        yield
    finally:
        arm(None)


def ended_from_outside(url: str, connection: PostgresConnection) -> None:
    """Have the server end a session, and wait until it has."""
    pid = connection.raw.info.backend_pid
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


@pytest.mark.parametrize("cut", ["before", "after", "unseen"])
async def test_commit_that_gets_no_answer_is_done_once(shared: str, cut: Cut) -> None:
    quick = patch.dict(postgres_connection._SESSION, {"idle_in_transaction_session_timeout": "700"})
    with quick, cable(shared) as line:
        async with opened(line.url) as ledger:
            before = await ledger.read(count)
            job, ran = counted(add_one)
            ledger._writer.close()  # a new connection says COMMIT in so many words, and prepares nothing
            line.cut = cut
            await ledger.write(job)
            assert line.cuts == 1
            assert await ledger.read(count) == before + 1
            assert len(ran) == (1 if cut == "after" else 2)


async def test_session_that_is_ended_between_its_last_row_and_commit_is_run_again(shared: str) -> None:
    async with opened(shared) as ledger:
        before, (job, ran) = await ledger.read(count), counted(add_one)
        with at(Point.ROUTED, lambda: ended_from_outside(shared, ledger._writer)):
            await ledger.write(job)
        assert (await ledger.read(count), len(ran)) == (before + 1, 2)


async def test_session_that_is_ended_inside_a_savepoint_is_run_again_with_all_who_share_it(
    shared: str,
) -> None:
    async with opened(shared) as ledger:
        before, ended = await ledger.read(count), list[int]()

        def job(tx: Tx) -> None:
            with tx.mark():
                add_one(tx)
                if not ended:
                    ended.append(1)
                    ended_from_outside(shared, ledger._writer)
                tx.audit({"what": "one"})

        await asyncio.gather(ledger.write(add_one), ledger.write(job), ledger.write(add_one))
        assert await ledger.read(count) == before + 3


async def test_reader_whose_session_was_ended_reads_on(shared: str) -> None:
    async with opened(shared) as ledger:
        before = await ledger.read(count)
        ended_from_outside(shared, ledger._reader)
        assert await ledger.read(count) == before


async def test_transaction_that_stands_still_is_ended_and_run_again(shared: str) -> None:
    quick = patch.dict(postgres_connection._SESSION, {"idle_in_transaction_session_timeout": "100"})
    with quick:
        async with opened(shared) as ledger:
            before, stood = await ledger.read(count), list[int]()

            def job(tx: Tx) -> None:
                add_one(tx)
                if not stood:
                    stood.append(1)
                    threading.Event().wait(0.4)
                tx.audit({"what": "one"})

            await ledger.write(job)
            assert await ledger.read(count) == before + 1


async def test_serialization_failure_is_run_again_with_the_same_keys(shared: str) -> None:
    async with opened(shared):
        pass
    with psycopg.connect(shared, autocommit=True) as raw:
        raw.execute("CREATE SEQUENCE failures")
        raw.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF nextval('public.failures') <= 2 THEN RAISE EXCEPTION USING ERRCODE = '40001'; END IF;"
            " RETURN NEW; END $$"
        )
        raw.execute(
            "CREATE TRIGGER fails BEFORE UPDATE ON andon.resources FOR EACH ROW EXECUTE FUNCTION fail()"
        )
    try:
        async with opened(shared) as ledger:
            before, (job, ran) = await ledger.read(count), counted(add_one)
            await ledger.write(job)
            assert (await ledger.read(count), len(ran)) == (before + 1, 3)
    finally:
        with psycopg.connect(shared, autocommit=True) as raw:
            raw.execute("DROP TRIGGER fails ON andon.resources")


async def test_deadlock_with_somebody_who_takes_no_turn_is_run_again(shared: str) -> None:
    async with opened(shared) as ledger:
        before = await ledger.read(count)
        await ledger.write(put("crate", "DEAD"))
        with psycopg.connect(shared) as other, psycopg.connect(shared, autocommit=True) as boss:
            boss.execute(f"ALTER DATABASE {boss.info.dbname} SET deadlock_timeout = '50ms'".encode())
            ledger._writer.close()  # the next one waits less long
            other.execute("SET deadlock_timeout = '1min'")
            other.execute("SELECT FROM andon.resources WHERE key = 'P1' FOR UPDATE")
            crossing = threading.Thread(target=_take_crate, args=(other,))

            def move(tx: Tx) -> None:
                crate = tx.get("crate", "DEAD")
                assert crate is not None
                tx.write(Ref("crate", "DEAD"), crate.version, {"place": "x"}, {}, "keeper", "c")
                if not crossing.ident:
                    crossing.start()
                    while not _blocked(boss, other):
                        threading.Event().wait(0.001)
                add_one(tx)

            job, ran = counted(move)
            await ledger.write(job)
            crossing.join()
            assert (await ledger.read(count), len(ran)) == (before + 1, 2)


def _take_crate(other: "psycopg.Connection[Any]") -> None:
    other.execute("SELECT FROM andon.resources WHERE key = 'DEAD' FOR UPDATE")
    other.rollback()


def _blocked(boss: "psycopg.Connection[Any]", other: "psycopg.Connection[Any]") -> bool:
    found = boss.execute("SELECT pg_blocking_pids(%s)", (other.info.backend_pid,)).fetchone()
    return bool(found and found[0])


async def test_job_that_goes_on_after_a_statement_failed_is_not_acknowledged(shared: str) -> None:
    def job(tx: Any) -> None:
        add_one(tx)
        try:
            list(tx.rows("SELECT no_such_column FROM meta"))
        except psycopg.Error:
            return  # as if nothing had happened: PostgreSQL answers this COMMIT with a quiet ROLLBACK

    async with opened(shared) as ledger:
        before = await ledger.read(count)
        with pytest.raises(DependencyDownError):
            await ledger.write(job)
        assert await ledger.read(count) == before
        await ledger.write(add_one)
        assert await ledger.read(count) == before + 1


async def test_error_of_a_statement_is_the_jobs_and_harms_nobody_else(shared: str) -> None:
    def job(tx: Any) -> None:
        add_one(tx)
        list(tx.rows("SELECT no_such_column FROM meta"))

    async with opened(shared) as ledger:
        before = await ledger.read(count)
        with pytest.raises(psycopg.errors.UndefinedColumn):
            await ledger.write(job)
        wrong, right = await asyncio.gather(ledger.write(job), ledger.write(add_one), return_exceptions=True)
        assert isinstance(wrong, psycopg.errors.UndefinedColumn)
        assert right is None
        assert await ledger.read(count) == before + 1
        with pytest.raises(psycopg.errors.UndefinedColumn):
            await ledger.read(lambda tx: list(tx.rows("SELECT no_such_column FROM meta")))  # type: ignore[attr-defined]
        assert await ledger.read(count) == before + 1


async def test_number_too_large_is_the_jobs_error(shared: str) -> None:
    async with opened(shared) as ledger:
        before = await ledger.read(count)
        with pytest.raises(OverflowError):
            await ledger.write(lambda tx: tx.put_turn("case_1", 2**63, "crew", {}))
        assert await ledger.write(lambda tx: tx.put_turn("case_1", 2**63 - 1, "crew", {"a": 1})) == {"a": 1}
        assert await ledger.read(count) == before


async def test_ledger_locked_for_too_long_is_told(shared: str) -> None:
    with patch.dict(postgres_connection._SESSION, {"lock_timeout": "100"}):
        async with opened(shared) as ledger:
            before = await ledger.read(count)
            with psycopg.connect(shared) as other:
                other.execute("SELECT FROM andon.meta WHERE name = 'clock' FOR UPDATE")
                with pytest.raises(DependencyDownError) as caught:
                    await ledger.write(add_one)
                assert caught.value.error_code == "ledger_locked"
            await ledger.write(add_one)
            assert await ledger.read(count) == before + 1


async def test_server_that_stays_away_is_told_and_one_that_comes_back_is_used(own: OwnServer) -> None:
    async with opened(own.url, wait_s=0.3) as ledger:
        before = await ledger.read(count)
        own.stop()
        try:
            for work in (lambda: ledger.write(add_one), lambda: ledger.read(count)):
                with pytest.raises(DependencyDownError) as caught:
                    await work()
                assert (caught.value.error_code, caught.value.exit_code) == ("ledger_down", 69)
            with pytest.raises(DependencyDownError):
                await PostgresLedger.open(
                    own.url, floor="yard", clock=None, clock_start=START, world_types=TYPES
                )
        finally:
            own.start()
        await ledger.write(add_one)
        assert await ledger.read(count) == before + 1


async def test_restart_during_a_burst_loses_nothing_and_doubles_nothing(own: OwnServer) -> None:
    async with opened(own.url) as ledger:
        before, enough, acknowledged = await ledger.read(count), asyncio.Event(), list[int]()

        async def burst() -> None:
            while not enough.is_set():
                await ledger.write(add_one)
                acknowledged.append(1)

        bursts = [asyncio.create_task(burst()) for _ in range(4)]
        for _ in range(2):
            await asyncio.sleep(0.1)
            await asyncio.to_thread(own.stop)
            await asyncio.to_thread(own.start)
        await asyncio.sleep(0.1)
        enough.set()
        await asyncio.gather(*bursts)
        assert acknowledged
        assert await ledger.read(count) == before + len(acknowledged)


def test_number_of_a_transaction_from_before_a_crash_proves_nothing(shared: str) -> None:
    connection = connect(shared)
    try:
        found = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert found is not None
        assert was_committed(shared, found[0], connection.epoch)
        with pytest.raises(UnsureError):
            was_committed(shared, found[0], "another epoch")
        connection.execute("BEGIN")
        found = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert found is not None
        with pytest.raises(LostError):
            was_committed(shared, found[0], connection.epoch)
        connection.execute("ROLLBACK")
        assert not was_committed(shared, found[0], "another epoch")
        assert not was_committed(shared, str(int(found[0]) + 10**9), connection.epoch)
    finally:
        connection.close()


async def test_commit_that_nobody_can_vouch_for_is_told_and_not_repeated(shared: str) -> None:
    with cable(shared) as line:
        async with opened(line.url) as ledger:
            before, (job, ran) = await ledger.read(count), counted(add_one)
            ledger._writer.close()
            line.cut = "after"
            with (
                at(Point.ROUTED, lambda: setattr(ledger._writer, "epoch", "before a crash")),
                pytest.raises(UnsureError) as caught,
            ):
                await ledger.write(job)
            assert (caught.value.error_code, caught.value.exit_code, len(ran)) == ("ledger_down", 69, 1)
            assert await ledger.read(count) == before + 1
            await ledger.write(job)
            assert await ledger.read(count) == before + 2


async def test_rights_that_were_taken_away_are_told(shared: str) -> None:
    async with opened(shared) as ledger:
        await ledger.write(put("note", "N-rights", text="x"))
        role = f"nobody_{uuid4().hex[:8]}"
        with psycopg.connect(shared, autocommit=True) as raw:
            raw.execute(f"CREATE ROLE {role} LOGIN".encode())
        try:
            with pytest.raises(InvalidFloorError) as caught:
                await PostgresLedger.open(
                    shared.replace("postgres@", f"{role}@"),
                    floor="yard",
                    clock=None,
                    clock_start=START,
                    world_types=TYPES,
                )
            assert caught.value.error_code == "database_not_writable"
        finally:
            with psycopg.connect(shared, autocommit=True) as raw:
                raw.execute(f"DROP ROLE {role}".encode())


@pytest.mark.soak
async def test_crashes_during_a_burst_lose_nothing_and_double_nothing(own: OwnServer) -> None:
    import os
    import signal

    async with opened(own.url) as ledger:
        before, told, unsure = await ledger.read(count), list[int](), list[int]()
        enough = asyncio.Event()

        async def burst() -> None:
            while not enough.is_set():
                try:
                    await ledger.write(add_one)
                    told.append(1)
                except UnsureError:
                    unsure.append(1)

        bursts = [asyncio.create_task(burst()) for _ in range(4)]
        for _ in range(5):
            await asyncio.sleep(0.5)
            pid = ledger._writer.raw.info.backend_pid
            os.kill(pid, signal.SIGKILL)  # the server starts anew on its own
        enough.set()
        await asyncio.gather(*bursts)
        added = await ledger.read(count) - before
        assert len(told) <= added <= len(told) + 4 * len(unsure)
