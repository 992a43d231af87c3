"""What admitting a floor costs: contracts read, Python loaded, everything checked, nothing remembered."""

import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from statistics import median
from string import Template
from typing import Any

import yaml  # type: ignore[import-untyped]

from agents.floor_loader import load_floor
from evals.bench_figure import Figure, paired, ratio, wall_s
from evals.bench_plan import AdmissionPlan
from protocol.errors import InvalidFloorError

ADMISSION, AGAINST = "admission of a floor", "admission against bare parsing"
TARGET_MS, AGAINST_TARGET = 300.0, 6.0


async def measure_admission(plan: AdmissionPlan, place: Path, times: int) -> list[Figure]:
    """The time in a warm process, and how often it is that of parsing the same YAML without any check.

    Each floor is a new one: texts and Python differ from the one before, so that nothing is remembered.
    """
    made, before = MadeUp(place, plan.agents), frozenset(sys.modules)

    async def ours(n: int) -> float:
        made.write(n)
        started = wall_s()
        admitted = len(load_floor(place).world.manifests)
        took = wall_s() - started
        if admitted != plan.agents:
            raise InvalidFloorError(f"The benchmark admits {admitted} agents.", code="bad_bench")
        _forget(before)
        return took

    async def theirs(n: int) -> float:
        started = wall_s()
        for path in made.contracts():
            yaml.load(path.read_bytes(), Loader=_BARE)  # noqa: S506 - it is a safe one
        return wall_s() - started

    pairs = await paired(times, ours, theirs)
    took_ms = 1000 * median(pair[0] for pair in pairs)
    note = f"{plan.agents} agents, in a process that has checked a floor before; no file was ever seen"
    return [
        Figure(ADMISSION, took_ms, "ms", TARGET_MS, len(pairs), note=note),
        ratio(AGAINST, AGAINST_TARGET, pairs, ("andon", "bare_yaml")),
    ]


_BARE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _forget(before: Collection[str]) -> None:
    """Drop the modules of a floor that is not needed any more."""
    for name in [name for name in sys.modules if name.startswith("floor_") and name not in before]:
        del sys.modules[name]


class MadeUp:
    """A floor of so many agents in one directory, each with three actions, three requests and a neighbour."""

    def __init__(self, place: Path, agents: int) -> None:
        self.place, self.agents = place, agents

    def contracts(self) -> Iterator[Path]:
        """Its YAML files."""
        yield self.place / "floor.yaml"
        yield from (self.place / "agents" / f"a{n:02}" / "manifest.yaml" for n in range(self.agents))

    def write(self, salt: int) -> None:
        """Write it anew; ``salt`` makes every file one that was never seen."""
        for name, text in self._files().items():
            path = self.place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text if path.suffix == ".md" else f"# {salt}\n{text}", "utf-8")

    def _files(self) -> dict[str, str]:
        files = {"floor.yaml": _CONFIG, "tools/floor.py": _TOOLS.replace("AGENTS", str(self.agents))}
        for n in range(self.agents):
            others = {
                "next": (n + 1) % self.agents,
                "after": (n + 2) % self.agents,
                "last": (n - 1) % self.agents,
            }
            words = {name: f"{number:02}" for name, number in {"n": n, **others}.items()}
            words |= {"lane": str(n % 5), "level": str(n % 5 + 1)}
            files[f"agents/a{n:02}/manifest.yaml"] = Template(_MANIFEST).substitute(words)
            files[f"agents/a{n:02}/prompt.md"] = f"You keep what is of type t{n:02}.\n"
            files[f"agents/a{n:02}/policy.py"] = _POLICY
        return files


_CONFIG = """\
floor: made_up
version: 1
purpose: Many agents, each with a neighbour.
lanes: [lane_0, lane_1, lane_2, lane_3, lane_4]
roles: [supervisor, manager]
people:
  - {id: a.one, name: One, roles: [supervisor]}
  - {id: a.two, name: Two, roles: [manager]}
"""
_MANIFEST = """\
agent: a$n
version: 1
purpose: Keeps what is of type t$n in order, and answers for it to the others.
lane: lane_$lane
capability_scope:
  can: [make_t$n, move_t$n, drop_t$n]
  cannot: [make_t$next, move_t$next, drop_t$next]
  reads: [t$n, t$next, t$after]
  asks: {a$next: [is_free_$next, find_slot_$next]}
input_schema:
  requests:
    tell:
      from: [person]
      schema: {type: object, required: [text], properties: {text: {type: string}}}
    is_free_$n:
      from: [a$last]
      schema:
        type: object
        required: [key_$n, start, end]
        properties:
          key_$n: {type: string}
          start: {type: string, format: date-time}
          end: {type: string, format: date-time}
    find_slot_$n:
      from: [a$last]
      schema:
        type: object
        required: [key_$n, minutes]
        properties:
          key_$n: {type: string}
          minutes: {type: integer, minimum: 1}
  events:
    hear:
      - t$n.seen
      - t$next.made
    project: [t$next.moved, t$next.dropped]
output_schema:
  answers:
    tell: {type: object, properties: {text: {type: string}}}
    is_free_$n:
      type: object
      required: [free_$n]
      properties:
        free_$n: {type: boolean}
        until: {type: [string, "null"], format: date-time}
    find_slot_$n: {type: object, required: [start_$n], properties: {start_$n: {type: string}}}
  events: [t$n.made, t$n.moved, t$n.dropped]
  errors: [unknown, too_late, taken, unclear, out_of_scope]
authority: {level: $level, owns: [t$n]}
escalation_path: {after_retries: 2, to: [supervisor, manager]}
timeout_policy: {call_s: 30, event_s: 120}
degraded_mode: {when_open: cached, max_age_s: 900, then: escalate}
"""
_POLICY = """\
from protocol.turns import Policy


def play(view):
    yield from ()
    return []


POLICY = Policy(lambda text: 0, play)
"""
_TOOLS = """\
from protocol.effects import Effects, Emit
from protocol.fields import Instant, Integer, KeyOf
from protocol.toolbox import ActionKind, Bound, FactKind, ResourceType, Toolbox, put

TYPES = [f"t{n:02}" for n in range(AGENTS)]
VERBS = {"make": "made", "move": "moved", "drop": "dropped"}


def action(verb, noun):
    event = f"{noun}.{VERBS[verb]}"

    def decide(params, snapshot, context):
        said = Emit(event, f"{noun}/{params['key']}", {"key": params["key"]})
        return Effects(puts=(put(noun, params["key"], mark=params["mark"]),), events=(said,))

    return ActionKind(
        name=f"{verb}_{noun}",
        purpose=f"{verb} a {noun}",
        params={"key": KeyOf(noun), "mark": Integer(0, 9), "start": Instant()},
        writes=(noun,),
        decide=decide,
        summary=lambda params: f"{verb} {params['key']}",
        events=(event,),
    )


TOOLBOX = Toolbox(
    resources=tuple(ResourceType(t, {"mark": Integer(0, 9)}, balances={"left": Bound(0, 9)}) for t in TYPES),
    actions=tuple(action(verb, noun) for noun in TYPES for verb in VERBS),
    events={f"{t}.{done}": {"key": KeyOf(t)} for t in TYPES for done in VERBS.values()},
    facts=tuple(FactKind(f"{t}.seen", f"a{t[1:]}", {"key": KeyOf(t)}) for t in TYPES),
)
"""
