"""A floor in its parts: everything that decides how it behaves, so that two versions can be told apart."""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from protocol.fields import Shape
from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.toolbox import Toolbox
from protocol.versions import HASHED, Version

MAX_TEXT = 60
"""Characters of a field that are kept; what is longer is known by its hash."""
_NAMED = ("approvals", "people", "lanes", "roles", "rules")
"""What floor.yaml holds by name, each a part of its own."""


def describe(
    config: FloorConfig,
    manifests: Mapping[str, Manifest],
    toolbox: Toolbox,
    python: Mapping[str, str],
    prompts: Mapping[str, str],
) -> Version:
    """The floor's parts. ``python``: the hash of each file; ``prompts``: text by agent.

    The seed is left out: it fills an empty ledger and decides nothing afterwards. So are receivers of events,
    who decide nothing at all, and the addresses of endpoints: which models play is told by the tiers.
    """
    data = config.model_dump(mode="json", by_alias=True)
    rest = {name: value for name, value in data.items() if name not in (*_NAMED, "seed", "deliver")}
    del rest["models"]["endpoints"]
    found = {"floor.yaml": dict(_fields("", rest))}
    for name, policy in data["approvals"].items():
        found[f"approval {name}"] = dict(_fields("", policy))
    for person in data["people"]:
        found[f"person {person['id']}"] = dict(_fields("", person))
    for kind in ("lanes", "roles", "rules"):
        found |= {f"{kind.removesuffix('s')} {name}": {} for name in data[kind]}
    for name, manifest in manifests.items():
        found[f"agent {name}"] = dict(_fields("", manifest.model_dump(mode="json", by_alias=True)))
    for action in toolbox.actions:
        listed = {"writes": list(action.writes), "claims": list(action.claims), "events": list(action.events)}
        found[f"action {action.name}"] = dict(_fields("", listed)) | _shape("params", action.params)
    for resource in toolbox.resources:
        bounds = {n: [b.minimum, b.maximum] for n, b in resource.balances.items()}
        found[f"resource {resource.name}"] = _shape("fields", resource.fields) | dict(_fields("", bounds))
    for invariant in toolbox.invariants:
        found[f"invariant {invariant.code}"] = {"type": invariant.type}
    found |= {f"code {file}": {"": short(hashed)} for file, hashed in python.items()}
    found |= {f"prompt of {name}": {"": short(_hash(text))} for name, text in prompts.items()}
    return found


def _shape(prefix: str, shape: Shape) -> dict[str, str]:
    return {f"{prefix}.{name}": _text(field.schema()) for name, field in shape.items()}


def _fields(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    """The leaves below a value, by their dotted names. A field left out counts as one that is null."""
    for name, inner in value.items():
        place = f"{prefix}.{name}" if prefix else name
        if isinstance(inner, dict):
            yield from _fields(place, inner)
        elif inner is not None:
            yield place, _text(inner)


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return text if len(text) <= MAX_TEXT else HASHED + short(_hash(text))


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def short(hashed: str) -> str:
    """As much of a hash as tells texts of one field apart."""
    return hashed[:16]
