"""The floor of the fan-out benchmark: five agents that hear of the same work, each with one thing to do."""

from pathlib import Path
from string import Template

AGENTS = 5
DUE, DUE_ONE = "work.due", "work.due_one"
"""Facts: one that all of them hear, and one that only the first hears."""
NAMES = [f"keeper_{n}" for n in range(1, AGENTS + 1)]


def write_floor(place: Path) -> None:
    """A floor of five agents, each of which puts its own kind of job where the work wants it."""
    files = {"floor.yaml": _CONFIG, "tools/floor.py": _TOOLS.replace("AGENTS", str(AGENTS))}
    for number, name in enumerate(NAMES, 1):
        hears = f"[{DUE}, {DUE_ONE}]" if number == 1 else f"[{DUE}]"
        files[f"agents/{name}/manifest.yaml"] = Template(_MANIFEST).substitute(
            n=number, name=name, hears=hears
        )
        files[f"agents/{name}/prompt.md"] = PROMPT.format(name=name)
        files[f"agents/{name}/policy.py"] = _POLICY.replace("NUMBER", str(number))
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


PROMPT = """\
You are {name}. When work is due you put one job of yours for it: in the north when its number is even, else
in the south. You put it with one call, and you say nothing else. Put nothing twice.
"""
_CONFIG = """\
floor: fan_out
version: 1
purpose: Five keepers hear of the same work.
lanes: [yard]
roles: [foreman]
people:
  - {id: a.one, name: One, roles: [foreman]}
"""
_MANIFEST = """\
agent: $name
version: 1
purpose: Puts jobs of kind $n where the work wants them.
lane: yard
capability_scope: {can: [put_$name], cannot: [], reads: [job_$n], asks: {}}
input_schema: {requests: {}, events: {hear: $hears, project: []}}
output_schema: {answers: {}, events: [job_$n.put], errors: [unknown]}
authority: {level: 2, owns: [job_$n]}
escalation_path: {after_retries: 2, to: [foreman]}
timeout_policy: {call_s: 30, event_s: 120}
degraded_mode: {when_open: escalate}
"""
_POLICY = """\
from protocol.turns import Policy, Proposal


def play(view):
    yield from ()
    number = view.triggers[0]["data"]["number"]
    place = "south" if number % 2 else "north"
    return [Proposal("put_keeper_NUMBER", {"job": f"J{number}", "place": place})]


POLICY = Policy(lambda text: 0, play)
"""
_TOOLS = """\
from protocol.effects import Effects, Emit
from protocol.fields import Choice, Integer, KeyOf
from protocol.toolbox import ActionKind, FactKind, ResourceType, Toolbox, put

PLACES = Choice(("north", "south", "yard"))


def action(n):
    def decide(params, snapshot, context):
        said = Emit(f"job_{n}.put", f"job_{n}/{params['job']}", {"job": params["job"]})
        return Effects(puts=(put(f"job_{n}", params["job"], place=params["place"]),), events=(said,))

    return ActionKind(
        name=f"put_keeper_{n}",
        purpose="put a job",
        params={"job": KeyOf(f"job_{n}"), "place": PLACES},
        writes=(f"job_{n}",),
        decide=decide,
        summary=lambda params: f"put {params['job']}",
        events=(f"job_{n}.put",),
    )


NUMBERS = range(1, AGENTS + 1)
TOOLBOX = Toolbox(
    resources=tuple(ResourceType(f"job_{n}", {"place": PLACES}) for n in NUMBERS),
    actions=tuple(action(n) for n in NUMBERS),
    events={f"job_{n}.put": {"job": KeyOf(f"job_{n}")} for n in NUMBERS},
    facts=(
        FactKind("work.due", "keeper_1", {"number": Integer(0)}),
        FactKind("work.due_one", "keeper_1", {"number": Integer(0)}),
    ),
)
"""
