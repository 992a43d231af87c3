"""What a guarded commit costs beyond its rows: a gate pass that commits one action, on both databases, and is
recorded.

Beside it a bare transaction writes the very same rows, by the same statements, into a twin of the ledger,
through the driver as it is: sqlite3, and psycopg with its statements prepared. So what is compared is all the
reading, checking, hashing, recording, and nothing of queues, graphs and agents. The ledger has its own way to
send statements to PostgreSQL: the ratio to a bare transaction that is sent so too is noted beside the figure.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from checkpoints.dialect import Connection, Cursor, Dialect, ask_ahead
from checkpoints.recordings import packed
from checkpoints.sql_tx import SqlTx
from checkpoints.sqlite_connection import connect, prepare_writer
from checkpoints.sqlite_ledger import SQLITE, SqliteLedger
from checkpoints.taping import tape
from evals.bench_figure import WARM_UP, Figure, ratio, wall_s
from evals.bench_round import NOW, made_up
from graph.gate import make_pass
from graph.recording import MAIN
from protocol.ports import Ledger, Tx
from protocol.position import Route, first
from protocol.records import Ref
from protocol.rows import CaseRow, LeaseHolder
from protocol.times import plus
from protocol.turns import Proposal, Turn, to_json
from protocol.world import World

ON_SQLITE, ON_POSTGRES = "guarded commit, SQLite", "guarded commit, PostgreSQL"
TARGET = 2.0
"""Half the rate of the bare transaction, as a ratio of times."""
AGENT = "agent_0"
_TURN = "SELECT value FROM meta WHERE name = 'clock' FOR UPDATE"


async def measure_commit(place: Path, pairs: int, server: str | None) -> list[Figure]:
    """One figure a database. ``server``: the URL of a PostgreSQL in which databases may be made, or None."""
    world = made_up()
    total = pairs + WARM_UP
    for name in ("guarded", "bare"):
        await _fill(await SqliteLedger.open(place / name / "ledger.db", **_settings(world)), world, total)
    embedded = _figure(ON_SQLITE, world, total, _sqlite(place / "guarded"), _sqlite(place / "bare"))
    if server is None:
        return [replace(embedded, note="PostgreSQL was not measured: --postgres URL names a server")]
    figure = await _on_postgres(server, world, total, _psycopg)
    alike = await _on_postgres(server, world, total, _postgres)
    note = f"{alike.value:.2f} x of a bare one sent the ledger's way, {alike.medians['bare_ms']:.3f} ms"
    return [embedded, replace(figure, note=note)]


async def _on_postgres(
    server: str, world: World, total: int, bare_side: "Callable[[str, Dialect], Side]"
) -> Figure:
    from checkpoints.postgres_ledger import POSTGRES, PostgresLedger

    with _databases(server) as (guarded, bare):
        for url in (guarded, bare):
            await _fill(await PostgresLedger.open(url, **_settings(world)), world, total)
        sides = _postgres(guarded, POSTGRES), bare_side(bare, POSTGRES)
        return _figure(ON_POSTGRES, world, total, *sides)


@contextmanager
def _databases(server: str) -> Iterator[list[str]]:
    """URLs of two empty databases on a server, which are gone afterwards."""
    import psycopg

    names = [f"andon_bench_{os.getpid()}_{part}" for part in ("guarded", "bare")]
    with psycopg.connect(server, autocommit=True) as raw:
        try:
            for name in names:
                raw.execute(f"CREATE DATABASE {name}".encode())
            yield [urlsplit(server)._replace(path=f"/{name}").geturl() for name in names]
        finally:
            for name in names:
                raw.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


def _settings(world: World) -> dict[str, Any]:
    return {
        "floor": world.config.floor,
        "clock": None,
        "clock_start": NOW,
        "world_types": world.types,
        "lineage": "0" * 32,
    }


async def _fill(ledger: Ledger, world: World, cases: int) -> None:
    """So many cases whose one turn is written, each proposing to place a record of its own."""
    try:
        for number in range(cases):
            await ledger.write(_opening(world, number))
    finally:
        await ledger.close()


def _opening(world: World, number: int) -> Callable[[Tx], None]:
    trigger = {"type": "person", "person": "p.one", "roles": [], "text": "go"}
    ref, case = Ref(f"job_{AGENT}", f"J{number}"), f"case_{number:016d}"
    start, end = (plus(NOW, seconds=3600 * (2 * number + hour)) for hour in (1, 2))

    def job(tx: Tx) -> None:
        tx.write(ref, None, {"start": NOW, "end": NOW}, {}, AGENT, "seed")
        seq = tx.accept("line", str(number), "text", {})
        assert seq is not None
        position = first({AGENT: (trigger,)})
        row = CaseRow(case, seq, "text", "line", str(number), NOW, person="p.one")
        tx.open_case(replace(row, position=position.to_json()))
        proposal = Proposal(f"place_{AGENT}", {"job": ref.key, "start": start, "end": end})
        tx.put_turn(case, position.round, AGENT, to_json(Turn(AGENT, (proposal,), {str(ref): 0})))
        assert tx.take_lease(case, LeaseHolder("here", 1, "1"), 0.0, 1e9, False) == 1
        tx.audit({"what": "case", "case": case})

    return job


class _Recorder:
    """A connection that remembers what was written through it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.written: list[tuple[str, Sequence[Any]]] = []

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def ahead(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        ask_ahead(self._connection, sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            self.written.append((sql, parameters))
        return self._connection.execute(sql, parameters)


Side = tuple[Dialect, Callable[[], Any], str, str]
"""A database: its words, how to connect, how a transaction begins, and how a writer takes its turn."""


def _sqlite(directory: Path) -> Side:
    def opened() -> Any:
        path = directory / "ledger.db"
        connection = connect(path)
        prepare_writer(path, connection)
        return connection

    return SQLITE, opened, "BEGIN IMMEDIATE", "SELECT value FROM meta WHERE name = 'clock'"


def _postgres(url: str, dialect: Dialect) -> Side:
    from checkpoints.postgres_connection import connect as connect_to

    return dialect, lambda: connect_to(url), "BEGIN", _TURN


class _Driver:
    """psycopg as it is, set up as the ledger's sessions are."""

    def __init__(self, url: str) -> None:
        import psycopg

        from checkpoints.postgres_connection import session_of, write_as_the_ledger

        self._raw = psycopg.connect(session_of(url), autocommit=True, prepare_threshold=2)
        write_as_the_ledger(self._raw)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        return self._raw.execute(_placed(sql), tuple(parameters))

    def close(self) -> None:
        self._raw.close()


@cache
def _placed(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _psycopg(url: str, dialect: Dialect) -> Side:
    return dialect, lambda: _Driver(url), "BEGIN", _TURN


def _figure(name: str, world: World, total: int, guarded: Side, bare: Side) -> Figure:
    dialect, open_guarded, begin, turn = guarded
    pairs: list[tuple[float, float]] = []
    with closing(open_guarded()) as ours, closing(bare[1]()) as theirs:
        for number in range(total):
            recorder = _Recorder(ours)
            started = wall_s()
            ours.execute(begin)
            stored = ours.execute(turn).fetchone()[0]
            tx, case = SqlTx(dialect, recorder, world.types, None, stored), f"case_{number:016d}"
            item: dict[str, Any] = {"writes": True, "clocks": []}
            with tape(tx, item):
                result = make_pass(tx, world, case, 1)
            SqlTx(dialect, recorder, world.types, None, stored).keep_part(case, 1, MAIN, packed(0, [item]))
            ours.execute("COMMIT")
            took = wall_s() - started
            assert (result.route, [v[2] for v in result.verdicts]) == (Route.REPLY, ["committed"])
            started = wall_s()
            theirs.execute(begin)
            for sql, values in recorder.written:
                theirs.execute(sql, values)
            theirs.execute("COMMIT")
            pairs.append((took, wall_s() - started))
    return ratio(name, TARGET, pairs[WARM_UP:], ("guarded", "bare"))
