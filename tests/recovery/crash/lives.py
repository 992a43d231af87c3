"""One life of a process: it opens a floor, plays a client's steps, and may kill itself on the way."""

import asyncio
import json
import os
import random
import select
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, NoReturn, cast

from agents.offline_model import view_of
from checkpoints.audit import audit
from checkpoints.audit_port import AuditTx
from graph.app import App, open_app
from graph.settings import Durability
from protocol.failpoints import Point, arm
from tests.recovery.crash.canonical import canonical
from tests.recovery.crash.client import Notes, hear, play
from tests.recovery.crash.consumer import missed
from tests.recovery.crash.places import Place
from tests.recovery.crash.scenarios import Scenario

LIMIT_S = 120.0
"""A life that lasts longer than this is stuck: it takes well under a second."""
MOST_YIELDS = 3
"""How many turns of the loop a model's answer may take: in which order parallel turns end."""


@dataclass(frozen=True, slots=True)
class Kill:
    """At the ``ordinal``-th hit (from 1) of ``point`` in a life, the process ends as if unplugged."""

    point: Point
    ordinal: int

    def __str__(self) -> str:
        return f"{self.point.number}:{self.ordinal}"

    @classmethod
    def parse(cls, text: str) -> "Kill":
        """From ``p10:3``. Raises ValueError when it names no point, or no hit."""
        number, _, ordinal = text.partition(":")
        for point in Point:
            if point.number == number and ordinal.isdigit() and int(ordinal) > 0:
                return cls(point, int(ordinal))
        raise ValueError(f"{text!r} is no point and ordinal, such as p10:3")


@dataclass(frozen=True, slots=True)
class Told:
    """What a life told at its end. ``hits``: {point's number: how often it was hit}."""

    hits: Mapping[str, int] = field(default_factory=dict)
    ledger: Mapping[str, list[Any]] = field(default_factory=dict)
    faults: Sequence[str] = ()


def live(
    scenario: Scenario, place: Place, durability: Durability, seed: int, kill: Kill | None = None
) -> Told | None:
    """Fork a process for one life; what it told, or None when it was killed as it should be."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        _child(scenario, place, durability, seed, kill, into)
    os.close(into)
    try:
        said = _read(out, pid)
    finally:
        os.close(out)
        _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        if kill is not None and os.WTERMSIG(status) == signal.SIGKILL and said is not None:
            return None
        return Told(faults=["it never ended" if said is None else f"it died of {os.WTERMSIG(status)}"])
    told = json.loads(said or b'{"faults": ["it ended without a word"]}')
    return Told(**told)


def _read(out: int, pid: int) -> bytes | None:
    """All it has to say; None when it went on for too long, and had to be killed."""
    said, ends = b"", time.monotonic() + LIMIT_S
    while select.select([out], [], [], max(0.0, ends - time.monotonic()))[0]:
        if not (more := os.read(out, 1 << 16)):
            return said
        said += more
    os.kill(pid, signal.SIGKILL)
    return None


def _child(
    scenario: Scenario, place: Place, durability: Durability, seed: int, kill: Kill | None, into: int
) -> NoReturn:
    code = 1
    try:
        said = asyncio.run(_Life(scenario, place, durability, seed, kill).main())
        with os.fdopen(into, "w", encoding="utf-8") as pipe:
            json.dump({"hits": said.hits, "ledger": said.ledger, "faults": list(said.faults)}, pipe)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it was, the parent hears of it
        with os.fdopen(into, "w", encoding="utf-8") as pipe:
            json.dump({"faults": [traceback.format_exc()[-1500:]]}, pipe)
    finally:
        sys.stderr.flush()
        os._exit(code)


class _Life:
    def __init__(
        self, scenario: Scenario, place: Place, durability: Durability, seed: int, kill: Kill | None
    ) -> None:
        self._scenario = scenario
        self._place = place
        self._durability: Durability = durability
        self._random = random.Random(seed)
        self._kill = kill
        self._hits: Counter[str] = Counter()
        self._lock = Lock()
        self._notes = Notes(place.notes)
        self._known: frozenset[str] = frozenset()

    async def main(self) -> Told:
        arm(self._hit)
        settings = self._scenario.settings(self._place, self._durability, self._notes.lives)
        self._notes.begin()
        async with open_app(settings, self._scenario.models(self._asked)) as app:
            rows = await app.ledger.read(_turns)
            self._known = frozenset(rows)
            lost = await play(app, self._scenario.steps, self._notes)
            told = await self._told(app, lost)
        return replace(told, hits=dict(self._hits))  # closing comes to points as well

    async def _told(self, app: App, lost: Sequence[str]) -> Told:
        database = "sqlite" if self._place.database is None else "postgres"
        ledger = await app.ledger.read(lambda tx: canonical(cast("AuditTx", tx), database))
        found = await app.ledger.read(lambda tx: audit(cast("AuditTx", tx), app.world))
        late = await app.ledger.read(lambda tx: list(missed(self._place.home, tx)))
        stuck = await app.ledger.read(lambda tx: [*tx.runnable(), *(c.id for c in tx.cases("open"))])
        seen = self._place.faults.read_text("utf-8").splitlines() if self._place.faults.exists() else []
        faults = [
            *lost,
            *late,
            *(f"{v['invariant']}: {v['detail']}" for v in found["violations"]),
            *(f"case {case} is stuck" for case in stuck),
            *seen,
        ]
        return Told({}, ledger, faults)

    def _hit(self, point: Point) -> None:
        with self._lock:
            self._hits[point.number] += 1
            ordinal = self._hits[point.number]
        hear(self._scenario.steps, self._notes, point)
        if self._kill is not None and (self._kill.point, self._kill.ordinal) == (point, ordinal):
            os.kill(os.getpid(), signal.SIGKILL)

    async def _asked(self, agent: str, messages: Any) -> None:
        """A model is asked: never for a turn whose row an earlier life has written."""
        view = view_of(messages)
        turn = f"{view.case} {view.round} {agent}"
        if turn in self._known:
            with self._place.faults.open("a", encoding="utf-8") as out:
                out.write(f"a model was asked again for the written turn {turn}\n")
        for _ in range(self._random.randint(0, MOST_YIELDS)):
            await asyncio.sleep(0)


def _turns(tx: Any) -> list[str]:
    return [
        f"{case.id} {number} {turn['agent']}" for case in tx.cases() for number, turn in tx.turns(case.id)
    ]
