"""What a client wants of a floor: the harbour's own scenes, the plant's stock, files, every suite."""

import shutil
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from agents.floor_loader import Floor, load_floor
from agents.floor_seed import instant
from agents.models import OfflineAccess
from agents.offline_model import OfflineModel
from evals.deciding_step import fits
from evals.field_values import in_shape
from evals.opening_state import opening_of
from evals.script_fit import plain
from evals.suite import Case
from evals.suite_file import SuiteFile, read_suite
from evals.suite_steps import EventStep
from evals.suite_steps import Step as SuiteStep
from graph.settings import Durability, Settings
from protocol.toolbox import Fact
from telemetry.clock import shared_clock
from tests.agents.floor_copies import HARBOUR
from tests.graph.harbour_app import LAY, SHIFT, SOUND, announced
from tests.recovery.crash.client import Ask, Cord, Decide, Feed, Report, Step, Wait
from tests.recovery.crash.consumer import CONFIG, KEY, Deliver
from tests.recovery.crash.places import Place
from tests.recovery.stock_clerk import item, order, stocked

ROOT = Path(__file__).resolve().parents[3]
SUITES = ROOT / "evals" / "suites"
FLOOR_FILE = "floor.yaml"
FLOOR = (FLOOR_FILE, "seed.yaml", "agents", "tools")
SIGNER, MASTER = "k.maes", "a.vos"
RUNG_S, BOTH_S = 900, 2700
"""Of the harbour's shift_visit: 15 minutes for the berth master, 30 more for the harbour master."""

Asked = Callable[[str, Sequence[BaseMessage]], Awaitable[None]]
Birth = Literal["empty", "seeded", "old"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A client's steps on a floor. ``birth``: the ledger they begin with: none at all, an empty one of the
    first schema, or one that is seeded; ``opening``: what else the settings say; ``later_s``: how much
    later, by the clock that processes share, each life begins than the one before.
    """

    name: str
    steps: Sequence[Step]
    floor: Path
    opening: Mapping[str, Any] = field(default_factory=dict)
    birth: Birth = "seeded"
    later_s: float = 0.0

    def settings(self, place: Place, durability: Durability, lives: int = 0) -> Settings:
        """How it is opened in a place, after so many ``lives``."""
        later_s = self.later_s * lives
        clock: dict[str, Any] = {"shared": lambda: shared_clock() + later_s} if later_s else {}
        return Settings(
            floor_dir=self.floor,
            data_dir=place.data,
            database=place.database,
            durability=durability,
            **self.opening,
            **clock,
        )

    def models(self, asked: Asked) -> "WatchedModels":
        """The offline models of its floor, or its scripts, each call told to ``asked`` first."""
        return WatchedModels(OfflineAccess(_floor(self.floor).policies, self.opening.get("scripts")), asked)


class WatchedModels:
    """Models that tell of each call before they answer."""

    def __init__(self, access: OfflineAccess, asked: Asked) -> None:
        self._access = access
        self._asked = asked

    def model_of(self, agent: str) -> BaseChatModel:
        """The model of a role."""
        model = self._access.model_of(agent)
        assert isinstance(model, OfflineModel)
        return _Watched(role=agent, play=model.play, asked=self._asked)

    def endpoint_of(self, agent: str) -> str | None:
        """None: nothing is called."""
        return None


class _Watched(OfflineModel):
    asked: Asked

    async def ainvoke(self, input: Any, *args: Any, **kwargs: Any) -> AIMessage:  # noqa: A002 - LangChain's name
        """Told first, then answered."""
        await self.asked(self.role, input)
        return await super().ainvoke(input, *args, **kwargs)


@cache
def _floor(directory: Path) -> Floor:
    return load_floor(directory)


def scenarios(home: Path, wanted: Collection[str] = ()) -> Mapping[str, Scenario]:
    """All there are, by name, on copies of their floors in ``home``, which are loaded. The plant takes
    longer: it is left out when the harbour has all that are ``wanted``.
    """
    harbour, plant = home / "harbour", home / "plant"
    _copied(HARBOUR, harbour, *FLOOR)
    _floor(harbour)
    _copied(HARBOUR, home / "sending", *FLOOR, config=CONFIG)
    own = [*_harbour(harbour), _sending(home / "sending")]
    found = {scenario.name: scenario for scenario in own}
    if not wanted or not found.keys() >= set(wanted):
        _copied(ROOT, plant, *FLOOR)
        found |= {scenario.name: scenario for scenario in [*_plant(plant), *_suites(plant)]}
    return found


def _copied(floor: Path, to: Path, *parts: str, config: str = "") -> None:
    """A floor on which a case may be tried more often before a person is asked about it: a sweep kills
    whoever goes on with a case again and again.
    """
    for part in parts:
        source = floor / part
        if source.is_dir():
            shutil.copytree(source, to / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            to.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, to / part)
    text = (to / FLOOR_FILE).read_text("utf-8")
    assert "limits:" not in text
    (to / FLOOR_FILE).write_text(f"{text}\nlimits: {{attempts: 100}}\n{config}\n", "utf-8")


def _harbour(floor: Path) -> Iterator[Scenario]:
    fact = announced()
    yield Scenario("birth", [Ask(LAY)], floor, birth="empty")
    yield Scenario("upgrade", [Ask(LAY)], floor, birth="old")
    yield Scenario("exchange", [Ask(SOUND)], floor)
    yield Scenario("fact", [Report([fact])], floor)
    yield Scenario("signature", [Ask(SHIFT), Decide(SIGNER)], floor)
    yield Scenario("rejection", [Ask(SHIFT), Decide(SIGNER, "reject"), Ask(LAY)], floor)
    yield Scenario("second_rung", [Ask(SHIFT), Wait(RUNG_S), Decide(MASTER)], floor)
    yield Scenario("deadline", [Ask(SHIFT), Wait(RUNG_S), Wait(BOTH_S - RUNG_S), Ask(LAY)], floor)
    yield Scenario(
        "cord",
        [
            Cord("floor", MASTER),
            Report([fact]),
            Decide(SIGNER, "answer", option=0),
            Cord("floor", MASTER, release=True),
            Ask(SOUND),
        ],
        floor,
    )
    yield Scenario("several", [Report([fact]), Ask(SOUND), Ask(SHIFT), Ask(LAY), Decide(SIGNER)], floor)


def _sending(floor: Path) -> Scenario:
    """Whoever goes on comes so late that what a dead process took up may be sent again."""
    opening = {"secret": lambda name: KEY}
    return Scenario("delivery", [Ask(LAY), Deliver()], floor, opening, later_s=60.0)


def _plant(floor: Path) -> Iterator[Scenario]:
    wants = [f"Allocate 400 {item(0)} to {order(who, 0)}" for who in ("SECOND", "FIRST")]
    steps = [Ask(text, person="k.amari") for text in wants]
    yield Scenario("stock", steps, floor, opening={"seed": stocked(1)})
    log = Path(__file__).parent / "log.csv"
    answer = Decide("l.brandt", "answer", option=0)
    yield Scenario("file", [Feed(log), answer, Feed(log)], floor)


def _suites(directory: Path) -> Iterator[Scenario]:
    floor = _floor(directory)
    for path in sorted(SUITES.glob("*.yaml")):
        file = read_suite(path, ROOT)
        for case in file.suite.cases:
            yield _scenario(file, case, floor, directory)


def _scenario(file: SuiteFile, case: Case, floor: Floor, directory: Path) -> Scenario:
    opening = opening_of(file, case, floor)
    settings = {
        "seed": opening.seed,
        "clock_start": opening.clock_start,
        "people": opening.people,
        "scripts": plain(case.given.scripts),
    }
    steps = [mine for n, step in enumerate(case.steps) for mine in _steps(file, floor, n, step)]
    return Scenario(f"{file.suite.suite}.{case.id}", steps, directory, settings)


def _steps(file: SuiteFile, floor: Floor, number: int, step: SuiteStep) -> Iterator[Step]:
    """A suite's step as a client does it. Restarts and lost checkpoints are the sweep's own business."""
    if step.user is not None:
        yield Ask(step.user.text, step.user.as_, step.user.session)
    for n, event in enumerate([step.event] if step.event else step.events or ()):
        yield _report(floor, f"step-{number}-{n}", event)
    if (item_ := step.approval) is not None:
        if item_.after:
            yield Wait(item_.after)
        if item_.decision != "ignore":
            yield Decide(
                item_.as_,
                item_.decision,
                item_.option,
                item_.reason,
                item_.text,
                fits=lambda row, world: fits(row, item_.match, world),
            )
    for cord, release in ((step.pull, False), (step.release, True)):
        if cord is not None:
            yield Cord(cord.scope, cord.as_, release)
    if step.wait is not None:
        yield Wait(step.wait)
    if step.feed is not None:
        mapping = file.beside(step.feed.map) if step.feed.map else None
        yield Feed(file.beside(step.feed.file), mapping)


def _report(floor: Floor, stem: str, event: EventStep) -> Report:
    kind = floor.world.facts.get(event.type)
    data = in_shape(kind.data, event.data) if kind else event.data
    occurred = instant(event.occurred) if event.occurred is not None else ""
    name = event.source_id or stem
    names = [name] if event.repeat == 1 else [f"{name}-{n}" for n in range(event.repeat)]
    make = partial(Fact, event.type, "suite")
    return Report([make(n, occurred, event.subject, data) for n in names], later_s=event.at or 0)
