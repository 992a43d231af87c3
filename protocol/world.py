"""A floor's contracts, indexed: who owns, answers, hears and may do what. Built once, read-only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from protocol.canonical import digest
from protocol.floor import FloorConfig
from protocol.manifest import Manifest
from protocol.toolbox import ActionKind, Consequence, FactKind, Query, Reflex, ResourceType, Rule, Toolbox
from protocol.versions import Version

SUPERVISOR = "supervisor"
"""The name under which the engine's own records and events stand."""


@dataclass(frozen=True)
class World:
    """Manifests, tools and configuration of one floor that has passed its checks."""

    config: FloorConfig
    manifests: Mapping[str, Manifest]
    toolbox: Toolbox
    fingerprint: str = ""
    manifest_hashes: Mapping[str, str] = field(default_factory=dict)
    version: Version = field(default_factory=dict)
    """The parts that ``fingerprint`` is the hash of."""

    @cached_property
    def kinds(self) -> Mapping[str, ActionKind]:
        """Action kinds by name."""
        return {k.name: k for k in self.toolbox.actions}

    @cached_property
    def types(self) -> Mapping[str, ResourceType]:
        """Resource types by name."""
        return {t.name: t for t in self.toolbox.resources}

    @cached_property
    def queries(self) -> Mapping[str, Query]:
        """Queries by name."""
        return {q.name: q for q in self.toolbox.queries}

    @cached_property
    def facts(self) -> Mapping[str, FactKind]:
        """Fact kinds by event type."""
        return {f.type: f for f in self.toolbox.facts}

    @cached_property
    def reflexes(self) -> Mapping[str, Reflex]:
        """Reflex functions by action kind."""
        return {r.kind: r for r in self.toolbox.reflexes}

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The supervisor rules the floor switches on, in its order."""
        by_name = {r.name: r for r in self.toolbox.rules}
        return tuple(by_name[name] for name in self.config.rules)

    @cached_property
    def owners(self) -> Mapping[str, str]:
        """The owner of each resource type."""
        return {t: m.agent for m in self.manifests.values() for t in m.authority.owns}

    @cached_property
    def consequences(self) -> Mapping[str, tuple[Consequence, ...]]:
        """Consequences by event type, in the toolbox's order."""
        found: dict[str, list[Consequence]] = {}
        for consequence in self.toolbox.consequences:
            for event in consequence.on:
                found.setdefault(event, []).append(consequence)
        return {event: tuple(items) for event, items in found.items()}

    @cached_property
    def registry(self) -> Mapping[str, Any]:
        """Who may do what, as plain data for the audit log: agents' authority, people's roles, limits."""
        agents = {
            name: {
                "can": sorted(m.capability_scope.can),
                "hash": self.manifest_hashes.get(name, ""),
                "level": m.authority.level,
                "mode": m.mode,
                "owns": sorted(m.authority.owns),
            }
            for name, m in self.manifests.items()
        }
        people = {p.id: sorted(p.roles) for p in self.config.people}
        return {"agents": agents, "people": people, "limits": self.config.limits.model_dump()}

    @cached_property
    def registry_hash(self) -> str:
        """The digest of the registry, by which entries of the audit log name the one in force."""
        return digest(dict(self.registry))

    def owner_of_kind(self, kind: str) -> str:
        """The one owner of what an action writes outside consequences."""
        return self.owners[self.kinds[kind].writes[0]]

    def hearers(self, event_type: str) -> tuple[str, ...]:
        """Active agents that hear an event, by name."""
        return tuple(
            name
            for name, m in sorted(self.manifests.items())
            if m.mode == "active" and event_type in m.hears()
        )

    def lane(self, agent: str) -> str:
        """The lane of an agent."""
        return self.manifests[agent].lane

    def queries_of(self, agent: str) -> tuple[Query, ...]:
        """The queries an agent may make: those that read only what it may read."""
        reads = set(self.manifests[agent].capability_scope.reads)
        return tuple(q for q in self.toolbox.queries if set(q.reads) <= reads)

    def addressable(self) -> tuple[str, ...]:
        """Active agents that accept a request from a person, by name."""
        return tuple(
            name
            for name, m in sorted(self.manifests.items())
            if m.mode == "active" and any("person" in r.from_ for r in m.input_schema.requests.values())
        )
