"""The composition root: everything is built here, with explicit arguments, and handed out as an App."""

import gc
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from agents.backend import OFFLINE, TIERS, chains_of, endpoints_of, urls_of
from agents.budgets import check_money
from agents.floor_loader import Floor, load_floor
from agents.model_router import ROUTER, ModelRouter
from agents.models import ModelAccess, chain_of, letting_go, open_models, open_tiers
from agents.pricing import PriceBook
from agents.router import OfflineRouter, Router
from agents.turn_runtime import TurnRuntime
from graph.anchoring import anchor_files, anchored
from graph.build import build, recursion_limit
from graph.deciding import Recorded, Wanted, record_decision
from graph.delivering import FOR_S, Delivered, deliver_due, meet_receivers
from graph.driving import Driver, Graphs, Timing
from graph.facts import FactResult, record_fact
from graph.opening import open_text
from graph.outcome import decision_shape, run_shape
from graph.persistence import Place, open_checkpoints, open_ledger
from graph.pulling import Pulled, WantedPull, check_words, end_pull, pull_shape, set_pull
from graph.recording import (
    DECISION,
    OPENING,
    SCRIPTED,
    Played,
    RecordedModels,
    RecordedRouter,
    Recorder,
    RecordingLedger,
    taped_clock,
)
from graph.registering import register
from graph.retention import drop_old
from graph.settings import Seed, Settings
from graph.state import Progress, quiet
from graph.sweeping import sweep
from graph.texts import check_text
from graph.versions import remember, with_engine
from graph.watching import anomalies, clock_changed, watch_clock, watch_floor
from protocol.errors import AndonError, InvalidFloorError, NotFoundError, UsageError
from protocol.failpoints import Point, failpoint
from protocol.floor import FloorConfig
from protocol.ports import Ledger, ReadTx, Tx
from protocol.times import plus
from protocol.toolbox import Fact
from protocol.world import World

SEEDED = "seeded"


@dataclass(frozen=True)
class App:
    """One open floor: its ledger, its graph, and what can be asked of them."""

    floor: Floor
    world: World
    settings: Settings
    ledger: Ledger
    driver: Driver
    shared: Callable[[], float]
    """Wall seconds, as all who share the ledger read them."""
    recorder: Recorder

    async def ask(
        self, text: str, *, person: str, session: str | None = None, progress: Progress = quiet
    ) -> dict[str, Any]:
        """A person's line: accepted, driven as far as it goes. Shape ``run``; UsageError when malformed."""
        checked = check_text(text)

        def accept(tx: Tx) -> str:
            self._sweep(tx)
            return self._open(tx, checked, person, session)

        case = await self.driver.accept(accept, progress)
        shape, others = await self.ledger.read(lambda tx: (run_shape(tx, case), tx.runnable()))
        if not others:
            return shape
        await self._drive_others()
        return await self.outcome(case)

    async def enqueue(self, text: str, *, person: str, session: str | None = None) -> dict[str, Any]:
        """A person's line, accepted for whoever drives it. Shape ``run``, its status open."""
        checked = check_text(text)

        def accept(tx: Tx) -> str:
            self._sweep(tx)
            return self._open(tx, checked, person, session)

        return await self.outcome(await self.ledger.write(accept))

    def _open(self, tx: Tx, text: str, person: str, session: str | None) -> str:
        step = {"step": OPENING, "text": text, "person": person, "session": session}
        opened = partial(open_text, tx, self.world, text, person, session)
        return self.recorder.between(tx, OPENING, step, opened, "")

    async def _drive_others(self, progress: Progress = quiet) -> None:
        """Drive what else can go on. An error there is in the log, and `andon resume` meets it again."""
        with suppress(Exception):
            await self.driver.drive_all(progress)

    async def accept(self, facts: Sequence[Fact]) -> list[FactResult]:
        """Record facts in one transaction; their cases are driven by :meth:`drain`."""
        return await self.ledger.write(lambda tx: [record_fact(tx, self.world, f) for f in facts])

    async def sweep(self) -> list[str]:
        """End what is due on the ledger clock, and raise or clear alerts; the cases that can go on."""
        due = await self.ledger.read(
            lambda tx: bool(tx.due(tx.now) or anomalies(tx, self.world) or clock_changed(tx))
        )
        return await self.ledger.write(self._sweep) if due else []

    def _sweep(self, tx: Tx) -> list[str]:
        freed = sweep(tx)
        watch_floor(tx, self.world)
        watch_clock(tx)
        return freed

    async def drain(self, progress: Progress = quiet) -> list[str]:
        """Sweep, then drive every case that can go on until none is left; the cases driven."""
        await self.sweep()
        return await self.driver.drive_all(progress)

    async def deliver(self, for_s: float = FOR_S) -> Delivered:
        """Send what is due to the floor's receivers; without any it does nothing. See ``deliver_due``."""
        return await deliver_due(self, for_s=for_s)

    async def outcome(self, case: str) -> dict[str, Any]:
        """Shape ``run`` of a case."""
        return await self.ledger.read(lambda tx: run_shape(tx, case))

    async def decide(
        self,
        escalation: str,
        decision: str,
        *,
        person: str,
        reason: str = "",
        option: int | None = None,
        text: str = "",
        expect_hash: str | None = None,
        channel: str = "cli",
    ) -> dict[str, Any]:
        """Record a person's decision and go on with its case. Shape ``approve``; raises what refused it."""
        wanted = Wanted(escalation, decision, person, reason, option, text, expect_hash, channel)
        await self.sweep()
        await self._catch_up(escalation)
        recorded: Recorded | AndonError = await self.ledger.write(lambda tx: self._record(tx, wanted))
        if isinstance(recorded, AndonError):
            await self._drive_others()  # the sweep may have ended what was to be decided
            raise recorded
        failpoint(Point.DECIDED)
        if recorded.complete:
            await self.driver.drive(recorded.row.case)
            await self._drive_others()
        signatures = (recorded.have, recorded.need)
        return await self.ledger.read(lambda tx: decision_shape(tx, escalation, person, signatures, decision))

    def _record(self, tx: Tx, wanted: Wanted) -> Recorded | AndonError:
        row = tx.escalation(wanted.escalation)
        decided = partial(record_decision, tx, self.world, wanted)
        if row is None:
            return decided()
        step = {"step": DECISION, "wanted": asdict(wanted)}
        return self.recorder.between(tx, DECISION, step, decided, row.case)

    async def _catch_up(self, escalation: str) -> None:
        """Have this version look at the case first, when it began under another: a person is spared a
        decision on what is not asked any more.
        """

        def behind(tx: ReadTx) -> str | None:
            row = tx.escalation(escalation)
            case = None if row is None else tx.case(row.case)
            current = case is None or case.status.ended or case.fingerprint == self.world.fingerprint
            return None if case is None or current else case.id

        if (case := await self.ledger.read(behind)) is not None:
            await self.driver.drive(case)

    async def pull(self, scope: str, *, person: str, reason: str) -> dict[str, Any]:
        """Pull the andon cord for agents. Shape ``pull``; raises what refused it. Drives no case: it must be
        fast, and what the sweep frees meets the pull.
        """
        return await self._move_cord(set_pull, WantedPull(*check_words(scope, reason), person))

    async def release(self, scope: str, *, person: str, reason: str) -> dict[str, Any]:
        """Let agents go on in a scope. Shape ``pull``; raises what refused it."""
        return await self._move_cord(end_pull, WantedPull(*check_words(scope, reason), person))

    async def _move_cord(
        self, move: Callable[[Tx, World, WantedPull], Pulled | AndonError], wanted: WantedPull
    ) -> dict[str, Any]:
        await self.sweep()
        done = await self.ledger.write(lambda tx: move(tx, self.world, wanted))
        if isinstance(done, AndonError):
            raise done
        row, changed = done.row, done.changed
        shape = await self.ledger.read(lambda tx: pull_shape(tx, self.world, row))
        return {"schema": "andon/pull/v1" if row.stands else "andon/release/v1", **shape, "changed": changed}

    async def resume(self, case: str | None = None, progress: Progress = quiet) -> list[dict[str, Any]]:
        """Go on with one case, or with every case that can. Shapes ``run``."""
        if case is not None:
            if await self.ledger.read(lambda tx: tx.case(case)) is None:
                raise NotFoundError(
                    f"There is no case {case}.", hint="`andon cases` lists them.", code="unknown_id"
                )
            await self.sweep()
            await self.driver.drive(case, progress)
            await self._drive_others(progress)
            return [await self.outcome(case)]
        return [await self.outcome(c) for c in dict.fromkeys(await self.drain(progress))]

    async def wait(self, seconds: int) -> None:
        """Move the floor clock, and let deadlines fire."""
        if self.world.config.clock != "floor":
            raise UsageError(
                "The clock of this floor is the system's; it cannot be moved.", code="system_clock"
            )
        await self.ledger.write(lambda tx: tx.advance_clock(plus(tx.now, seconds=seconds)))
        await self.drain()


@asynccontextmanager
async def open_app(settings: Settings, models: ModelAccess | None = None) -> AsyncIterator[App]:
    """Build an App and close it again. Raises InvalidFloorError before anything is written.

    ``models`` play the roles in place of those that the settings name; whoever gives them closes them.
    """
    floor = load_floor(settings.floor_dir)
    world = with_engine(replace(floor.world, config=_config(floor.world.config, settings)))
    if settings.topology != "hybrid":
        raise InvalidFloorError(
            "Only topology hybrid exists in this version.",
            hint="Leave out --topology.",
            code="bad_settings",
        )
    played_by = (settings.model or TIERS) if models is None and not settings.scripts else SCRIPTED
    chains = chains_of(world.config.models, world.manifests, settings.model)
    urls = urls_of(world.config.models, settings.endpoint.base_url)
    endpoints = endpoints_of(world.config.models, settings.endpoint, settings.secret)
    prices = PriceBook(world.config.models.prices, urls)
    mine: list[ModelAccess] = []
    asked: ModelAccess | None = None
    if models is None:
        routing = settings.model or world.config.models.tiers[world.config.models.router]
        check_money(world, {**chains, ROUTER: [routing]}, prices)
        models = open_tiers(chains, endpoints, floor.policies, settings.scripts)
        mine.append(models)
        if routing != OFFLINE:
            asked = open_models(routing, endpoints, floor.policies)
            mine.append(asked)
    place = Place(settings.data_dir, settings.database, settings.inline)
    heads = anchor_files(settings.data_dir, settings.anchor, settings.anchor_key)
    async with (
        letting_go(*mine),
        open_ledger(place, world) as (plain, wall),
        anchored(plain, *heads, inline=settings.inline) as ledger,
        open_checkpoints(place) as saver,
    ):
        shared = settings.shared or wall
        await _seed(ledger, world, settings.seed or Seed(floor.seed, floor.claims))
        await remember(ledger, world)
        await register(ledger, world)
        await meet_receivers(ledger, world)
        await drop_old(ledger, world)
        taping, clock = RecordingLedger(ledger), taped_clock(shared)
        served = {a: [m.endpoint_of(a) for m in chain_of(models, a)] for a in world.manifests}
        elapsed = taped_clock(time.monotonic)
        keys = [at.key for at in endpoints.values()]
        recorder = Recorder(world, Played(played_by, served, urls), _secrets(settings, keys))
        turns = TurnRuntime(world, taping, RecordedModels(models), floor.prompts, elapsed, clock, prices)
        router: Router = OfflineRouter(world, floor.policies)
        if asked is not None:
            router = ModelRouter(world, ledger, asked, floor.policies, prices, (shared, time.monotonic))
        graphs = Graphs(
            *(build(world, taping, turns, RecordedRouter(router), kept, clock) for kept in (saver, None))
        )
        timing = Timing(
            settings.lease_s, settings.renew_s, recursion_limit(world), settings.durability, settings.host
        )
        gc.freeze()  # what was built lives as long as the process: keep it out of collections
        yield App(
            floor=floor,
            world=world,
            settings=settings,
            ledger=ledger,
            driver=Driver(graphs, world, taping, timing, time.monotonic, clock, recorder),
            shared=shared,
            recorder=recorder,
        )


def _secrets(settings: Settings, keys: Sequence[str | None]) -> tuple[str, ...]:
    """What may stand in no recording: the keys of the models, and the password of the ledger's database."""
    password = urlsplit(settings.database).password if settings.database else None
    return tuple(s for s in (*keys, password) if s)


def _config(config: FloorConfig, settings: Settings) -> FloorConfig:
    """The floor's configuration with a suite's clock and people in it."""
    if settings.clock_start is None and not settings.people:
        return config
    data = config.model_dump(by_alias=True)
    if settings.clock_start is not None:
        data |= {"clock": "floor", "clock_start": settings.clock_start}
    given = {str(p["id"]): dict(p) for p in settings.people}
    data["people"] = [given.pop(p["id"], p) for p in data["people"]] + list(given.values())
    return FloorConfig.model_validate(data)


async def _seed(ledger: Ledger, world: World, seed: Seed) -> None:
    """Fill an empty ledger with the floor's opening state, once."""

    def fill(tx: Tx) -> None:
        if tx.meta(SEEDED) is not None:
            return
        tx.put_seed(seed.records, lambda kind: world.owners[kind])
        for claim in seed.claims:
            tx.claim(claim)
        tx.set_meta(SEEDED, tx.now)
        tx.audit({"what": "seed", "floor": world.config.floor, "records": len(seed.records)})

    if await ledger.read(lambda tx: tx.meta(SEEDED)) is None:
        await ledger.write(fill)
