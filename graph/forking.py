"""Running a recorded case again with something else in its ledger: what would have happened if (R15).

To the fork the case runs as recorded. There fields of records are set, and it runs on from its tape until a
job would read, write or be told something else; from then on it is driven on a ledger in memory, made from
the tape (checkpoints/rebuilding.py). Nothing is sent, nobody is asked, and nothing is left.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agents.floor_loader import Floor
from agents.models import ModelAccess
from agents.router import Router
from checkpoints.playing import play
from checkpoints.rebuilding import Base, RebuiltLedger
from checkpoints.recordings import Part
from checkpoints.row_codec import escalation_row
from checkpoints.taped_records import Supposed
from checkpoints.taping import Item, Statement
from graph.deciding import Wanted, record_decision
from graph.forked import ForkedClock, ForkedLedger, ForkedModels, ForkedRouter
from graph.played import PlayedDrive
from graph.recording import MAIN, OPENING, Strand, here, inside
from graph.replaying import Clock, Done, Replay, Replayed, under
from protocol.errors import AndonError
from protocol.ports import Ledger, ReadTx, Tx
from protocol.rows import EscalationRow
from protocol.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be explored. ``after``: the pass after which the fork is; None: the start of the case.
    ``live``: who is asked where nothing is recorded; ``every_turn``: also where something is.
    """

    live: ModelAccess
    supposed: Supposed
    base: Base = field(default_factory=Base)
    after: int | None = None
    every_turn: bool = False


def jobs_of(parts: Sequence[Part]) -> list[Item]:
    """The jobs on a tape that were not undone, drive by drive, strand by strand."""
    return [
        item
        for part in parts
        for item in part.items
        if isinstance(item, dict) and "asked" in item and "raised" not in item
    ]


class Fork(Replay):
    """One recording, and what becomes of its case on another way."""

    def __init__(self, floor: Floor, world: World, case: str, parts: Sequence[Part], plan: Plan) -> None:
        super().__init__(floor, world, case, parts)
        self._plan = plan
        self.forked = False
        self.strayed = False
        self.anew: list[tuple[str, int | None]] = []
        """Who was asked anew, and in which round."""
        self.did: list[Sequence[Statement]] = []
        """The statements of each job that was done, in order."""
        self._forked_at = 0
        self._played: set[int] = set()
        self._hour = ""
        self._header: Any = None
        self._alone: RebuiltLedger | None = None
        self._clocks = (ForkedClock(), ForkedClock())
        self._answers = _answers(parts)

    async def run(self) -> Replayed:
        """Everything in the order it was recorded in, then what is still to be done."""
        try:
            await super().run()
            await self._run_on()
        finally:
            if self._alone is not None:
                self._alone.close()
        return self.result

    async def _run_on(self) -> None:
        token = max((part.drive for part in self._parts), default=0)
        while self.parted and not self.stopped and self._is_due():
            passes, token = self.passes, token + 1
            await self._drive(PlayedDrive(self._case, token, {MAIN: [self._header]}))
            if self.passes == passes:
                break

    # What stands in for the outside

    def ledger(self) -> Ledger:
        """The tape, then a ledger in memory."""
        return ForkedLedger(self)

    def models(self, endpoints: Mapping[str, Sequence[str | None]]) -> ModelAccess:
        """Recorded answers, and new ones."""
        return ForkedModels(self, endpoints)

    def clocks(self) -> tuple[Clock, Clock]:
        """Recorded readings, then virtual time."""
        return self._clocks

    def router(self, world: World) -> Router:
        """Recorded choices."""
        return ForkedRouter(self, world, self._floor.policies)

    def live_model(self, agent: str) -> Any:
        """What plays the agent where nothing is recorded."""
        return self._plan.live.model_of(agent)

    def answers(self, agent: str, seen: Sequence[str]) -> deque[dict[str, Any]]:
        """Recorded answers of an agent to a prompt."""
        return deque() if self._plan.every_turn else self._answers.get((agent, *seen), deque())

    def asked(self, agent: str) -> None:
        """Note who was asked; its round is told by the row of its turn."""
        if (agent, None) not in self.anew:
            self.anew.append((agent, None))

    def stray(self) -> None:
        """From here on nothing needs to be as it was."""
        self.strayed = True

    # The fork, and leaving the tape

    def _fork(self) -> None:
        self.forked, self._forked_at = True, len(self.did)
        if self._plan.supposed.hides:
            self.leave()

    def leave(self) -> None:
        """Make the ledger in memory, as it stands now."""
        if self._alone is not None:
            return
        config, plan = self._world.config, self._plan
        ticks = config.clock != "floor"
        self._alone = RebuiltLedger(config.floor, self._world.types, self._hour, ticks=ticks)
        self.parted = True
        self._alone.begin_with(plan.base)
        for asked in self.did[: self._forked_at]:
            self._alone.follow(asked)
        self._alone.suppose(plan.supposed)
        for asked in self.did[self._forked_at :]:
            self._alone.follow(asked)
        rest = [item["asked"] for item in jobs_of(self._parts) if id(item) not in self._played]
        self._alone.hear(self._case, rest, plan.supposed)
        if (found := here()) is not None:
            self._alone.hold(self._case, found[0].token)

    # Jobs

    def job(self, strand: Strand, drive: int, item: Item, job: Callable[[Any], T]) -> T:
        """Run one job on its tape, or in memory when it does something else than it did."""
        if not self.forked:
            value = super().job(strand, drive, item, job)
            self._note_done(item, self.result.jobs[-1].asked)
            if self.passes == self._plan.after and not self.stopped:
                self._fork()
            return value
        failed: Exception | None = None
        try:
            with inside(list(item["clocks"])):
                value, played = play(item, job, self._world.types, self._memory, self._plan.supposed.patched)
        except Exception as error:  # noqa: BLE001 - what a job raises is judged like what it gives
            failed, played = error, getattr(error, "played")  # noqa: B009 - set where it was played
        if played.differs_at is not None:
            self.leave()
            return self.do(strand, drive, item, job, bool(item["writes"]))
        self.result.jobs.append(Done(strand.name, drive, played.asked))
        if failed is not None:
            raise failed
        self._note_done(item, played.asked)
        self._count(played.asked)
        return value

    def do(self, strand: Strand, drive: int, item: Item | None, job: Callable[[Any], T], writes: bool) -> T:
        """Do a job in memory, at the hour and with the readings of what stands in its place on tape."""
        assert self._alone is not None
        given = item if item is not None and "before" in item else {}
        self._alone.reach(_hour(given) or self._hour)
        taped: Item = {}
        with inside(list(given.get("clocks", ()))):
            value = self._alone.run(job, taped, writes=writes)
        self.result.jobs.append(Done(strand.name, drive, taped["asked"]))
        self._note_done(given, taped["asked"])
        self._count(taped["asked"])
        return value

    def _note_done(self, item: Item, asked: Sequence[Statement]) -> None:
        self._played.add(id(item))
        self._hour = max(self._hour, _hour(item) or "")
        self.did.append(asked)
        for name, values, _ in asked:
            if name == "put_turn":
                anew = (str(values[2]), None)
                self.anew = [(anew[0], int(values[1])) if one == anew else one for one in self.anew]

    def _count(self, asked: Sequence[Statement]) -> None:
        self.passes += any(statement[0] == "put_pass" for statement in asked)

    # Drives, and what happens between them

    async def _drive(self, drive: PlayedDrive) -> None:
        self._header = drive.strand(MAIN).peek()
        if not self.forked and self._plan.after is None:
            self._fork()
        if self.parted:
            if not self._is_due():
                return
            assert self._alone is not None
            self._alone.hold(self._case, drive.token)
        await super()._drive(drive)

    def _is_due(self) -> bool:
        case = self.look(lambda tx: tx.case(self._case))
        return case is not None and case.runnable and not case.status.ended

    def look(self, job: Callable[[ReadTx], T]) -> T:
        """Read the ledger in memory."""
        assert self._alone is not None
        return self._alone.run(job, {}, writes=False)

    def _between(self, part: Part) -> None:
        if not self.parted or part.strand == OPENING:
            super()._between(part)
            return
        step, item = part.items[0][1], part.items[1]
        if not any(statement[0] == "put_decision" for statement in item["asked"]):
            return  # it was refused then
        wanted = Wanted(**step["wanted"])
        asked = self.look(lambda tx: tx.escalation(wanted.escalation))
        if asked is None or not _is_same(asked, item):
            self.note(f"what {wanted.person} decided ({wanted.decision}) was not asked, so nobody decided it")
            return
        world = under(self._world, step)
        decided: Any = None

        def decide(tx: Tx) -> Any:
            return record_decision(tx, world, wanted)

        with suppress(Exception):  # what it raises has changed nothing
            decided = self.do(Strand(part.strand), 0, item, decide, writes=True)
        if isinstance(decided, AndonError):
            self.note(f"what {wanted.person} decided ({wanted.decision}) was refused: {decided.message}")


def _hour(item: Mapping[str, Any]) -> str | None:
    """The ledger clock at the end of a job."""
    if "before" not in item:
        return None
    found = item.get("after") or item["before"]["now"] or item["before"]["clock"]
    return None if found is None else str(found)


def _answers(parts: Sequence[Part]) -> dict[tuple[str, ...], deque[dict[str, Any]]]:
    """Recorded answers by strand and digests of the prompt."""
    found: dict[tuple[str, ...], deque[dict[str, Any]]] = {}
    drives: dict[tuple[int, str], int] = {}
    for part in parts:
        done = drives.get((part.drive, part.strand), 0)
        for item in part.items[max(0, done - part.first) :]:
            if isinstance(item, list) and item[0] == "model":
                agent = part.strand.partition(".")[2]
                found.setdefault((agent, *item[1]), deque()).append(item[2])
        drives[part.drive, part.strand] = max(done, part.first + len(part.items))
    return found


def _is_same(now: EscalationRow, item: Item) -> bool:
    """Whether the question that stands now is the one that was decided."""
    shown = next((rows[0] for name, _, rows in item["asked"] if name == "escalation" and rows), None)
    if shown is None or now.state != "pending":
        return False
    then = escalation_row(shown)
    return (then.action_hash, list(then.options)) == (now.action_hash, list(now.options))
