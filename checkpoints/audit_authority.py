"""Invariants of authority: by whose level, in which mode, and never against a person's word (5, 6, 9, 11)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from protocol.bound import pass_bound
from protocol.floor import Limits
from protocol.rows import Verdict
from protocol.world import World

_SQL = "audit"
_REGISTRY = "registry"
_STOPS = 2
"""Passes beyond the bound: the one that stops the case, and one that applies what people say then."""


@dataclass
class _InForce:
    """The registries seen so far in the log, by their hash."""

    seen: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def note(self, entry: Mapping[str, Any]) -> None:
        if entry.get("what") == _REGISTRY:
            self.seen[entry[_REGISTRY]] = entry

    def of(self, entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """None for entries of a time before registries were logged."""
        return self.seen.get(entry[_REGISTRY], {}) if _REGISTRY in entry else None


def _entries(tx: AuditTx) -> Iterator[tuple[int, dict[str, Any], _InForce]]:
    """Every entry with its number, and the registries logged up to it."""
    in_force = _InForce()
    for seq, _, _, body in tx.rows(named_queries(_SQL)["audit"]):
        entry = json.loads(body)
        in_force.note(entry)
        yield seq, entry, in_force


def authority(tx: AuditTx, world: World) -> Iterator[str]:
    """Every commit and every decision was within what the registry in force gave its maker (5)."""
    for seq, entry, in_force in _entries(tx):
        registry = in_force.of(entry)
        if registry is None or entry.get("what") == _REGISTRY:
            continue
        if not registry:
            yield f"audit entry {seq} names a registry that was never logged"
        elif entry.get("what") == "pass":
            for key, kind, verdict, *_ in entry.get("verdicts", ()):
                if verdict == Verdict.COMMITTED:
                    yield from _beyond_authority(tx, registry["agents"], key, kind)
        elif entry.get("what") == "decision":
            person, role = entry["person"], entry["role"]
            if role not in registry["people"].get(person, ()):
                yield f"{person} decided {entry['escalation']} as {role} without that role"


def _beyond_authority(tx: AuditTx, agents: Mapping[str, Any], key: str, kind: str) -> Iterator[str]:
    commit = next(iter(tx.rows(named_queries(_SQL)["commit_authority"], key)), None)
    if commit is None:
        return  # that it is gone is told by others
    agent, level, approval, kind_of_row = commit
    known = agents.get(agent)
    if key.split("/")[2:3] != [agent] or kind_of_row != kind:
        yield f"the commit {key} stands in the name of {agent}, as {kind_of_row}"
    if known is None:
        yield f"the commit {key} was made by {agent}, which the registry in force did not know"
        return
    if level > known["level"]:
        yield f"the commit {key} was made at level {level}; {agent} had {known['level']}"
    if kind not in known["can"]:
        yield f"the commit {key} is a {kind}, which {agent} could not do"
    if known["mode"] != "active":
        yield f"the commit {key} was made by {agent} in mode {known['mode']}"
    row = tx.escalation(approval) if approval is not None else None
    if row is not None and row.type == "approval" and row.manifest_hash != known["hash"]:
        yield f"the commit {key} was signed under another manifest of {agent}"


def signed_when_asked(tx: AuditTx, world: World) -> Iterator[str]:
    """What was put to people for a signature was committed only with one (6)."""
    sql = named_queries(_SQL)
    for escalation, body in tx.rows(sql["approvals"]):
        key = json.loads(body)["key"]
        commit = next(iter(tx.rows(sql["commit_authority"], key)), None)
        if commit is not None and commit[2] is None:
            yield f"the commit {key} has no signature, though {escalation} asked for one"


def shadow_apart(tx: AuditTx, world: World) -> Iterator[str]:
    """Nothing that was only compared has written (11)."""
    for (key,) in tx.rows(named_queries(_SQL)["shadowed_and_committed"]):
        yield f"{key} was shadowed, and there is a commit"


def pulls_respected(tx: AuditTx, world: World) -> Iterator[str]:
    """While a scope was pulled, nothing without a signature was committed there (9).

    Scopes that need a record's other fields, such as line/L3, are not looked at.
    """
    standing: dict[int, str] = {}
    for _, entry, _ in _entries(tx):
        match entry.get("what"):
            case "pull.set":
                standing[entry["pull"]] = entry["scope"]
            case "pull.released":
                standing.pop(entry["pull"], None)
            case "pass" if standing:
                for key, kind, verdict, *_ in entry["verdicts"]:
                    if verdict == Verdict.COMMITTED:
                        yield from _under_pull(tx, world, key, kind, set(standing.values()))


def _under_pull(tx: AuditTx, world: World, key: str, kind: str, scopes: set[str]) -> Iterator[str]:
    sql = named_queries(_SQL)
    found = next(iter(tx.rows(sql["commit_authority"], key)), None)
    known = world.kinds.get(kind)
    if found is None or found[2] is not None or known is None or known.protective:
        return
    agent = found[0]
    there = {"floor", agent, kind, *known.writes, *known.claims}
    if agent in world.manifests:
        there.add(world.lane(agent))
    there |= {f"{type_}/{record}" for type_, record in tx.rows(sql["written_for"], key)}
    for scope in sorted(scopes & there):
        yield f"the commit {key} was made without a signature while {scope} was pulled"


def within_bounds(tx: AuditTx, world: World) -> Iterator[str]:
    """No case made more passes than its limits allow, nor went deeper than causes may (8, 19)."""
    sql = named_queries(_SQL)
    deepest = world.config.limits.causal_depth
    for _, entry, in_force in _entries(tx):
        registry = in_force.of(entry)
        if not registry or entry.get("what") != "pass":
            continue
        limits = Limits(**registry["limits"])
        deepest = max(deepest, limits.causal_depth)
        if entry["pass"] <= limits.rounds + _STOPS:
            continue
        asked = next(iter(tx.rows(sql["asked_in_case"], entry["case"])))[0]
        most = pass_bound(limits, asked) + _STOPS
        if entry["pass"] > most:
            yield f"{entry['case']} made {entry['pass']} passes; its limits allow {most}"
    for case, depth in tx.rows(sql["deep_cases"], deepest):
        yield f"{case} lies {depth} causes deep; {deepest} are allowed"
