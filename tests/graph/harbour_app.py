"""The harbour as an application, for tests: opened on a directory, with scripts, facts and dumps."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from agents.floor_loader import load_floor
from agents.models import ModelAccess, OfflineAccess, letting_go
from agents.offline_model import OfflineModel
from checkpoints.audit import audit
from graph.app import App, open_app
from graph.settings import Settings
from protocol.ports import ReadTx, Tx
from protocol.rows import LeaseHolder
from protocol.toolbox import Fact
from tests.agents.floor_copies import ANNOUNCED, HARBOUR

SHIFT = "Move V-1 to B2 from 2026-05-06 08:00"
"""Waits for a berth master: V-1 is promised."""
SOUND = "Sound B3 please"
"""Two rounds and two agents: fairway asks berthing for a gap, and its answer fills the sounding."""
LAY = "Lay V-2 at B3 from 2026-05-04 12:00"
"""One round, one commit."""
WHERE = "Where is V-1?"
"""One round, no commit."""

ELSEWHERE = LeaseHolder("another host", 1, "1")
"""Whoever holds a lease under this name is not seen to be dead."""

Script = Sequence[Sequence[Mapping[str, Any]]]


@asynccontextmanager
async def opened(
    data: Path, floor: Path = HARBOUR, models: ModelAccess | None = None, **settings: Any
) -> AsyncIterator[App]:
    """An application on the harbour, or on a copy of it. Models that are given are closed with it."""
    settings_ = Settings(floor_dir=floor, data_dir=data, **settings)
    async with letting_go(models), open_app(settings_, models) as app:
        yield app


class Models:
    """The harbour's offline models behind ``before``, which sees each call and may fail, wait or kill.

    ``calls``: the agents asked, in the order of asking.
    """

    def __init__(
        self,
        before: Callable[[str], Awaitable[Any]] | None = None,
        floor: Path = HARBOUR,
        endpoint: str | None = None,
    ) -> None:
        self.calls: list[str] = []
        self.endpoint = endpoint
        self._before = before
        self._offline = OfflineAccess(load_floor(floor).policies)

    def model_of(self, agent: str) -> BaseChatModel:
        """The model of one role."""
        return _Watched(role=agent, play=self._offline.model_of(agent).play, seen=self.seen)  # type: ignore[attr-defined]

    def endpoint_of(self, agent: str) -> str | None:
        """The endpoint that serves it: all of them one, or none."""
        return self.endpoint

    async def seen(self, agent: str, messages: Sequence[BaseMessage]) -> None:
        """Called ahead of each answer."""
        self.calls.append(agent)
        if self._before is not None:
            await self._before(agent)


class _Watched(OfflineModel):
    seen: Callable[[str, Sequence[BaseMessage]], Awaitable[None]]

    async def ainvoke(self, input: Any, *args: Any, **kwargs: Any) -> AIMessage:  # noqa: A002 - LangChain's name
        """Seen first, then answered."""
        await self.seen(self.role, input)
        return await super().ainvoke(input, *args, **kwargs)


def announced(source_id: str = "1", occurred: str = "2026-05-04T04:30:00Z", **data: Any) -> Fact:
    """A ship announces itself half an hour after the harbour's clock starts."""
    said = {**ANNOUNCED, **data}
    return Fact("ship.announced", "radio", source_id, occurred, f"visit/{said['visit']}", said)


def propose(kind: str, **params: Any) -> dict[str, Any]:
    """A scripted proposal."""
    return {"move": "propose", "kind": kind, "params": params}


def reply(text: str) -> dict[str, Any]:
    """A scripted reply."""
    return {"move": "reply", "text": text}


async def until(app: App, true: Callable[[ReadTx], bool]) -> None:
    """Wait for the ledger to say so."""
    while not await app.ledger.read(true):  # noqa: ASYNC110 - another process or loop may be the one who writes
        await asyncio.sleep(0.001)


def free(case: str) -> Callable[[Tx], None]:
    """A job that releases the lease, whoever holds it."""

    def job(tx: Tx) -> None:
        row = tx.lease(case)
        assert row is not None
        tx.drop_lease(case, row.token)

    return job


async def waiting(app: App) -> tuple[str, str]:
    """A case that waits for a signature: its id, and the escalation's."""
    shape = await app.ask(SHIFT, person="guest")
    return shape["case"], shape["waiting"][0]["id"]


async def events(app: App, case: str | None = None) -> list[str]:
    """The types of events, of one case or of all, in their order."""
    return [e.type for e in await app.ledger.read(lambda tx: tx.events(case))]


async def violations(app: App) -> list[Any]:
    """What an audit finds."""
    report = await app.ledger.read(lambda tx: audit(tx, app.world))  # type: ignore[arg-type]
    found: list[Any] = report["violations"]
    return found


_CASES = (
    "SELECT id, origin, status, runnable, passes, rounds, reply, code, clarify, ended_at, position FROM cases"
)
_TABLES = {
    "cases": f"{_CASES} ORDER BY id",
    "turns": "SELECT case_id, round, agent, body FROM turns ORDER BY 1, 2, 3",
    "verdicts": "SELECT case_id, pass_no, key, params, verdict, code, reason FROM verdicts ORDER BY 1, seq",
    "commits": "SELECT key, kind, params, result, level, at, approval FROM commits ORDER BY key",
    "resources": "SELECT type, key, version, body FROM resources ORDER BY 1, 2",
    "balances": "SELECT type, key, field, value FROM balances ORDER BY 1, 2, 3",
    "claims": "SELECT resource, start_us, end_us, holder_key, shared FROM claims ORDER BY 1, 2, 4",
    "escalations": "SELECT id, case_id, type, state, due_at FROM escalations ORDER BY id",
    "decisions": "SELECT escalation, person, decision, spent FROM decisions ORDER BY 1, 2",
    "events": "SELECT id, type, subject, data, case_id, agent, lane, depth FROM events ORDER BY id",
}


async def dump(app: App) -> dict[str, list[Any]]:
    """The ledger's content in one order, without what tells how often or how fast it was driven."""

    def read(tx: Any) -> dict[str, list[Any]]:
        return {name: [list(row) for row in tx.rows(sql)] for name, sql in _TABLES.items()}

    found: dict[str, list[Any]] = json.loads(json.dumps(await app.ledger.read(read)))
    return found
