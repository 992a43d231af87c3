"""The floor of the fan-out benchmark: five agents that hear of the same work, each with one thing to do.

Their contracts are of the size of those of the plant: a page of words, three queries and twelve actions each
(a role of the plant has 17 to 26 tools), and a record to look at.
"""

from pathlib import Path
from string import Template

AGENTS = 5
DUE, DUE_ONE = "work.due", "work.due_one"
"""Facts: one that all of them hear, and one that only the first hears."""
NAMES = [f"keeper_{n}" for n in range(1, AGENTS + 1)]
WORK = {
    "customer": "Nordwind Antriebe, plant 2, gate 4",
    "asked": "Forty couplings of the second series, packed in crates of ten, labelled on both sides.",
    "note": "The first crate goes to the test bench before the others are closed; the paper follows by mail.",
    "priority": 3,
    "quantity": 40,
    "due": "2026-05-06T14:00:00Z",
    "place": "yard",
}
"""What every record of work says."""


def write_floor(place: Path) -> None:
    """A floor of five agents, each of which puts its own kind of job where the work wants it."""
    files = {"floor.yaml": _CONFIG, "tools/floor.py": _TOOLS.replace("AGENTS", str(AGENTS))}
    for number, name in enumerate(NAMES, 1):
        hears = f"[{DUE}, {DUE_ONE}]" if number == 1 else f"[{DUE}]"
        files[f"agents/{name}/manifest.yaml"] = Template(_MANIFEST).substitute(
            n=number,
            name=name,
            other=NAMES[number % AGENTS],
            hears=hears,
            owns=", work" if number == 1 else "",
        )
        files[f"agents/{name}/prompt.md"] = PROMPT.format(name=name)
        files[f"agents/{name}/policy.py"] = _POLICY.replace("NUMBER", str(number))
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


PROMPT = """\
You are {name}. You keep the jobs of your kind in a yard: where they lie, who works on them, and when
they leave.

- When work is due you put one job of yours for it: in the north when its number is even, else in the
  south. You put it with one call, and you say nothing else. Put nothing twice.
- A job that lies in the wrong place is moved, and never put again. A job that is closed stays where it
  is; reopening it needs a reason that somebody can check.
- What is asked for may be late. Then the date of the work counts, and not the order in which the work
  came in.
- Two jobs may share a place while their pieces together are no more than the place holds. When they are
  more, the one with the later date waits, and you say which one that is.
- Crates are counted in whole numbers. A quantity with a fraction is a slip of the pen: ask back, do not
  round.
- Nobody else moves your jobs. When somebody needs the place, they ask, and you offer another one with
  its date.
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
capability_scope:
  can:
    - put_$name
    - move_$name
    - close_$name
    - reopen_$name
    - split_$name
    - merge_$name
    - hold_$name
    - free_$name
    - label_$name
    - pack_$name
    - weigh_$name
    - send_$name
  cannot: [move_$other, send_$other]
  reads: [job_$n, work]
  asks: {}
input_schema: {requests: {}, events: {hear: $hears, project: []}}
output_schema: {answers: {}, events: [job_$n.put], errors: [unknown]}
authority: {level: 2, owns: [job_$n$owns]}
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
from protocol.fields import Choice, Instant, Integer, KeyOf, Maybe, Text
from protocol.toolbox import ActionKind, FactKind, Query, ResourceType, Toolbox, put

PLACES = Choice(("north", "south", "yard"))
REST = {
    "move": "move a job to another place, with the hour from which it lies there",
    "close": "close a job whose pieces are all there",
    "reopen": "open a closed job again, for a reason that somebody can check",
    "split": "divide a job into two, the second one with so many pieces",
    "merge": "lay two jobs of one customer together",
    "hold": "keep a job from leaving until somebody looks at it",
    "free": "let a job go that was kept from leaving",
    "label": "label the crates of a job on both sides",
    "pack": "pack the pieces of a job into crates",
    "weigh": "weigh the crates of a job before they leave",
    "send": "send a job away at an hour",
}
WORK = {
    "customer": Text(120),
    "asked": Text(400),
    "note": Text(400),
    "priority": Integer(1, 5),
    "quantity": Integer(1, 10000),
    "due": Instant(),
    "place": PLACES,
}


def job(n):
    return f"job_{n}"


def lay(n):
    def decide(params, snapshot, context):
        said = Emit(f"job_{n}.put", f"job_{n}/{params['job']}", {"job": params["job"]})
        return Effects(puts=(put(job(n), params["job"], place=params["place"]),), events=(said,))

    return ActionKind(
        name=f"put_keeper_{n}",
        purpose="put a job where the work wants it",
        params={"job": KeyOf(job(n)), "place": PLACES},
        writes=(job(n),),
        decide=decide,
        summary=lambda params: f"put {params['job']}",
        events=(f"job_{n}.put",),
    )


def other(n, verb, purpose):
    return ActionKind(
        name=f"{verb}_keeper_{n}",
        purpose=purpose,
        params={
            "job": KeyOf(job(n)),
            "place": PLACES,
            "start": Instant(),
            "quantity": Integer(1, 10000),
            "other": Maybe(KeyOf(job(n))),
            "reason": Maybe(Text(300)),
        },
        writes=(job(n),),
        decide=lambda params, snapshot, context: Effects(
            puts=(put(job(n), params["job"], place=params["place"]),)
        ),
        summary=lambda params: f"{verb} {params['job']}",
    )


def query(n, name, purpose):
    return Query(
        f"{name}_{n}",
        purpose,
        {"place": Maybe(PLACES), "since": Maybe(Instant()), "most": Maybe(Integer(1, 100))},
        (job(n), "work"),
        lambda params, snapshot: [],
    )


NUMBERS = range(1, AGENTS + 1)
TOOLBOX = Toolbox(
    resources=(*(ResourceType(job(n), {"place": PLACES}) for n in NUMBERS), ResourceType("work", WORK)),
    actions=tuple(kind for n in NUMBERS for kind in (lay(n), *(other(n, v, p) for v, p in REST.items()))),
    events={f"job_{n}.put": {"job": KeyOf(job(n))} for n in NUMBERS},
    queries=tuple(
        query(n, name, purpose)
        for n in NUMBERS
        for name, purpose in (
            ("jobs_at", "jobs that lie at a place, with their pieces"),
            ("work_late", "work whose date has passed, the oldest first"),
            ("free_places", "places that have room for so many pieces"),
        )
    ),
    facts=(
        FactKind("work.due", "keeper_1", {"number": Integer(0), "work": KeyOf("work")}),
        FactKind("work.due_one", "keeper_1", {"number": Integer(0), "work": KeyOf("work")}),
    ),
)
"""
