"""How cases stand when a version is replaced, each made by a process of its own under the first version.

And what another process makes of them under the second: it goes on by itself as far as it can, then people
decide whatever they are asked, until nothing waits.
"""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from checkpoints.audit import audit
from graph.app import App
from graph.settings import Durability
from protocol.errors import AndonError
from protocol.failpoints import Point, arm
from protocol.ports import ReadTx
from tests.graph.harbour_app import LAY, SHIFT, SOUND, announced, opened
from tests.recovery.programs import FORKS

SCENES: Mapping[str, str] = {
    "approval": "an approval waits for its signature",
    "signed": "it is signed, and the process was killed before the case went on",
    "question": "a question with a position waits for its answer",
    "answered": "the position is chosen, and the process was killed before the case went on",
    "round": "an agent is at work on a request of another, and the process was killed",
    "turn": "a turn is written, and the process was killed before the gate",
    "fact": "a ship has announced itself, and the process was killed before any agent spoke",
}
"""What a case waits for when the version is replaced, by name."""
SIGNER = "k.maes"
LIMIT_S = 120
SIDE: Durability = "sync"
"""Checkpoints in every superstep, so that they name the nodes that are gone afterwards."""


@dataclass(frozen=True)
class Became:
    """What a case became: its status, code and escalations (type, reason, state) after each stage.

    ``after``: gone on with, without a person; ``end``: people decided all they were asked. ``told``: what
    the trace says has changed.
    """

    after: Mapping[str, Any]
    end: Mapping[str, Any]
    told: list[list[str]] = field(default_factory=list)
    violations: list[Any] = field(default_factory=list)


def begin(data: Path, floor: Path, scene: str) -> None:
    """Bring a case to where it waits, and end as a process ends, or die."""
    asyncio.run(_SCENES[scene](data, floor))


async def _approval(data: Path, floor: Path) -> None:
    async with opened(data, floor, durability=SIDE) as app:
        await app.ask(SHIFT, person="guest")


async def _signed(data: Path, floor: Path) -> None:
    await _approval(data, floor)
    async with opened(data, floor, durability=SIDE) as app:
        arm(_killer(Point.DECIDED, 1))
        await app.decide(await _open(app), "approve", person=SIGNER)


async def _question(data: Path, floor: Path) -> None:
    async with opened(data, floor, durability=SIDE) as app:
        await app.pull("berthing", person="a.vos", reason="fog")
        await app.ask(LAY, person="guest")


async def _answered(data: Path, floor: Path) -> None:
    await _question(data, floor)
    async with opened(data, floor, durability=SIDE) as app:
        arm(_killer(Point.DECIDED, 1))
        await app.decide(await _open(app), "answer", person=SIGNER, option=0)


async def _round(data: Path, floor: Path) -> None:
    """The router, fairway, and berthing have spoken; berthing's turn is not written."""
    async with opened(data, floor, durability=SIDE) as app:
        arm(_killer(Point.REPLIED, 3))
        await app.ask(SOUND, person="guest")


async def _turn(data: Path, floor: Path) -> None:
    async with opened(data, floor, durability=SIDE) as app:
        arm(_killer(Point.TURN_CACHED, 1))
        await app.ask(LAY, person="guest")


async def _fact(data: Path, floor: Path) -> None:
    async with opened(data, floor, durability=SIDE) as app:
        await app.accept([announced()])
        arm(_killer(Point.INBOX, 1))
        await app.drain()


_SCENES: Mapping[str, Callable[[Path, Path], Any]] = {
    "approval": _approval,
    "signed": _signed,
    "question": _question,
    "answered": _answered,
    "round": _round,
    "turn": _turn,
    "fact": _fact,
}


def _killer(at: Point, number: int) -> Callable[[Point], None]:
    seen = 0

    def hook(point: Point) -> None:
        nonlocal seen
        seen += point is at
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


async def _open(app: App) -> str:
    rows = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
    return rows[0].id


def go_on(data: Path, floor: Path, out: Path, engine: Mapping[str, Any], stay: bool) -> None:
    """Take the case over under another version, in this process, and tell what it became. ``stay``: people
    decide nothing yet.
    """

    async def main() -> list[Any]:
        async with opened(data, floor, durability=SIDE) as app:
            await app.resume()
            after = await app.ledger.read(_case)
            if not stay:
                await _decide_all(app)
            end = await app.ledger.read(_case)
            found = await app.ledger.read(lambda tx: audit(tx, app.world))  # type: ignore[arg-type]
            told = await app.ledger.read(_told)
        return [after, end, told, found["violations"]]

    with ExitStack() as patched:
        for place, value in engine.items():
            module, _, name = place.partition(":")
            patched.enter_context(patch(f"{module}.{name}", value))
        became = asyncio.run(main())
    out.write_text(json.dumps(became), encoding="utf-8")


async def _decide_all(app: App) -> None:
    """People say yes: they approve actions and choose the first position; at most ten times."""
    for _ in range(10):
        rows = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
        if not rows:
            return
        row = rows[0]
        verb, option = ("answer", 0) if row.type == "question" else ("approve", None)
        taken = {d.person for d in await app.ledger.read(lambda tx: tx.decisions(row.id))}  # noqa: B023 - read here
        able = [p for r in row.ladder for p in app.world.config.holders(str(r["role"]), row.requested_at)]
        for person in (p for p in dict.fromkeys(able) if p not in taken):
            try:
                await app.decide(row.id, verb, person=person, option=option)
                break
            except AndonError:
                continue  # of a rung that is not asked yet
        else:
            await app.wait(int(row.ladder[0]["answer_s"]))  # the next rung is asked


def _case(tx: ReadTx) -> dict[str, Any]:
    cases = list(tx.cases(limit=100))
    (case,) = [c for c in cases if c.cause is None]
    rows = sorted((e for c in cases for e in tx.escalations(c.id)), key=lambda e: (e.requested_at, e.version))
    return {
        "status": str(case.status),
        "code": case.code,
        "reply": case.reply,
        "commits": sorted(v.kind for c in cases for v in tx.verdicts(c.id) if v.verdict == "committed"),
        "verdicts": [f"{v.kind} {v.verdict} {v.code or ''}".strip() for v in tx.verdicts(case.id)],
        "escalations": [[e.type, str(e.state), e.policy, e.summary, e.reason] for e in rows],
        "runnable": list(tx.runnable()),
        "fingerprint": case.fingerprint,
    }


def _told(tx: ReadTx) -> list[list[str]]:
    return [list(e.data["changed"]) for e in tx.events() if e.type == "case.adopted"]


def run(target: Callable[..., None], *args: Any) -> int | None:
    """In a process of its own; its exit code, negative when a signal killed it."""
    process = FORKS.Process(target=target, args=args, daemon=True)
    process.start()
    process.join(LIMIT_S)
    return process.exitcode


def taken_over(
    data: Path, copy: Path, floor: Path, engine: Mapping[str, Any] | None = None, *, stay: bool = False
) -> Became:
    """What a case in ``data`` becomes under another version: played on a copy, in a process of its own."""
    shutil.copytree(data, copy)
    out = copy / "became.json"
    assert run(go_on, copy, floor, out, dict(engine or {}), stay) == 0, "the process failed"
    after, end, told, violations = json.loads(out.read_text(encoding="utf-8"))
    return Became(after, end, told, violations)
