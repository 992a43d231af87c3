"""Whole floors made up from a number: 2 to 6 agents in 1 to 3 lanes that share, ask, hear and decide.

``blueprint(seed)`` is plain data, ``valid_floor(seed, directory)`` the floor on disk, without any problem.
The same number gives the same floor on every machine.
"""

import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

AGENTS = ("abbot", "baker", "clerk", "diver", "elder", "ferry", "guild", "herald")
LANES = ("north", "south", "coast")
ROLES = ("reeve", "steward", "bailiff", "warden")
PEOPLE = ("ann", "ben", "cat", "dan", "eve")
NOUNS = ("acre", "bell", "cart", "dyke", "ewe", "flax", "goat", "hide", "iron", "keg", "lamp", "mast")
VERBS = ("move", "mend", "sell", "mark")
RECORDS = ("A-1", "A-2")


@dataclass
class Blueprint:
    """A floor as data. ``tools``: what ``tools/floor.py`` builds its toolbox of; ``files``: further files by
    path, None for one that is taken away; ``edits``: changes of a file's text, made last.
    """

    config: dict[str, Any]
    manifests: dict[str, dict[str, Any]]
    tools: dict[str, Any]
    seed: Any
    files: dict[str, bytes | None] = field(default_factory=dict)
    edits: list[tuple[str, Callable[[str], str]]] = field(default_factory=list)


def blueprint(seed: int | str) -> Blueprint:
    """The valid floor of a number."""
    return _Maker(random.Random(f"floor/{seed}")).made()


def valid_floor(seed: int | str, directory: Path) -> Path:
    """The floor of a number, written into ``directory``, which it has to itself."""
    return write(blueprint(seed), directory)


def write(plan: Blueprint, directory: Path) -> Path:
    """Make ``directory`` hold the floor and nothing else; files that are right already are left alone."""
    wanted = rendered(plan)
    directory.mkdir(parents=True, exist_ok=True)
    for path in sorted(directory.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(directory).as_posix() not in wanted:
            path.unlink()
    for name, raw in wanted.items():
        path = directory / name
        if not path.is_file() or path.read_bytes() != raw:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
    return directory


def forget() -> None:
    """Drop the Python of floors that were loaded: thousands of them would fill the memory."""
    for name in [name for name in sys.modules if name.startswith("floor_")]:
        del sys.modules[name]


def rendered(plan: Blueprint) -> dict[str, bytes]:
    """Every file of the floor by its path."""
    texts = {"floor.yaml": yaml_of(plan.config), "seed.yaml": yaml_of(plan.seed)}
    texts["tools/floor.py"] = f"{_IMPORTS}\nTOOLS = {plan.tools!r}\n{_TOOLBOX}"
    for folder, manifest in plan.manifests.items():
        texts[f"agents/{folder}/manifest.yaml"] = yaml_of(manifest)
        texts[f"agents/{folder}/prompt.md"] = f"You are the {folder}.\n"
        texts[f"agents/{folder}/policy.py"] = _POLICY
    for name, change in plan.edits:
        texts[name] = change(texts[name])
    files: dict[str, bytes | None] = {
        name: text.encode("utf-8", "surrogatepass") for name, text in texts.items()
    }
    files |= plan.files
    return {name: raw for name, raw in files.items() if raw is not None}


def yaml_of(data: Any) -> str:
    """YAML: the outer two levels of mappings as blocks, everything within as flow."""
    if not isinstance(data, dict):
        return json.dumps(data) + "\n"
    lines = []
    for key, value in data.items():
        if isinstance(value, dict) and value:
            lines += [f"{_key(key)}:", *(f"  {_key(k)}: {json.dumps(v)}" for k, v in value.items())]
        else:
            lines.append(f"{_key(key)}: {json.dumps(value)}")
    return "\n".join(lines) + "\n" if lines else "{}\n"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace(".", "").isalnum() else json.dumps(key)


class _Maker:
    """Draws the parts of a floor in an order in which each only needs those before."""

    def __init__(self, rolls: random.Random) -> None:
        self.rolls = rolls
        self.agents = rolls.sample(AGENTS, rolls.randint(2, 6))
        lanes = rolls.sample(LANES, rolls.randint(1, min(3, len(self.agents))))
        spread = [*lanes, *rolls.choices(lanes, k=len(self.agents) - len(lanes))]
        self.lanes = dict(zip(self.agents, spread, strict=True))
        self.types: dict[str, str] = {}
        self.actions: dict[str, dict[str, Any]] = {}
        self.facts: dict[str, str] = {}
        self.can: dict[str, set[str]] = {a: set() for a in self.agents}
        self.hear: dict[str, set[str]] = {a: set() for a in self.agents}
        self.project: dict[str, set[str]] = {a: set() for a in self.agents}
        self.asks: dict[str, dict[str, list[str]]] = {a: {} for a in self.agents}
        self.requests: dict[str, dict[str, Any]] = {a: {} for a in self.agents}
        self.reflexes: dict[str, dict[str, str]] = {a: {} for a in self.agents}
        self.consequences: list[dict[str, str]] = []
        self.queries: list[str] = []

    def made(self) -> Blueprint:
        self._types_and_actions()
        self._facts_and_consequences()
        self._requests()
        self._hearers()
        self._reach()
        people, roles = self._people()
        config = self._config(people, roles)
        manifests = {agent: self._manifest(agent, roles) for agent in self.agents}
        return Blueprint(config, manifests, self._tools(), self._seed())

    def _types_and_actions(self) -> None:
        rolls = self.rolls
        for noun in rolls.sample(NOUNS, rolls.randint(1, 6)):
            owner = self.types[noun] = rolls.choice(self.agents)
            for verb in rolls.sample(VERBS, rolls.randint(1, 2)):
                kind = f"{verb}_{noun}"
                event = f"{noun}.{verb}d" if rolls.random() < 0.8 else None
                signed = rolls.random() < 0.25
                self.actions[kind] = {
                    "type": noun,
                    "event": event,
                    "signed": signed,
                    "claims": rolls.random() < 0.4,
                }
                self.can[owner].add(kind)
                self.can[rolls.choice(self.agents)].add(kind)
        for noun in self.types:
            if rolls.random() < 0.3:
                self.queries.append(noun)

    def _facts_and_consequences(self) -> None:
        rolls, nouns = self.rolls, list(self.types)
        for noun in rolls.sample(nouns, rolls.randint(0, min(2, len(nouns)))):
            self.facts[f"{noun}.seen"] = noun
        events = [*self._emitted(), *self.facts]
        for number in range(rolls.randint(0, 2) if events else 0):
            noun = rolls.choice(nouns)
            self.consequences.append({"name": f"note_{number}", "on": rolls.choice(events), "type": noun})

    def _emitted(self) -> dict[str, str]:
        """Events of actions, each with the owner that lists it."""
        return {a["event"]: self.types[a["type"]] for a in self.actions.values() if a["event"]}

    def _requests(self) -> None:
        rolls = self.rolls
        for callee in self.agents:
            for number in range(rolls.randint(0, 2)):
                others = [a for a in self.agents if a != callee]
                askers = rolls.sample(others, rolls.randint(0, min(2, len(others))))
                name = f"may_{callee}_{number}"
                for asker in askers:
                    self.asks[asker].setdefault(callee, []).append(name)
                person = ["person"] if not askers or rolls.random() < 0.3 else []
                self.requests[callee][name] = [*person, *askers]

    def _hearers(self) -> None:
        rolls, followed = self.rolls, {c["on"] for c in self.consequences}
        for event in [*self._emitted(), *self.facts]:
            for agent in self.agents:
                if rolls.random() < 0.25:
                    (self.hear if rolls.random() < 0.7 else self.project)[agent].add(event)
            told = any(event in self.hear[a] | self.project[a] for a in self.agents)
            if not told and event not in followed:
                self.project[rolls.choice(self.agents)].add(event)
        for agent in self.agents:
            events = sorted({*self.facts, *self._emitted()})
            if events and self.can[agent] and rolls.random() < 0.2:
                kind = rolls.choice(sorted(self.can[agent]))
                self.reflexes[agent][rolls.choice(events)] = kind

    def _reach(self) -> None:
        """Every agent has a line from a person unless it has a fact of its own to hear."""
        for agent in self.agents:
            outside = self.hear[agent] & set(self.facts)
            asked = any("person" in askers for askers in self.requests[agent].values())
            if not outside and not asked:
                self.requests[agent][f"tell_{agent}"] = ["person"]

    def _people(self) -> tuple[list[dict[str, Any]], list[str]]:
        rolls = self.rolls
        roles = rolls.sample(ROLES, rolls.randint(1, 3))
        people: list[dict[str, Any]] = [
            {"id": p, "name": p.title(), "roles": [roles[n % len(roles)]]} for n, p in enumerate(PEOPLE)
        ]
        for person in people:
            if rolls.random() < 0.2:
                person["hours"] = {"from": "07:00", "to": "15:00"}
        return people, roles

    def _approval(self, roles: Sequence[str]) -> dict[str, Any]:
        rolls = self.rolls
        asked = rolls.sample(list(roles), rolls.randint(1, len(roles)))
        policy: dict[str, Any] = {
            "ladder": [{"role": role, "answer_s": rolls.choice((60, 900, 3600))} for role in asked]
        }
        if rolls.random() < 0.4:
            policy |= {"separate": True, "on_exhausted": rolls.choice(("reject", "hold"))}
        if len(asked) > 1 and rolls.random() < 0.4:
            policy["quorum"] = 2
        return policy

    def _config(self, people: list[dict[str, Any]], roles: list[str]) -> dict[str, Any]:
        rolls = self.rolls
        config: dict[str, Any] = {
            "floor": "made_up",
            "version": 1,
            "purpose": "A floor made up from a number.",
            "zone": rolls.choice(("UTC", "Europe/Berlin", "Asia/Tokyo")),
            "clock": "floor",
            "clock_start": "2026-03-02T10:00:00+01:00",
            "lanes": sorted(set(self.lanes.values())),
            "roles": roles,
            "people": people,
        }
        if rolls.random() < 0.5:
            config["limits"] = {
                "rounds": rolls.randint(4, 12),
                "answers_per_exchange": rolls.randint(1, 3),
                "rereads": rolls.randint(0, 3),
                "proposals": rolls.randint(1, 30),
            }
        signed = {kind for kind, action in self.actions.items() if action["signed"]}
        if signed:
            config["approvals"] = {kind: self._approval(roles) for kind in sorted(signed)}
        if rolls.random() < 0.3:
            config["engine"] = {
                "answer_s": rolls.choice((60, 900)),
                "breaker": {"failures": rolls.randint(1, 5)},
            }
        config["rules"] = ["no_haste"] if rolls.random() < 0.5 else []
        config["models"] = {
            "endpoints": {"spare": {"url": "https://models.example/v1", "key_env": "SPARE_API_KEY"}},
            "tiers": {"small": "offline", "large": "openai:large", "other": "spare:large"},
            "router": "small",
        }
        config["seed"] = "seed.yaml"
        return config

    def _manifest(self, agent: str, roles: list[str]) -> dict[str, Any]:
        rolls = self.rolls
        owned = sorted(n for n, owner in self.types.items() if owner == agent)
        dealt = {self.actions[kind]["type"] for kind in self.can[agent]} | set(owned)
        reads = sorted(dealt | set(rolls.sample(list(self.types), rolls.randint(0, len(self.types)))))
        cannot = sorted(set(rolls.sample(list(self.actions), 1)) - self.can[agent])
        asks = dict(self.asks[agent])
        requests = {n: {"from": f, "schema": _schema(["what"])} for n, f in self.requests[agent].items()}
        manifest: dict[str, Any] = {
            "agent": agent,
            "version": rolls.randint(1, 9),
            "purpose": f"The {agent} of a floor made up from a number.",
            "lane": self.lanes[agent],
            "capability_scope": {
                "can": sorted(self.can[agent]),
                "cannot": cannot,
                "reads": reads,
                "asks": asks,
            },
            "input_schema": {
                "requests": requests,
                "events": {"hear": sorted(self.hear[agent]), "project": sorted(self.project[agent])},
            },
            "output_schema": {
                "answers": {name: _schema(["answer"]) for name in requests},
                "events": sorted(e for e, owner in self._emitted().items() if owner == agent),
                "errors": ["too_late"],
            },
            "authority": {"level": rolls.randint(1, 5), "owns": owned},
            "escalation_path": {
                "after_retries": rolls.randint(0, 3),
                "to": rolls.sample(roles, rolls.randint(1, len(roles))),
            },
            "timeout_policy": {"call_s": rolls.randint(1, 60), "event_s": rolls.randint(1, 600)},
        }
        return manifest | self._optional(agent, requests)

    def _optional(self, agent: str, requests: Mapping[str, Any]) -> dict[str, Any]:
        rolls, found = self.rolls, dict[str, Any]()
        asked = [name for name, request in requests.items() if set(request["from"]) - {"person"}]
        mode = rolls.choice(("cached", "default", "escalate", None))
        if mode == "cached":
            found["degraded_mode"] = {"when_open": "cached", "max_age_s": rolls.randint(1, 900)}
        elif mode == "default" and asked:
            found["degraded_mode"] = {"when_open": "default", "default": {"answer": "later"}}
        elif mode == "escalate":
            found["degraded_mode"] = {"when_open": "escalate"}
        if self.reflexes[agent]:
            found["reflexes"] = self.reflexes[agent]
        if rolls.random() < 0.3:
            found["rate"] = {"per_minute": rolls.randint(1, 100)}
        if rolls.random() < 0.3:
            found["model"] = {"tier": rolls.choice(("small", "large"))}
        if rolls.random() < 0.3:
            found["context"] = {"budget_tokens": rolls.randint(1000, 9000)}
        return found

    def _tools(self) -> dict[str, Any]:
        return {
            "types": sorted(self.types),
            "actions": self.actions,
            "facts": {event: [noun, self.types[noun]] for event, noun in self.facts.items()},
            "consequences": [{**c, "owner": self.types[c["type"]]} for c in self.consequences],
            "queries": self.queries,
            "reflexes": sorted({kind for table in self.reflexes.values() for kind in table.values()}),
            "rules": ["no_haste"],
        }

    def _seed(self) -> dict[str, Any]:
        records = {key: {"mark": 0, "left": 5} for key in RECORDS}
        return {"resources": dict.fromkeys(sorted(self.types), records), "claims": []}


def _schema(required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required,
        "properties": {name: {"type": "string"} for name in required},
    }


_POLICY = '''"""Plays no part."""

from protocol.turns import Policy, Reply


def relevance(text):
    return 1


def play(view):
    yield from ()
    return [Reply("nothing to do")] if any(t["type"] == "person" for t in view.triggers) else []


POLICY = Policy(relevance, play)
'''

_IMPORTS = '''"""Made up from a number."""

from protocol.effects import Delta, Effects, Emit, Refusal
from protocol.fields import Integer, KeyOf, Maybe
from protocol.records import Claimed, Ref
from protocol.toolbox import (
    ActionKind,
    Bound,
    Consequence,
    FactKind,
    Invariant,
    Query,
    Reflex,
    ResourceType,
    Rule,
    Toolbox,
    create,
    put,
)
'''

_TOOLBOX = """
MARK = Integer(0, 9)


def action(kind, told):
    noun, event = told["type"], told["event"]

    def decide(params, snapshot, context):
        record = snapshot.get(noun, params["key"])
        if record is None:
            return Refusal("unknown", f"there is no {noun} {params['key']}")
        said = (Emit(event, str(record.ref), {"key": record.key}),) if event else ()
        held = Claimed(str(record.ref), "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z", record.ref)
        return Effects(
            puts=(put(noun, record.key, mark=params["mark"]),),
            deltas=(Delta(record.ref, "left", -1),),
            claims=(held,) if told["claims"] else (),
            events=said,
        )

    return ActionKind(
        name=kind,
        purpose=f"{kind} for good.",
        params={"key": KeyOf(noun), "mark": MARK},
        writes=tuple(told.get("writes", (noun,))),
        decide=decide,
        summary=lambda params: f"{kind} {params['key']}",
        events=(event,) if event else (),
        signature=must_sign if told["signed"] else None,
        claims=(noun,) if told["claims"] else (),
    )


def must_sign(params, snapshot):
    return "policy"


def note(emit, snapshot):
    return Effects()


def react(emit, snapshot):
    key = emit.data.get("key")
    return {"key": key, "mark": 1} if key else None


def count(noun):
    def answer(params, snapshot):
        return len(snapshot.find(noun))

    return Query(f"count_{noun}", f"How many {noun}.", {}, (noun,), answer)


def no_haste(attempt, snapshot):
    return None


def in_order(record, snapshot):
    return None if record["left"] >= 0 else "it has less than nothing"


def made(tools):
    followed = tuple(Consequence(c["name"], (c["on"],), c["owner"], note) for c in tools["consequences"])
    emitted = {told["event"]: told["type"] for told in tools["actions"].values() if told["event"]}
    return Toolbox(
        resources=tuple(
            ResourceType(noun, {"mark": MARK, "with": Maybe(KeyOf(noun))}, balances={"left": Bound(0, 9)})
            for noun in tools["types"]
        ),
        actions=tuple(action(kind, told) for kind, told in tools["actions"].items()),
        events={
            **{event: {"key": KeyOf(noun)} for event, noun in emitted.items()},
            **{event: {} for event in tools.get("events", ())},
        },
        queries=tuple(count(noun) for noun in tools["queries"]),
        facts=tuple(FactKind(e, owner, {"key": KeyOf(noun)}) for e, (noun, owner) in tools["facts"].items()),
        consequences=followed,
        rules=tuple(Rule(name, no_haste) for name in tools["rules"]),
        invariants=tuple(Invariant("in_order", noun, in_order) for noun in tools["types"]),
        reflexes=tuple(Reflex(kind, react) for kind in tools["reflexes"]),
    )


TOOLBOX = made(TOOLS)
"""
