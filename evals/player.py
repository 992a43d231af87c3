"""Playing the steps of a case on a real application with real files, in the order of the suite."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Self

from agents.floor_seed import instant
from checkpoints.sqlite_saver import discard
from evals.deciding_step import decide_elsewhere, exit_code, pick
from evals.field_values import in_shape
from evals.played import DONE, FAILED, WAITING, Played
from evals.standing import Standing, check_unscripted
from evals.suite_file import SuiteFile
from evals.suite_steps import ApprovalStep, CordStep, EventStep, FeedStep, Step, UserStep
from graph.app import App, open_app
from graph.feed import feed
from graph.settings import Settings
from protocol.errors import AndonError
from protocol.times import plus
from protocol.toolbox import Fact
from protocol.world import World

SOURCE = "suite"
"""Where the events of a suite come from."""
CHECKPOINTS = "checkpoints.db"
STATUS_CODES = {"done": DONE, "refused": FAILED, "failed": FAILED, "waiting": WAITING}
ANY_STATUS = frozenset(STATUS_CODES.values())
USUAL: Mapping[str, frozenset[int]] = {
    "approval": frozenset({DONE, WAITING}),
    "pull": frozenset({DONE}),
    "release": frozenset({DONE}),
}
"""How a step may end that does not say: an approval is recorded, or more signatures are needed."""


class Player:
    """Plays one attempt. ``seed`` decides in which order an event step delivers."""

    def __init__(self, file: SuiteFile, settings: Settings, seed: int) -> None:
        self._file = file
        self._settings = settings
        self._seed = seed
        self._stack = AsyncExitStack()
        self._app: App | None = None

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._close()

    @property
    def app(self) -> App:
        """The application that is open now."""
        if self._app is None:
            raise RuntimeError("no application is open")
        return self._app

    @property
    def world(self) -> World:
        """The floor with the suite's people and clock."""
        return self.app.world

    async def play(self, steps: Sequence[Step]) -> AsyncIterator[Played]:
        """Each step as it ends; nothing follows one that did not end as expected."""
        for number, step in enumerate(steps):
            played = await self._step(number, step)
            yield played
            if not played.as_expected:
                return

    async def _step(self, number: int, step: Step) -> Played:
        what = getattr(step, step.kind)
        expected = getattr(what, "expect_exit", None)
        usual = USUAL.get(step.kind, ANY_STATUS)
        accepts = usual if expected is None else frozenset({expected})
        before = await self._standing()
        shape: dict[str, Any] = {}
        try:
            code, said, shape = await self._act(number, step)
        except AndonError as error:
            code, said = error.exit_code, f"{error.error_code}: {error.message}"
        after = await self._standing()
        if isinstance(what, ApprovalStep) and what.process == "new":
            check_unscripted(before, after)
        return Played(
            step=number,
            kind=step.kind,
            exit_code=code,
            accepts=accepts,
            cases=after.opened_since(before),
            events=(before.next_event, after.next_event),
            changed=after.changed_since(before),
            shape=shape,
            said=said,
        )

    async def _standing(self) -> Standing:
        scripted = (self._settings.scripts or {}).keys()
        return await self.app.ledger.read(lambda tx: Standing.read(tx, self.world, scripted))

    async def _act(self, number: int, step: Step) -> tuple[int, str, dict[str, Any]]:
        """Do it: exit code, words, and the shape of a feed."""
        match getattr(step, step.kind):
            case UserStep() as user:
                outcome = await self.app.ask(user.text, person=user.as_, session=user.session)
                return STATUS_CODES.get(outcome["status"], DONE), outcome["reply"], {}
            case EventStep() as event:
                await self._deliver(number, {f"step-{number}": event})
            case list() as events:
                await self._deliver(number, {f"step-{number}-{n}": e for n, e in enumerate(events, 1)})
            case ApprovalStep() as approval:
                return *(await self._decide(approval)), {}
            case CordStep() as cord:
                move = self.app.pull if step.kind == "pull" else self.app.release
                await move(cord.scope, person=cord.as_, reason=cord.reason)
            case FeedStep() as table:
                mapping = self._file.beside(table.map) if table.map else None
                shape = await feed(self.app, self._file.beside(table.file), mapping)
                return (FAILED if shape["failed"] else DONE), "", shape
            case int() as seconds if step.kind == "wait":
                await self.app.wait(seconds)
            case _ if step.kind == "restart":
                await self._elsewhere(_nothing)
            case _:
                await self._elsewhere(self._delete_checkpoints)
        return DONE, "", {}

    async def _deliver(self, number: int, events: Mapping[str, EventStep]) -> None:
        """Each delivery is a transaction of its own, then everything goes as far as it can.

        ``events``: by the id that each has when it states none.
        """
        now: str = await self.app.ledger.read(lambda tx: tx.now)
        deliveries = [fact for stem, event in events.items() for fact in self._facts(event, stem, now)]
        random.Random(f"{self._seed}/{number}").shuffle(deliveries)
        for fact in deliveries:
            await self.app.accept([fact])
        await self.app.drain()

    def _facts(self, event: EventStep, otherwise: str, now: str) -> list[Fact]:
        occurred = instant(event.occurred) if event.occurred is not None else plus(now, seconds=event.at or 0)
        kind = self.world.facts.get(event.type)
        data = in_shape(kind.data, event.data) if kind else event.data
        stem = event.source_id or otherwise
        names = [stem] if event.repeat == 1 else [f"{stem}-{n}" for n in range(1, event.repeat + 1)]
        facts = [Fact(event.type, SOURCE, name, occurred, event.subject, data) for name in names]
        return facts * (2 if event.duplicate else 1)

    async def _decide(self, step: ApprovalStep) -> tuple[int, str]:
        """Let the time pass that the person takes, find the item, and decide it."""
        if step.after:
            await self.app.wait(step.after)
        row = await self.app.ledger.read(lambda tx: pick(tx, self.world, step))
        if step.decision == "ignore":
            return DONE, ""
        if step.process == "new":
            return await self._elsewhere(lambda: decide_elsewhere(self._settings, row, step))
        shape = await self.app.decide(
            row.id,
            step.decision,
            person=step.as_,
            reason=step.reason,
            option=step.option,
            text=step.text,
            expect_hash=row.action_hash,
        )
        return exit_code(shape, row, step), ""

    async def _elsewhere(self, act: Callable[[], Awaitable[tuple[int, str]]]) -> tuple[int, str]:
        """Do something while no application is open here, then open it again."""
        await self._close()
        ended = await act()
        await self._open()
        return ended

    async def _delete_checkpoints(self) -> tuple[int, str]:
        discard(self._settings.data_dir / CHECKPOINTS)
        return DONE, ""

    async def _open(self) -> None:
        self._app = await self._stack.enter_async_context(open_app(self._settings))

    async def _close(self) -> None:
        self._app = None
        await self._stack.aclose()


async def _nothing() -> tuple[int, str]:
    return DONE, ""
