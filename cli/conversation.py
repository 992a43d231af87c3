"""One conversation: whose it is, what it has asked, and taking a line, whatever drives it."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from cli.exits import of_status, tell
from cli.notices import Notices
from cli.outcome import model_line, standing_line, waiting_line
from cli.output import Output
from cli.progress import Progress, untold
from cli.settling import settle
from cli.slash import run_slash
from cli.standing import open_items
from graph.app import App
from graph.texts import check_text
from protocol.errors import AndonError, DependencyDownError, NotAuthorisedError, NotFoundError
from protocol.rows import CaseStatus, EscalationRow
from telemetry.clock import process_clock
from telemetry.ids import session_id

SWEEP_S = 1.0
"""How often deadlines are looked at while a conversation is open (design, section 7)."""


@dataclass
class Conversation:
    """A session in progress. ``busy`` keeps a line and the sweep apart: they would take each other's cases.

    ``waiting``: what waits for a person, as last seen. ``pending``: this session's cases that wait.
    ``notices``: what stands over the whole floor, as last seen.
    """

    app: App
    out: Output
    person: str
    session: str
    last_case: str | None = None
    left: bool = False
    waiting: list[EscalationRow] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    notices: Notices = field(default_factory=Notices)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def zone(self) -> str:
        """The site's zone."""
        return self.app.world.config.zone

    async def take(self, line: str) -> int:
        """One line: a request or a slash command. Its exit code; errors are told, not raised."""
        try:
            async with self.busy:
                code = await (
                    run_slash(self, line.strip()) if line.strip().startswith("/") else self._ask(line)
                )
        except AndonError as error:
            return tell(error, as_json=self.out.common.as_json)
        await self._look()
        return code

    async def _ask(self, line: str) -> int:
        text = check_text(line)
        with Progress(self.out, process_clock, speaks=True) as progress:
            shape = await self.app.ask(text, person=self.person, session=self.session, progress=progress)
        shape = await settle(self.app, shape)
        self.last_case = shape["case"]
        if shape["status"] == CaseStatus.WAITING:
            self.pending.add(shape["case"])
        body = shape | {"schema": "andon/chat/v1", "session": self.session}
        self.out.answer(body, lambda: self._print(shape, told=progress.told))
        return of_status(shape["status"])

    def _print(self, shape: dict[str, Any], *, told: str) -> None:
        if rest := untold(told, shape["reply"]):
            self.out.text(rest)
        for item in shape["waiting"]:
            self.out.note(f"{waiting_line(item, self.zone)}   /show {item['id']}")
        self.out.note(f"({standing_line(shape)})")

    async def _look(self) -> None:
        self.waiting, notices = await self.app.ledger.read(lambda tx: (open_items(tx), Notices.read(tx)))
        for line in notices.since(self.notices, self.zone):
            self.out.note(line)
        self.notices = notices

    async def keep_watch(self) -> None:
        """Until cancelled: let deadlines fire, tell what newly waits and which own case has gone on."""
        delivering = asyncio.create_task(self._keep_delivering())
        try:
            await self._keep_time()
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def _keep_time(self) -> None:
        await self._look()
        known = {row.id for row in self.waiting}
        while True:
            await asyncio.sleep(SWEEP_S)
            async with self.busy:
                if await self.app.sweep():
                    await self.app.drain()
            await self._look()
            self._announce(known)
            await self._tell_ended()

    async def _keep_delivering(self) -> None:
        """Send what is due to receivers outside. No line and no deadline waits for them."""
        while True:
            with suppress(DependencyDownError):  # a ledger that is away will be back
                await self.app.deliver()
            await asyncio.sleep(SWEEP_S)

    def _announce(self, known: set[str]) -> None:
        for row in self.waiting:
            if row.id not in known and row.case not in self.pending:
                item = {"id": row.id, "role": row.role, "due_at": row.due_at}
                self.out.note(f"{waiting_line(item, self.zone)}: {row.summary}   /show {row.id}")
        known.update(row.id for row in self.waiting)

    async def _tell_ended(self) -> None:
        for case in sorted(self.pending):
            shape = await self.app.outcome(case)
            if shape["status"] not in (CaseStatus.WAITING, CaseStatus.OPEN):
                self.pending.discard(case)
                self.out.note(f"{standing_line(shape)}\n{shape['reply']}")


async def begin(app: App, out: Output, person: str, session: str | None) -> Conversation:
    """A new conversation, or the one named; raises NotFoundError or NotAuthorisedError for that one."""
    config = app.world.config
    out.note(f"{config.floor}: {config.purpose}")
    out.note(model_line(app.settings, app.world.config.models))
    if session is None:
        session = session_id()
        out.note(f"session {session}, you are {person}; /help lists commands")
        return Conversation(app, out, person, session)
    name = session
    earlier = await app.ledger.read(lambda tx: tx.session_cases(name, 1))
    if not earlier:
        raise NotFoundError(
            f"There is no session {session}.",
            hint="`andon cases --json` names the sessions.",
            code="unknown_id",
        )
    if earlier[-1].person != person:
        raise NotAuthorisedError(
            f"Session {session} is {earlier[-1].person}'s, and you are {person}.",
            hint="Begin your own with `andon chat`, or say who you are with --as PERSON.",
            code="not_that_person",
        )
    shape = await app.outcome(earlier[-1].id)
    out.note(f"session {session}, you are {person}; it stands at {standing_line(shape)}")
    pending = {shape["case"]} if shape["status"] == CaseStatus.WAITING else set()
    return Conversation(app, out, person, session, last_case=shape["case"], pending=pending)
