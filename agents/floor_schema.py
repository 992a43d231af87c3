"""JSON Schemas (2020-12) of the contracts, as files that editors find.

``python -m agents.floor_schema`` writes them; ``andon check --schema`` prints one. A schema sees one file:
what takes two, ``andon check`` sees.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from protocol.floor import FloorConfig
from protocol.manifest import Manifest

FILES: Mapping[str, Path] = {
    name: Path(__file__).parent / f"{name}_schema.json" for name in ("manifest", "floor")
}
"""The schemas by the name of what they describe."""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_Said: TypeAlias = tuple[str, list[Any]]
"""A description and examples."""


def manifest_schema() -> dict[str, Any]:
    """The schema of ``agents/NAME/manifest.yaml``."""
    return _schema(Manifest, "Andon agent manifest")


def config_schema() -> dict[str, Any]:
    """The schema of ``floor.yaml``."""
    return _schema(FloorConfig, "Andon floor")


def text(name: str) -> str:
    """What the file of a schema holds."""
    made = {"manifest": manifest_schema, "floor": config_schema}[name]()
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    made = model.model_json_schema(by_alias=True)
    for name, part in {model.__name__: made, **made.get("$defs", {})}.items():
        words = _WORDS.get(name, {})
        for field, schema in part.get("properties", {}).items():
            schema.pop("title", None)
            description, examples = words.get(field, ("", []))
            if description:
                schema["description"] = description
            if examples:
                schema["examples"] = examples
    return {"$schema": _DIALECT, **made, "title": title}


_WORDS: Mapping[str, Mapping[str, _Said]] = {
    "Manifest": {
        "agent": ("the agent's name, the same as its folder's", ["oven"]),
        "version": ("raised by hand when the contract changes", [1]),
        "purpose": (
            "one sentence: what people and other agents may expect of it",
            ["Bakes what is ordered."],
        ),
        "lane": (
            "a lane of floor.yaml; agents of one lane hear each other's events in the same case",
            ["bakehouse"],
        ),
        "capability_scope": ("required: what it can do, cannot do, reads, and asks of whom", []),
        "input_schema": ("required: the requests it accepts, from whom, and the events it hears", []),
        "output_schema": ("required: what it answers, the events it emits, its error codes", []),
        "authority": (
            "required: its level, 1 to 5, and the resource types it owns",
            [{"level": 3, "owns": ["loaf"]}],
        ),
        "escalation_path": (
            "required: the human roles that are asked, in order, when it cannot go on",
            [{"after_retries": 2, "to": ["head_baker", "owner_of_shop"]}],
        ),
        "timeout_policy": (
            "required: seconds for a call and for handling events, apart",
            [{"call_s": 30, "event_s": 120}],
        ),
        "mode": ("active: what it proposes is decided; shadow: it is only compared", ["active", "shadow"]),
        "degraded_mode": (
            "what callers get while the breaker to it is open",
            [{"when_open": "cached", "max_age_s": 900, "then": "escalate"}],
        ),
        "reflexes": (
            "event -> action, proposed by a plain function without a model",
            [{"oven.too_hot": "cool_down"}],
        ),
        "rate": ("turns it may take", [{"per_minute": 60}]),
        "model": ("the model tier that plays it; floor.yaml maps tiers to models", [{"tier": "small"}]),
        "context": ("the budget of its view", [{"budget_tokens": 4000}]),
        "budget": (
            "what calls of its models may take in a day, in place of floor.yaml's limits.per_agent",
            [{"tokens": 500000, "usd": "5"}],
        ),
    },
    "CapabilityScope": {
        "can": ("action kinds it may propose", [["bake", "cool_down"]]),
        "cannot": ("stated boundaries: a proposal of these is refused with this as the reason", [["sell"]]),
        "reads": ("resource types it may read", [["loaf", "flour"]]),
        "asks": (
            "requests it may make, by agent; the other one's `from` must name it",
            [{"store": ["has_flour"]}],
        ),
    },
    "RequestInput": {
        "from": ("who may ask: agents by name, and `person` for people", [["person", "store"]]),
        "schema": (
            "JSON Schema of the request's params, an object",
            [{"type": "object", "required": ["loaf"], "properties": {"loaf": {"type": "string"}}}],
        ),
    },
    "EventInput": {
        "hear": ("events that wake it", [["bread.ordered"]]),
        "project": ("events that it is shown and not woken by", [["bread.sold"]]),
    },
    "InputSchema": {
        "requests": ("the requests it answers, by name; `decide` is answered by every owner anyway", []),
        "events": ("the events that reach it", [{"hear": ["bread.ordered"], "project": ["bread.sold"]}]),
    },
    "OutputSchema": {
        "answers": (
            "JSON Schema of the answer to each request, an object",
            [
                {
                    "has_room": {
                        "type": "object",
                        "required": ["free"],
                        "properties": {"free": {"type": "boolean"}},
                    }
                }
            ],
        ),
        "events": ("events that its actions emit", [["bread.baked"]]),
        "errors": ("codes it may refuse with; over one of a higher level it needs one", [["oven_full"]]),
    },
    "Authority": {
        "level": ("1 is the lowest; the higher level wins where two want the same", [3]),
        "owns": ("resource types it decides on; each type has exactly one owner", [["loaf"]]),
    },
    "EscalationPath": {
        "after_retries": ("how often a turn is tried again before a person is asked", [2]),
        "to": ("roles of floor.yaml, asked in this order, each once", [["head_baker", "owner_of_shop"]]),
    },
    "TimeoutPolicy": {
        "call_s": ("seconds for a turn in which somebody waits for its answer", [30]),
        "event_s": ("seconds for a turn that only handles events", [120]),
    },
    "DegradedMode": {
        "when_open": (
            "cached: its last good answer; default: the one stated here; escalate: a person",
            ["cached"],
        ),
        "max_age_s": ("with cached: how old that answer may be, in seconds", [900]),
        "default": ("with default: the answer, which fits the schema of what agents ask", [{"free": False}]),
        "then": ("what follows when there is no such answer: a person is asked", ["escalate"]),
    },
    "Rate": {"per_minute": ("turns per minute", [60])},
    "ModelChoice": {"tier": ("a tier of floor.yaml's models.tiers", ["small"])},
    "ContextBudget": {
        "budget_tokens": ("tokens its view may take; records named last and oldest lines go first", [4000])
    },
    "FloorConfig": {
        "floor": ("the floor's name; a ledger belongs to one floor", ["bakery"]),
        "version": ("raised by hand when the floor changes", [1]),
        "purpose": ("one sentence: what happens here", ["Bakes and sells bread."]),
        "zone": ("the site's time zone", ["Europe/Berlin", "UTC"]),
        "clock": ("system: the machine's clock; floor: one of its own, moved by events", ["system", "floor"]),
        "clock_start": ("with clock: floor, where it begins, with its offset", ["2026-03-02T10:00:00+01:00"]),
        "identity": ("os: people are who the terminal says; claimed: --as may be anybody", ["os", "claimed"]),
        "lanes": ("domains; agents of one lane talk directly", [["bakehouse", "shop"]]),
        "roles": (
            "what people can be; approvals and escalations name these",
            [["head_baker", "owner_of_shop"]],
        ),
        "people": (
            "who holds which roles",
            [[{"id": "i.marten", "name": "Ida Marten", "roles": ["head_baker"], "os_user": "ida"}]],
        ),
        "limits": ("bounds of one case", [{"rounds": 8, "answers_per_exchange": 3}]),
        "engine": (
            "settings of the questions and breakers that the engine opens itself",
            [{"answer_s": 900}],
        ),
        "watch": ("what is still ordinary: a figure above raises an alert", [{"retry_percent": 5}]),
        "deliver": (
            "systems outside that events are sent to over HTTP; without one nothing is sent",
            [
                [
                    {
                        "name": "till",
                        "url": "https://till.example/andon",
                        "secret_env": "TILL_SECRET",
                        "events": ["bread.baked", "approval.*"],
                    }
                ]
            ],
        ),
        "approvals": (
            "who signs, by action kind or by the code of a rule's refusal",
            [{"discard": {"ladder": [{"role": "head_baker", "answer_s": 900}], "expires_s": 7200}}],
        ),
        "rules": ("supervisor rules of the tools that are switched on", [["enough_flour"]]),
        "models": (
            "model tiers, and the tier that chooses an agent for a person's line",
            [{"tiers": {"small": "offline"}}],
        ),
        "topology": ("how agents are arranged", ["hybrid"]),
        "seed": ("a YAML file of opening records in this directory", ["seed.yaml"]),
        "fact_window_s": (
            "facts that occurred longer ago, in seconds, are history and open no case",
            [86400],
        ),
    },
    "Hours": {
        "from": ("the first minute, in quotes", ["07:00"]),
        "to": ("the minute after the last, in quotes; before `from` it runs over midnight", ["15:00"]),
    },
    "PersonEntry": {
        "id": ("what --as and the records call them", ["i.marten"]),
        "name": ("as people say it", ["Ida Marten"]),
        "roles": ("roles they hold, always or within their hours", [["head_baker"]]),
        "os_user": ("the terminal's user who is this person", ["ida"]),
        "hours": ("the daily span in which the roles are held", [{"from": "07:00", "to": "15:00"}]),
    },
    "Rung": {
        "role": (
            "who is asked now; `subject` for the role that the action itself names",
            ["head_baker", "subject"],
        ),
        "answer_s": ("seconds until the next rung is asked too", [900]),
    },
    "RejectOption": {
        "code": ("what the agent gets as the reason", ["too_late"]),
        "title": ("what the person reads", ["It is too late for that"]),
    },
    "ApprovalPolicy": {
        "ladder": ("who is asked, in order; whoever has been reached may sign", []),
        "quorum": ("how many signatures it takes", [1, 2]),
        "separate": ("whoever asked for it may not sign it", [True]),
        "edit": ("whether a signer may change params before signing", ["never"]),
        "expires_s": ("seconds until nobody may sign any more", [7200]),
        "on_exhausted": ("what silence comes to: reject, or hold what it stopped", ["reject"]),
        "meaning": ("what a signature says", ["approval", "responsibility"]),
        "irreversible": ("told to the signer", [True]),
        "reject_options": (
            "named reasons to reject",
            [[{"code": "too_late", "title": "It is too late for that"}]],
        ),
        "repeat_after_s": (
            "seconds in which a rejected action on unchanged records is not asked again",
            [3600],
        ),
    },
    "Limits": {
        "rounds": ("rounds of agents before a person is asked", [8]),
        "answers_per_exchange": ("answers on one matter before it is cut", [3]),
        "rereads": ("how often an agent is asked again on fresh state", [3]),
        "proposals": ("actions it may propose", [20]),
        "open_escalations": ("questions and approvals open at once", [5]),
        "causal_depth": ("cases caused by one another across lanes", [6]),
        "attempts": ("processes that may die on one round before a person is told", [3]),
        "retries": ("how often turns are tried again, all of them together", [10]),
        "per_case": ("what calls of models may take in one case", [{"tokens": 200000, "usd": "0.50"}]),
        "per_agent": ("what those of one agent may take in a day", [{"tokens": 2000000}]),
        "per_day": ("what all of them may take in a day", [{"usd": "40", "wall_s": 36000}]),
    },
    "Budget": {
        "tokens": ("tokens in and out", [200000]),
        "usd": ("US dollars, in quotes", ["0.50"]),
        "wall_s": ("seconds that calls take, added up", [600]),
    },
    "Price": {
        "input_usd": ("US dollars for a million tokens in, in quotes", ["0.15"]),
        "output_usd": ("the same of tokens out", ["0.60"]),
        "cached_input_usd": ("the same of tokens in that a cache had; else as any other", ["0.075"]),
    },
    "Engine": {"breaker": ("when breakers between agents open, and for how long", [{"failures": 3}])},
    "Receiver": {
        "name": ("what `andon outbox` and the records call it; a new name is a new receiver", ["till"]),
        "url": ("where each event is posted, http or https", ["https://till.example/andon"]),
        "secret_env": (
            "the environment variable with the signing key; NAME_FILE may give a file instead",
            ["TILL_SECRET"],
        ),
        "events": ("event types; `bread.*` for a family, `*` for all", [["bread.baked", "approval.*"]]),
    },
    "ModelEndpoint": {
        "url": ("its base URL, http or https, mostly with /v1 at its end", ["https://models.example/v1"]),
        "key_env": (
            "the environment variable with its key; NAME_FILE may give a file instead",
            ["SPARE_API_KEY"],
        ),
    },
    "Models": {
        "endpoints": (
            "where models are served beside `openai`, whose address and key the environment says",
            [{"spare": {"url": "https://models.example/v1", "key_env": "SPARE_API_KEY"}}],
        ),
        "tiers": (
            "tier -> `offline`, `openai:NAME` or, at an endpoint of the floor, `ENDPOINT:NAME`",
            [{"small": "offline", "large": "openai:gpt-large"}],
        ),
        "router": ("the tier that chooses an agent for a person's line", ["small"]),
        "agents": ("the tier of agents whose manifest names none; else large", ["large"]),
        "fallback": ("tier -> the tier that plays while its endpoint is down", [{"large": "small"}]),
        "prices": (
            "prices of models that no public table has, by `ENDPOINT:NAME`",
            [{"openai:own": {"input_usd": "0.10", "output_usd": "0.40"}}],
        ),
    },
}
"""What an editor says of each field; fields whose model describes them need no entry."""


if __name__ == "__main__":
    for _name, _path in FILES.items():
        _path.write_text(text(_name), "utf-8")
