"""Plays a path of the search on the real system, and tells where the two differ after a step.

Real are the graph, its nodes, the gate, the driver with its leases, the checkpoints and the ledger's file.
Agents are played: what each says is the path's, on versions read from the ledger. A model could not say all
of it, and what the search lets agents say is more than parsing lets through. After a step the system runs on
until it needs somebody, an agent or a person; the rows are compared then.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path as File
from typing import Any, TypeVar, cast

from agents.turn_runtime import Job, TurnRuntime
from checkpoints.sqlite_ledger import SqliteLedger
from checkpoints.sqlite_saver import open_saver
from evals.proving.abstract_floor import CASE, PLACES, SIGNED_PLACE, SLOT, START
from evals.proving.adversary import turn_of
from evals.proving.model_ledger import LINEAGE, ModelLedger
from evals.proving.moves import LATE, OVERRIDE, Change, Decision, Gate, Move, Wait
from evals.proving.search import Search
from evals.proving.state import State, open_rows
from graph.build import build, recursion_limit
from graph.deciding import Wanted, record_decision
from graph.driving import Driver, Graphs, Timing
from graph.state import is_over
from graph.sweeping import sweep
from protocol.errors import AndonError
from protocol.ports import ReadTx, Tx
from protocol.records import Claimed, Ref
from protocol.rows import EscalationRow, EventRow, VerdictRow
from protocol.turns import Turn, from_json
from tests.graph.harbour_app import free

T = TypeVar("T")

LEDGER, CHECKPOINTS = "ledger.db", "checkpoints.db"


class Crash(StrEnum):
    """What is left of the checkpoints when the process is killed and the case taken up again."""

    KEPT = "checkpoints kept"
    DELETED = "checkpoints deleted"


class Played:
    """Stands in for the turn runtime: every agent waits until it is told what it says."""

    def __init__(self) -> None:
        self.asked: dict[tuple[str, str], asyncio.Future[Turn]] = {}
        self.came = asyncio.Event()

    async def take(self, job: Job) -> Turn:
        """The turn that the path has for the agent."""
        future: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        self.asked[job.case.id, job.agent] = future
        self.came.set()
        return await future

    def say(self, case: str, turn: Turn) -> None:
        """Let an agent that is asked say something."""
        self.asked.pop((case, turn.agent)).set_result(turn)


class NoRouter:
    """No case of a search begins with a text."""

    async def route(self, text: str, recent: str) -> str | None:
        """Nobody."""
        raise AssertionError(f"nobody writes {text!r} here")


class Current:
    """The ledger of whichever process runs: graphs are dear to build, and know no ledger but their own."""

    ledger: SqliteLedger

    async def read(self, job: Callable[[ReadTx], T]) -> T:
        """As the ledger's."""
        return await self.ledger.read(job)

    async def write(self, job: Callable[[Tx], T]) -> T:
        """As the ledger's."""
        return await self.ledger.write(job)

    async def close(self) -> None:
        """As the ledger's."""
        await self.ledger.close()


@dataclass
class System:
    """One process on one directory."""

    directory: File
    ledger: SqliteLedger
    driver: Driver
    played: Played
    drives: dict[str, "asyncio.Task[bool]"]

    def drive(self, case: str) -> None:
        """Take a case up."""
        self.drives[case] = asyncio.create_task(self.driver.drive(case))

    async def settle(self) -> None:
        """Go on until every case that is driven needs an agent, or none is driven any more."""
        for case, task in [*self.drives.items()]:
            while not task.done() and not await self._all_asked(case):
                self.played.came.clear()
                coming = asyncio.ensure_future(self.played.came.wait())
                await asyncio.wait({task, coming}, return_when=asyncio.FIRST_COMPLETED)
                coming.cancel()
            if task.done():
                del self.drives[case]
                if not task.result():
                    raise AssertionError(f"the lease of {case} was not to be had")

    async def _all_asked(self, case: str) -> bool:
        missing = await self.ledger.read(lambda tx: _missing(tx, case))
        return bool(missing) and missing <= {agent for c, agent in self.played.asked if c == case}


def _missing(tx: ReadTx, case: str) -> set[str]:
    """The agents of the round that have not taken their turn."""
    row = tx.case(case)
    assert row is not None
    return {a for a in row.position["active"] if tx.turn(case, row.position["round"], a) is None}


class Player:
    """Plays paths of one search, each on a ledger of its own."""

    def __init__(self, search: Search, directory: File) -> None:
        self.search = search
        self.directory = directory
        self._number = 0
        self._current, self._played = Current(), Played()
        turns = cast(TurnRuntime, self._played)
        self._graphs = Graphs(
            *(build(search.world, self._current, turns, NoRouter(), None, _no_time) for _ in range(2))
        )

    async def prepare(self) -> None:
        """Make the ledger that every path starts from."""
        template = self.directory / "first"
        template.mkdir()
        ledger = await self._open_ledger(template)
        await ledger.write(self._seed)
        await ledger.close()

    async def play(self, moves: Sequence[Move], crash_at: Mapping[int, Crash] | None = None) -> list[str]:
        """Where system and model differ after the first step that they differ in; nothing when they agree.

        ``crash_at``: in which moves, by number, the process is killed: of several agents all but one have
        spoken by then; else before the move.
        """
        run = Run(self, self.search.first())
        try:
            await run.start(self.directory / "first")
            for n, move in enumerate(moves):
                crash = (crash_at or {}).get(n)
                if crash is not None and not _has_several(move):
                    await run.crash(crash)
                    if found := await run.differences():
                        return [f"after a crash before move {n} ({crash}):", *found]
                await run.step(move, crash if _has_several(move) else None)
                if found := await run.differences():
                    return [f"after move {n}, {move}:", *found]
            return []
        finally:
            await run.end()

    def new_directory(self) -> File:
        """One that does not exist yet."""
        self._number += 1
        directory = self.directory / str(self._number)
        directory.mkdir()
        return directory

    async def _open_ledger(self, directory: File) -> SqliteLedger:
        world = self.search.world
        return await SqliteLedger.open(
            directory / LEDGER,
            floor=world.config.floor,
            clock=None,
            clock_start=START,
            world_types=world.types,
            inline=True,
            lineage=LINEAGE,
        )

    @asynccontextmanager
    async def process(self, directory: File) -> AsyncIterator[System]:
        """A process on a directory, until the block ends."""
        world = self.search.world
        ledger = await self._open_ledger(directory)
        async with open_saver(directory / CHECKPOINTS, is_over) as saver:
            self._current.ledger = ledger
            self._graphs.cached.checkpointer = saver
            self._played.asked.clear()
            timing = Timing(15.0, 5.0, recursion_limit(world))
            driver = Driver(self._graphs, world, ledger, timing, _no_time, _no_time)
            system = System(directory, ledger, driver, self._played, {})
            try:
                yield system
            finally:
                for task in system.drives.values():
                    task.cancel()
                await asyncio.gather(*system.drives.values(), return_exceptions=True)
        await ledger.close()

    def _seed(self, tx: Tx) -> None:
        first = self.search.first().ledger
        world = self.search.world
        tx.put_seed([(r.ref, r.body) for r in first.records.values()], lambda kind: world.owners[kind])
        for claim in first.claimed:
            tx.claim(claim)
        for breaker in first.breaker_rows.values():
            assert tx.save_breaker(breaker, 0)
        for pull in first.pull_rows:
            assert tx.put_pull(pull)
        for case in first.cases.values():
            seq = tx.accept(case.source, case.source_id, case.origin, {})
            assert seq == case.seq
            tx.open_case(case)


@dataclass(frozen=True)
class Told:
    """How much the ledger had told before a step: events of all, verdicts by case."""

    events: int = 0
    verdicts: Mapping[str, int] = field(default_factory=dict)


def _has_several(move: Move) -> bool:
    return isinstance(move, Gate) and len(move.turns) > 1


class Run:
    """One path, in the model and in the system."""

    def __init__(self, player: Player, state: State) -> None:
        self._player = player
        self._search = player.search
        self.state = state
        self._stack = AsyncExitStack()
        self.system: System
        self._told = Told()

    async def start(self, template: File) -> None:
        """Start the first process on a copy of the first ledger."""
        await self._start(template, Crash.DELETED)

    async def _start(self, image: File, crash: Crash) -> None:
        directory = self._player.new_directory()
        _copy(image, directory, crash)
        await self._stack.aclose()
        self.system = await self._stack.enter_async_context(self._player.process(directory))
        await self._go_on()

    async def end(self) -> None:
        """End the process."""
        await self._stack.aclose()

    async def crash(self, crash: Crash) -> None:
        """Take the files as a kill would leave them, and go on from those in another process."""
        await self._start(self.system.directory, crash)

    async def _go_on(self) -> None:
        """Free what a dead process held, and drive what can go on."""
        for case in [c.id for c in await self._read(lambda tx: tx.cases()) if not c.status.ended]:
            if (lease := await self._read(lambda tx, c=case: tx.lease(c))) is not None and lease.holder:  # type: ignore[misc]
                await self.system.ledger.write(free(case))
        await self._drive(named="")

    async def _drive(self, named: str | None = None) -> None:
        """Until every case needs somebody: those with agents to ask, and the one that is ``named``.

        Any other that can go on does so in a move of its own. None: all that can go on.
        """

        def due(tx: ReadTx) -> list[str]:
            cases = (c for c in map(tx.case, tx.runnable()) if c is not None)
            return [c.id for c in cases if named in (None, c.id) or c.position["active"]]

        await self.system.settle()
        while cases := [c for c in await self._read(due) if self._is_free(c)]:
            for case in cases:
                self.system.drive(case)
            await self.system.settle()

    def _is_free(self, case: str) -> bool:
        return case not in self.system.drives and (case == CASE or self._search.scene.follows)

    async def _read(self, job: Callable[[ReadTx], Any]) -> Any:
        return await self.system.ledger.read(job)

    async def step(self, move: Move, crash: Crash | None = None) -> None:
        """Make a move in both. ``crash``: the last agent to speak is asked again by another process."""
        before = self.state
        self.state, _ = self._search.model.apply(before, move)
        self._told = await self._read(_told)
        match move:
            case Gate():
                await self._gate(before, move, crash)
            case Wait():
                due = min(r.due_at for r in open_rows(before.ledger))
                await self._pass_time(due)
            case Change(how):
                await self._change(how)
        await self._drive(move.case if isinstance(move, Gate) else None)

    async def _gate(self, before: State, move: Gate, crash: Crash | None) -> None:
        reads = await self._read(self._versions)
        turns = [self._turn(choice, reads) for choice in move.turns]
        for turn in turns[:-1]:
            self.system.played.say(move.case, turn)
        if crash is not None:
            while len(await self._read(lambda tx: _missing(tx, move.case))) > 1:  # noqa: ASYNC110 - of rows
                await asyncio.sleep(0)
            await self.crash(crash)
        rows = open_rows(before.ledger)
        for decision in move.decisions:
            await self._decide(rows[decision.number], decision)
        if move.between == LATE:
            await self._pass_time(max(rows[d.number].expires_at for d in move.decisions))
        elif move.between is not None:
            await self._change(move.between)
        for turn in turns[-1:]:
            self.system.played.say(move.case, turn)

    def _versions(self, tx: ReadTx) -> dict[str, int]:
        return {str(r.ref): r.version for name in self._search.world.types for r in tx.find(name)}

    def _turn(self, choice: Any, reads: Mapping[str, int]) -> Turn:
        model, question = self._search.model, self._search.question
        code = model.known_code if choice.agent == question.matter.owner else None
        return from_json(turn_of(question, choice, tuple(sorted(reads.items())), code))

    async def _decide(self, row: EscalationRow, decision: Decision) -> None:
        wanted = Wanted(row.id, decision.decision, decision.person, "proof", decision.option)
        found = await self.system.ledger.write(lambda tx: record_decision(tx, self._search.world, wanted))
        assert not isinstance(found, AndonError), found

    async def _pass_time(self, to: str) -> None:
        def job(tx: Tx) -> None:
            tx.advance_clock(to)
            sweep(tx)

        await self.system.ledger.write(job)

    async def _change(self, how: str) -> None:
        ref = self._search.model.contested
        assert ref is not None
        await self.system.ledger.write(
            lambda tx: _override(tx, ref) if how == OVERRIDE else _edit(tx, ref, how)
        )

    async def differences(self) -> list[str]:
        """Where the rows differ now."""
        ledger = self.state.ledger
        mine = _model_rows(ledger)
        seen = await self._read(lambda tx: _system_rows(tx, self._search, ledger, self._told))
        return [*_different("", mine, seen)]


def _copy(image: File, directory: File, crash: Crash) -> None:
    for file in image.iterdir():
        if crash is Crash.KEPT or not file.name.startswith(CHECKPOINTS):
            shutil.copy(file, directory / file.name)


def _edit(tx: Tx, ref: Ref, how: str) -> None:
    record = tx.get(ref.type, ref.key)
    assert record is not None
    fields = {"blocked": True} if how == "block" else {}
    assert tx.write(ref, record.version, fields, {}, "outside", "outside") is not None


def _override(tx: Tx, ref: Ref) -> None:
    record = tx.get(ref.type, ref.key)
    assert record is not None
    start, end = PLACES[SIGNED_PLACE]
    free_there = not any(c.holder != ref for c in tx.claims(SLOT, start, end))
    place = {"at": SIGNED_PLACE} if free_there else {}
    assert tx.write(ref, record.version, {"human": True, **place}, {}, "a person", "a person") is not None
    if free_there:
        tx.release(ref, None)
        tx.claim(Claimed(SLOT, start, end, ref))


def _told(tx: ReadTx) -> Told:
    return Told(len(tx.events()), {c.id: len(tx.verdicts(c.id)) for c in tx.cases()})


def _no_time() -> float:
    return 0.0


_ALWAYS = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
_UNTOLD = frozenset({"seq", "reply", "duration_ms"})
"""Where rows stand, what people are told (the search keeps no verdicts), and how long it took."""


def _model_rows(ledger: ModelLedger) -> dict[str, Any]:
    return {
        "now": ledger.now,
        "records": {str(ref): [r.version, dict(r.body)] for ref, r in ledger.records.items()},
        "claims": _plain(ledger.claims(SLOT, *_ALWAYS)),
        "commits": {c.key: _plain(c) for c in ledger.commit_rows.values()},
        "cases": {c.id: _plain(c) for c in ledger.cases.values()},
        "escalations": {e.id: _plain(e) for e in ledger.escalation_rows.values()},
        "decisions": [_plain(d) for e in sorted(ledger.escalation_rows) for d in ledger.decisions(e)],
        "breakers": {b.name: _plain(b) for b in ledger.breaker_rows.values()},
        "events": _by_case(ledger.told.events),
        "verdicts": _by_case(ledger.told.verdicts),
    }


def _system_rows(tx: ReadTx, search: Search, ledger: ModelLedger, told: Told) -> dict[str, Any]:
    cases = [c for c in tx.cases() if c.id == CASE or search.scene.follows]
    escalations = {e.id: e for c in cases for e in tx.escalations(c.id)}
    records = [r for name in search.world.types for r in tx.find(name)]
    return {
        "now": tx.now,
        "records": {str(r.ref): [r.version, dict(r.body)] for r in records},
        "claims": _plain(tx.claims(SLOT, *_ALWAYS)),
        "commits": {x.key: _plain(x) for c in cases for x in tx.commits(c.id)},
        "cases": {c.id: _plain(c) for c in cases},
        "escalations": {i: _plain(e) for i, e in escalations.items()},
        "decisions": [_plain(d) for i in sorted(escalations) for d in tx.decisions(i)],
        "breakers": {n: _plain(b) for n in ledger.breaker_rows if (b := tx.breaker(n)) is not None},
        "events": _by_case(tx.events()[told.events :]),
        "verdicts": _by_case(v for c in cases for v in tx.verdicts(c.id)[told.verdicts.get(c.id, 0) :]),
    }


def _by_case(rows: Iterable[EventRow | VerdictRow]) -> dict[str, list[Any]]:
    """In their order in each case: which of two cases goes on first is nobody's to say."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(str(row.case), []).append(_plain(row))
    return found


def _plain(value: Any) -> Any:
    """As JSON has it, without what stands for nothing."""
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name not in _UNTOLD}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, StrEnum | Ref) else value


def _different(where: str, mine: Any, seen: Any) -> Iterator[str]:
    """One line for each place in which two trees differ."""
    if mine == seen:
        return
    if isinstance(mine, dict) and isinstance(seen, dict):
        for name in sorted(mine.keys() | seen.keys()):
            yield from _different(f"{where}.{name}".lstrip("."), mine.get(name), seen.get(name))
    elif isinstance(mine, list) and isinstance(seen, list) and len(mine) == len(seen):
        for n, pair in enumerate(zip(mine, seen, strict=True)):
            yield from _different(f"{where}[{n}]", *pair)
    else:
        yield f"{where}: the model has {json.dumps(mine)}, the system {json.dumps(seen)}"
