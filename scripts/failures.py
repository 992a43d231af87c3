"""Writes docs/reference/failures.md: what became of every way of failing at every stage of a case.

.venv/bin/python scripts/failures.py

Each cell is a real run: the harbour over HTTP, with the real client, on a ledger of its own.
"""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.backend import Endpoint
from agents.floor_loader import load_floor
from agents.models import OfflineAccess, letting_go
from agents.openai_access import OpenAIAccess
from agents.router import OfflineRouter
from checkpoints.audit import audit
from evals.model_server.faults import OF_THE_ENDPOINT, Fault
from evals.model_server.profile import Draw, FromCall, Profile
from evals.model_server.roles import Roles
from evals.model_server.server import ModelServer, serving
from graph.app import open_app
from graph.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "failures.md"
FLOOR = ROOT / "tests" / "floors" / "harbour"
CALL_S = 6
"""The deadline of a turn here: a silent endpoint is waited for this long."""
LIMIT_S = 120
"""A case that lasts longer hangs."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A call of a case. ``number``: which of its calls, from 1, when all goes well.

    ``routes``: the call of the router, whose model alone is at the endpoint then.
    """

    name: str
    what: str
    text: str
    number: int
    routes: bool = False


_GAP, _BLOCKED = "Sound B3 please", "Lay V-2 at B2 from 2026-05-04 14:00"
STAGES = (
    Stage("routing", "a small model chooses the agent that a person's line concerns", _GAP, 1, routes=True),
    Stage("reply", "the agent answers the person's question", "Where is V-1?", 1),
    Stage("first turn", "the asker asks another agent for a decision", _GAP, 1),
    Stage("query", "the owner looks something up before it answers", _GAP, 2),
    Stage("owner's answer", "the owner answers, and with that the action is decided", _GAP, 3),
    Stage("second owner", "the owner of another lane is asked for its time", _BLOCKED, 2),
    Stage("second turn", "the asker hears the answer", _BLOCKED, 3),
)


@dataclass(frozen=True, slots=True)
class Came:
    """How one case ended. ``commits``: what was done, ``attempts``: the most a turn took."""

    status: str
    reply: str
    commits: tuple[str, ...]
    attempts: int
    failures: tuple[str, ...]
    waiting: bool
    violations: int
    routed: str = ""
    """What became of a choice that did not come at once: ``repaired``, or ``by relevance``."""


async def play(stage: Stage, draw: Draw, *, streams: bool = False) -> Came:
    """One case on a fresh ledger, its answers in one piece or in streams. TimeoutError when it hangs."""
    with tempfile.TemporaryDirectory() as name:
        floor_dir = _short_deadlines(Path(name) / "floor")
        if stage.routes:
            with (floor_dir / "floor.yaml").open("a", encoding="utf-8") as file:
                file.write(_ROUTED.format(streams=str(streams).lower()))
        floor = load_floor(floor_dir)
        router = OfflineRouter(floor.world, floor.policies)
        roles = Roles(OfflineAccess(floor.policies), sorted(floor.policies), router)
        server = ModelServer(roles, Profile(), draw=draw)
        async with serving(server) as url:
            endpoint = Endpoint(url, "any", streams)
            models = None if stage.routes else OpenAIAccess("offline", endpoint)
            settings = Settings(floor_dir, Path(name) / "data", model=None, endpoint=endpoint)
            async with asyncio.timeout(LIMIT_S), letting_go(models), open_app(settings, models) as app:
                ended = await app.ask(stage.text, person="guest")
                return await app.ledger.read(lambda tx: _came(tx, app.world, ended))


_ROUTED = "\nmodels: {{tiers: {{small: 'openai:little', large: offline}}, stream: {streams}}}\n"


def _short_deadlines(to: Path) -> Path:
    shutil.copytree(FLOOR, to, ignore=shutil.ignore_patterns("__pycache__"))
    for manifest in to.glob("agents/*/manifest.yaml"):
        text = manifest.read_text("utf-8").replace("call_s: 20", f"call_s: {CALL_S}")
        manifest.write_text(text, "utf-8")
    return to


def _came(tx: Any, world: Any, ended: dict[str, Any]) -> Came:
    turns = [turn for _, turn in tx.turns(ended["case"]) if "moves" in turn]
    commits = [f"{c.kind} {sorted(c.params.items())}" for case in tx.cases() for c in tx.commits(case.id)]
    return Came(
        status=str(ended["status"]),
        reply=str(ended["reply"]),
        commits=tuple(sorted(commits)),
        attempts=max((t["attempts"] for t in turns), default=0),
        failures=tuple(t["failure"] for t in turns if t["failure"]),
        waiting=bool(ended["waiting"]),
        violations=len(audit(tx, world)["violations"]),
        routed=_routed(tx),
    )


def _routed(tx: Any) -> str:
    if tx.events(type="router.fell_back"):
        return "by relevance"
    return "repaired" if any(e.data["repaired"] for e in tx.events(type="router.chose")) else ""


def words(fault: Fault, came: Came, well: Came) -> str:
    """What became of a fault, in two words. ``well``: the same case without it."""
    if came.violations or not set(came.commits) <= set(well.commits):
        return "**wrong**"
    if came.status == "failed":
        return "**failed**"
    if came.failures:
        how = "timed out, " if "timeout" in came.failures else ""
        return f"{how}escalated" if came.waiting else f"{how}given up"
    if came.routed and (came.status, came.reply) == (well.status, well.reply):
        return came.routed
    if came.attempts > 1:
        return "retried" if fault in OF_THE_ENDPOINT else "repaired"
    if (came.status, came.reply, came.commits) == (well.status, well.reply, well.commits):
        return "as well"
    return "escalated" if came.waiting else "nothing done" if came.commits != well.commits else "given way"


_WELL: dict[Stage, Came] = {}


async def well_of(stage: Stage) -> Came:
    """How the stage's case ends without a fault; played once."""
    if stage not in _WELL:
        _WELL[stage] = await play(stage, Draw(Profile()))
    return _WELL[stage]


async def row(fault: Fault, stages: Sequence[Stage] = STAGES) -> list[str]:
    """The cells of a fault: once, then from there on."""
    return [await _cell(fault, stage) for stage in stages]


async def _cell(fault: Fault, stage: Stage) -> str:
    """What came of a fault, and what else came of it when the answers were streamed."""
    well, found = await well_of(stage), []
    for streams in (False, True):
        came = [
            await play(stage, FromCall(fault, stage.number, once=once), streams=streams)
            for once in (True, False)
        ]
        found.append(" / ".join(words(fault, c, well) for c in came))
    whole, streamed = found
    return whole if whole == streamed else f"{whole}; streamed: {streamed}"


HEAD = """# What becomes of a model that fails

Every way of failing that `andon model-server` knows, at every stage of a case. Before the slash the call
fails once; after it, that call and all that follow fail. Each cell comes from real runs of the sample
harbour over HTTP, with answers in one piece and in streams (`models.stream`), which are told apart where
they differ. In none of them was anything committed that would not have been committed had all gone well.

- **as well**: the case ends as it does without the fault;
- **retried**: the endpoint was asked again within the turn's deadline, and the case ends well;
- **repaired**: the model was shown what was wrong with its answer, and gave a better one;
- **by relevance**: the policies' relevance chooses the agent instead of the router's model;
- **escalated**: a person is asked; **timed out, escalated**: the deadline passed first;
- **given up**, **nothing done**: the turn ended without a move, and nothing was committed;
- **given way**: an agent that says nothing gives way in its exchange, and the case ends without its word.

This page is written by `python scripts/failures.py`; a test plays a part of it again, and `make soak` all.
"""


def page(rows: dict[Fault, list[str]]) -> str:
    """The whole page."""
    head = " | ".join(stage.name for stage in STAGES)
    lines = [HEAD, f"| fault | {head} |", f"|---{'|---' * len(STAGES)}|"]
    lines += [f"| `{fault}` | {' | '.join(cells)} |" for fault, cells in rows.items()]
    lines += ["", "The stages:", ""]
    lines += [f'- **{s.name}**: {s.what}; call {s.number} of "{s.text}"' for s in STAGES]
    return "\n".join(lines) + "\n"


async def all_rows() -> dict[Fault, list[str]]:
    """Every fault in its order."""
    return {fault: await row(fault) for fault in Fault}


def main() -> int:
    """Always 0: the page is written."""
    PAGE.write_text(page(asyncio.run(all_rows())), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
