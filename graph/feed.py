"""Feeding a file: every line ends as accepted, duplicate or rejected, once, however often it is fed.

Rows are recorded in batches, each in one transaction: a process killed at any moment has recorded
whole batches, and feeding the file again goes on where it ended.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

from agents.floor_loader import Floor
from graph.arriving import Arrivals
from graph.facts import record_fact
from graph.feed_file import Row, open_table, rows_of, scan
from graph.feed_mapping import FeedMapping, choose, known_keys
from graph.feed_questions import answered, cases_asking, open_file_questions
from graph.feed_rows import FeedContext, Recorded, overdue, record_batch, release
from graph.feed_spool import sorted_rows
from graph.feed_tally import Tally
from protocol.errors import InvalidFloorError
from protocol.ids import derive
from protocol.ports import Ledger, ReadTx, Tx
from protocol.rows import CaseRow, CaseStatus
from protocol.toolbox import Fact
from protocol.world import World
from telemetry.clock import process_clock

BATCH = 250
"""Rows of one transaction: many enough to share its cost, few enough to let others write in between."""
TOLD_EVERY = 500
"""Rows between two lines of progress."""

T = TypeVar("T")
Progress = Callable[[dict[str, Any]], None]


class FeedApp(Protocol):
    """What feeding needs of the application."""

    @property
    def floor(self) -> Floor: ...
    @property
    def world(self) -> World: ...
    @property
    def ledger(self) -> Ledger: ...
    def shared(self) -> float:
        """Wall seconds, as all processes read them."""

    async def drain(self, progress: Progress = ...) -> list[str]:
        """Drive what can go on; the cases driven."""


async def feed(
    app: FeedApp,
    path: Path,
    mapping: Path | None = None,
    progress: Progress | None = None,
    *,
    drive: bool = True,
) -> dict[str, Any]:
    """Record a file's rows as facts, then drive what they opened, or leave that to workers. Shape ``feed``.

    Raises NotFoundError for a file that is not there, UsageError for one that is no table of a known
    kind, InvalidFloorError for a broken mapping: always before anything is written.
    """
    started, tell, tally = process_clock(), progress or _quiet, Tally()
    digest = scan(path)
    with open_table(path) as table:
        chosen = choose(app.floor.feeds, mapping, app.world, table.header, path)
        tell({"type": "feed.started", "rows": 0, "text": _opening(path, chosen)})
        rows = rows_of(table, chosen, digest, tally.broken)
        aliases = await app.ledger.read(lambda tx: answered(tx, chosen.source))
        order = chosen.stated.order
        arrivals = None if order is None else Arrivals(order, aliases, app.shared())
        if arrivals is not None:
            rows = arrivals.watch(rows)
            await _release(app, chosen, arrivals, tally)
        outcomes = await _outcomes(app, chosen, rows, aliases)
        async for told in _record(app, chosen, outcomes, tally, arrivals):
            tell({"type": "feed.progress", "rows": told, **_counts(tally), "text": f"{told} rows"})
    if arrivals is not None:
        tally.add_gaps(await app.ledger.read(lambda tx: overdue(tx, chosen.source, arrivals)))
    asking = await _ask(app, chosen, digest, tally)
    driven = await app.drain(tell) if drive else []
    concerned = [*tally.cases, *asking, *driven]
    cases = await app.ledger.read(lambda tx: _cases(tx, chosen.source, dict.fromkeys(concerned)))
    return {
        "schema": "andon/feed/v1",
        "mapping": chosen.name,
        "rows": tally.rows,
        "accepted": tally.accepted,
        "duplicates": tally.duplicates,
        "rejected": sorted(tally.rejected, key=lambda r: int(r["line"])),
        "history": tally.history,
        **cases,
        "flags": dict(sorted(tally.flags.items())),
        "notes": _notes(chosen),
        "duration_s": round(process_clock() - started, 3),
    }


def _quiet(_: dict[str, Any]) -> None:
    """Nobody listens."""


def _notes(mapping: FeedMapping) -> list[str]:
    stated = mapping.stated
    return [f"times carry no zone: {stated.zone} is assumed"] if stated.zone_assumed else []


def _opening(path: Path, mapping: FeedMapping) -> str:
    return "; ".join([f"reading {path.name} as {mapping.name}", *_notes(mapping)])


def _counts(tally: Tally) -> dict[str, int]:
    return {"accepted": tally.accepted, "duplicates": tally.duplicates, "rejected": len(tally.rejected)}


async def _release(app: FeedApp, mapping: FeedMapping, arrivals: Arrivals, tally: Tally) -> None:
    """Record what waited for numbers that a person says will not come: counted when it was fed."""
    done = await app.ledger.write(lambda tx: release(tx, app.world, mapping.source, arrivals))
    tally.cases |= dict.fromkeys(case for row in done for case in row.cases)


async def _outcomes(
    app: FeedApp, mapping: FeedMapping, rows: Iterator[Row], aliases: Mapping[str, str]
) -> Iterator[Any]:
    """The floor's reader over the rows, sorted first when the mapping says so."""
    source, stated = mapping.source, mapping.stated
    known = await app.ledger.read(lambda tx: known_keys(stated.known, tx.find))
    context = FeedContext(source, stated.tables, stated.zone, known, aliases)
    ordered: Iterable[Row] = rows if stated.sort_by is None else sorted_rows(rows, stated.sort_by)
    try:
        return iter(mapping.reader(ordered, context))
    except ValueError as error:
        raise InvalidFloorError(
            f"The mapping {mapping.name} cannot be used: {error}.",
            hint="docs/how-to/feed.md describes mappings.",
            code="bad_mapping",
        ) from error


async def _record(
    app: FeedApp, mapping: FeedMapping, outcomes: Iterator[Any], tally: Tally, arrivals: Arrivals | None
) -> AsyncIterator[int]:
    """Record batch by batch; gives back the number of rows whenever it is worth a word."""
    world, source, told = app.world, mapping.source, 0
    for batch in batches(outcomes, BATCH):

        def record(tx: Tx, batch: Sequence[Any] = batch) -> list[Recorded]:
            return record_batch(tx, world, source, batch, arrivals)

        tally.add(await app.ledger.write(record))
        if arrivals is not None:
            arrivals.forget(outcome.line for outcome in batch)
        if tally.rows // TOLD_EVERY > told:
            told = tally.rows // TOLD_EVERY
            yield tally.rows


def batches(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """The items in lists of ``size``; the last one may be shorter."""
    while batch := list(islice(items, size)):
        yield batch


async def _ask(app: FeedApp, mapping: FeedMapping, digest: str, tally: Tally) -> set[str]:
    """Tell of rejected lines and ask what they mean; the cases in which an answer is still waited for."""
    if not tally.causes:
        return set()
    source, causes = mapping.source, list(tally.causes)

    def ask(tx: Tx) -> set[str]:
        for gap in _gaps(tx.now, mapping, digest, tally):
            record_fact(tx, app.world, gap)
        open_file_questions(tx, app.world, source, f"file/{digest}", tally.questions(mapping))
        return cases_asking(tx, source, causes)

    return await app.ledger.write(ask)


def _gaps(now: str, mapping: FeedMapping, digest: str, tally: Tally) -> Iterator[Fact]:
    """One report for each cause, to the role that is asked about it."""
    kind = mapping.stated.gap
    for name, cause in tally.causes.items():
        roles = mapping.roles(cause.first.code)
        if kind is None or not roles:
            continue
        example = f"line {cause.first.line}: {cause.first.message}"
        data = {"owner": roles[0], "what": name[:500], "count": cause.count, "example": example[:500]}
        yield Fact(kind, mapping.source, derive("gap", digest, name), now, mapping.source, data)


def _cases(tx: ReadTx, source: str, concerned: Iterable[str]) -> dict[str, int]:
    """What became of the feed's cases, and of those that theirs opened; a case held elsewhere still waits."""
    found = [row for case in concerned if (row := tx.case(case)) is not None and _root(tx, row) == source]
    ended = {status: sum(row.status is status for row in found) for status in CaseStatus}
    return {
        "cases": len(found),
        "done": ended[CaseStatus.DONE],
        "refused": ended[CaseStatus.REFUSED],
        "waiting": ended[CaseStatus.WAITING] + ended[CaseStatus.OPEN],
        "failed": ended[CaseStatus.FAILED],
        "committed": sum(len(tx.commits(row.id)) for row in found),
    }


def _root(tx: ReadTx, row: CaseRow) -> str:
    """The source of the case at the beginning of a chain."""
    while row.cause is not None and (cause := tx.case(row.cause)) is not None:
        row = cause
    return row.source
