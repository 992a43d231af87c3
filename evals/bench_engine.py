"""What the engine costs beyond what it stands on: SQLite for a fact, LangGraph for a case."""

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from checkpoints.sqlite_connection import connect, prepare_writer
from checkpoints.sqlite_files import make_private
from checkpoints.sqlite_saver import open_saver
from evals.bench_figure import Figure, cpu_s, paired, ratio, wall_s
from evals.bench_graph import EmptyGraph, empty_graph, walk_along, walk_of
from evals.bench_plan import FactPlan, Plan, RequestPlan
from graph.app import App, open_app
from graph.build import recursion_limit
from graph.settings import Settings
from protocol.errors import InvalidFloorError
from protocol.toolbox import Fact

FACT, CASE, RUN = "fact that opens no case", "fact that opens a case, CPU", "warm run, CPU"
FACT_TARGET, CASE_TARGET = 3.0, 4.0
FRESH = 20
"""Facts told to one ledger: work that nobody finishes piles up, and agents look at all of it."""
EMPTY = "empty.db"
IN_MEMORY_MS = 0.15
"""A transaction that reaches a disk takes longer than this."""
_TEXT = "x" * 200
"""About what a row of a ledger holds."""


async def measure_engine(plan: Plan, floor: Path, place: Path, facts: int, cases: int) -> list[Figure]:
    """The three figures; the ledger stays in ``place``. ``facts`` and ``cases``: pairs to measure."""
    told: list[tuple[float, float]] = []
    for start in range(0, cases, FRESH):
        settings = Settings(floor_dir=floor, data_dir=place / f"fresh-{start}")
        async with open_app(settings) as app, open_saver(settings.data_dir / EMPTY) as saver:
            pairs = min(FRESH, cases - start)
            told += await _cases(app, CASE, empty_graph(app.world, saver), pairs, _telling(app, plan.opening))
    async with (
        open_app(Settings(floor_dir=floor, data_dir=place)) as app,
        open_saver(place / EMPTY) as saver,
    ):
        fact = await _fact(app, plan.quiet, place, facts)
        asked = await _cases(app, RUN, empty_graph(app.world, saver), cases, _asking(app, plan.request))
    parts = ("andon", "empty_graph")
    return [fact, ratio(CASE, CASE_TARGET, told, parts), ratio(RUN, CASE_TARGET, asked, parts)]


async def _fact(app: App, plan: FactPlan, place: Path, pairs: int) -> Figure:
    now: str = await app.ledger.read(lambda tx: tx.now)
    bare = _bare_file(place / "bare.db")

    async def ours(n: int) -> float:
        fact, started = plan.fact(n, now), wall_s()
        [result] = await app.accept([fact])
        took = wall_s() - started
        _expect(result.status == "accepted" and result.case is None, f"{fact.type} opened a case")
        return took

    async def theirs(n: int) -> float:
        started = wall_s()
        bare.execute("BEGIN IMMEDIATE")
        bare.execute("UPDATE changed SET version = version + 1, body = ? WHERE key = 'K'", (_TEXT,))
        bare.execute("INSERT INTO inserted (body) VALUES (?)", (_TEXT,))
        bare.execute("COMMIT")
        return wall_s() - started

    try:
        figure = ratio(FACT, FACT_TARGET, await paired(pairs, ours, theirs), ("fact", "bare_transaction"))
    finally:
        bare.close()
    if figure.medians["bare_transaction_ms"] >= IN_MEMORY_MS:
        return figure
    note = "this place seems to lie in memory, where a transaction costs nothing: --dir names another"
    return replace(figure, note=note)


def _bare_file(path: Path) -> sqlite3.Connection:
    """A file as the ledger's: the same connection, journal mode and pragmas."""
    make_private(path)
    connection = connect(path)
    prepare_writer(path, connection)
    connection.execute("CREATE TABLE changed (key TEXT PRIMARY KEY, version INTEGER, body TEXT) STRICT")
    connection.execute("CREATE TABLE inserted (seq INTEGER PRIMARY KEY, body TEXT) STRICT")
    connection.execute("INSERT INTO changed VALUES ('K', 0, '')")
    return connection


async def _cases(
    app: App, name: str, empty: EmptyGraph, pairs: int, act: Callable[[int], Awaitable[float]]
) -> list[tuple[float, float]]:
    """``act`` opens cases and drives them; the empty graph walks where they walked."""
    limit = recursion_limit(app.world)

    async def theirs(n: int) -> float:
        opened = await app.ledger.read(lambda tx: [row.id for row in tx.cases() if row.id not in known])
        known.update(opened)
        walks = await app.ledger.read(lambda tx: [walk_of(tx, case) for case in opened])
        _expect(bool(walks), f"{name}: no case was opened")
        started = cpu_s()
        for number, walk in enumerate(walks):
            await walk_along(empty, walk, f"{name}/{n}/{number}", limit)
        return cpu_s() - started

    known: set[str] = set(await app.ledger.read(lambda tx: [row.id for row in tx.cases()]))
    return await paired(pairs, act, theirs)


def _telling(app: App, plan: FactPlan) -> Callable[[int], Awaitable[float]]:
    async def tell(n: int) -> float:
        now: str = await app.ledger.read(lambda tx: tx.now)
        fact: Fact = plan.fact(n, now)
        started = cpu_s()
        await app.accept([fact])
        await app.drain()
        return cpu_s() - started

    return tell


def _asking(app: App, request: RequestPlan) -> Callable[[int], Awaitable[float]]:
    async def ask(n: int) -> float:
        text, started = request.text.format_map(request.words(n)), cpu_s()
        shape: dict[str, Any] = await app.ask(text, person=request.person)
        took = cpu_s() - started
        _expect(shape["status"] in ("done", "waiting"), f"{text!r} ended as {shape['status']}")
        return took

    return ask


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise InvalidFloorError(f"The benchmark does not fit the floor: {otherwise}.", code="bad_bench")
