"""The checks on what happens: who emits and hears which event, and which agents nothing ever reaches."""

from collections.abc import Iterator

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from agents.yaml_source import NodePath
from protocol.errors import Problem
from protocol.ids import PERSON_ASKER
from protocol.manifest import Manifest
from protocol.toolbox import Toolbox


def check_events(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    """Every problem of events and of reach."""
    for draft in parts.drafts.values():
        for number, event in enumerate(draft.value.output_schema.events):
            if event not in parts.event_types:
                message = f"the tools declare no event {event}"
                yield draft.problem(Code.EVENT_UNDECLARED, message, "output_schema", "events", number)
    if parts.complete("output_schema"):
        emitted = _emitted(parts, toolbox)
        for draft in parts.drafts.values():
            yield from _sourceless(draft, emitted)
        yield from _unused(parts, toolbox, emitted)
    yield from _unheard(parts, toolbox)
    yield from _unreachable(parts, toolbox)


def _emitted(parts: Parts, toolbox: Toolbox) -> set[str]:
    """Events that an agent lists, that an action emits (unlisted is another problem), or that are facts."""
    listed = {e for d in parts.drafts.values() for e in d.value.output_schema.events}
    acted = {event for action in toolbox.actions for event in action.events}
    return listed | acted | {fact.type for fact in toolbox.facts}


def _sourceless(draft: Draft[Manifest], emitted: set[str]) -> Iterator[Problem]:
    heard = draft.value.input_schema.events
    listed: list[tuple[NodePath, str]] = []
    listed += [(("input_schema", "events", "hear", i), e) for i, e in enumerate(heard.hear)]
    listed += [(("input_schema", "events", "project", i), e) for i, e in enumerate(heard.project)]
    listed += [(("reflexes", e), e) for e in draft.value.reflexes]
    for path, event in listed:
        if event not in emitted:
            message = f"nobody emits {event}: no agent's output_schema.events and no fact"
            yield draft.problem(Code.EVENT_WITHOUT_SOURCE, message, *path)


def _unused(parts: Parts, toolbox: Toolbox, emitted: set[str]) -> Iterator[Problem]:
    """Events that the tools declare or follow, and that nobody emits."""
    followed = {event for consequence in toolbox.consequences for event in consequence.on}
    used = emitted | followed | _awaited(parts)
    for consequence in toolbox.consequences:
        for event in consequence.on:
            if event in parts.event_types and event not in emitted:
                message = f"{consequence.name} follows {event}, which no agent emits and no fact is"
                yield Problem(Code.EVENT_WITHOUT_SOURCE, *parts.sources.where(consequence.apply), message)
    for event in toolbox.events:
        if event not in used:
            where = parts.sources.where_named("events", event)
            message = f"the tools declare {event}, and no agent lists it"
            yield Problem(Code.EVENT_UNUSED, *where, message)


def _awaited(parts: Parts) -> set[str]:
    """Events that an agent hears, projects or reacts to."""
    manifests = [draft.value for draft in parts.drafts.values()]
    return {e for m in manifests for e in (*m.hears(), *m.input_schema.events.project)}


def _unheard(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    if not (parts.complete("input_schema") and parts.complete("reflexes")):
        return
    heard = _awaited(parts) | {e for consequence in toolbox.consequences for e in consequence.on}
    for draft in parts.drafts.values():
        for number, event in enumerate(draft.value.output_schema.events):
            if event in parts.event_types and event not in heard:
                message = f"nobody hears {event}: no agent hears or projects it, and no consequence follows"
                yield draft.problem(Code.EVENT_UNHEARD, message, "output_schema", "events", number)


def _unreachable(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    """Agents that neither a person nor a fact ever sets to work, however far its effects go."""
    needed = ("capability_scope", "input_schema", "output_schema", "reflexes", "authority", "agent", "mode")
    if not all(map(parts.complete, needed)):
        return
    reach = _Reach(parts, toolbox)
    for folder, draft in parts.drafts.items():
        if folder not in reach.reached:
            message = (
                f"nothing reaches {folder}: no person may ask it, no agent at work asks it or proposes what"
                " it owns, and it hears no event of anybody else"
            )
            yield draft.problem(Code.AGENT_UNREACHABLE, message, "input_schema")


class _Reach:
    """The folders of agents at work, grown from what persons ask and what facts say."""

    def __init__(self, parts: Parts, toolbox: Toolbox) -> None:
        self.parts, self.box = parts, toolbox
        self.manifests = {folder: draft.value for folder, draft in parts.drafts.items()}
        self.facts = {fact.type for fact in toolbox.facts}
        self.emitted = _emitted(parts, toolbox)
        self.plain = {c.owner for c in toolbox.consequences} | {f.owner for f in toolbox.facts if f.apply}
        """Agents whose plain functions may emit, whether or not they are at work themselves."""
        self.reached: set[str] = set()
        grown = True
        while grown:
            new = {f for f in self.manifests if f not in self.reached and self._is_reached(f)}
            self.reached |= new
            grown = bool(new)

    def _is_reached(self, folder: str) -> bool:
        manifest = self.manifests[folder]
        if any(PERSON_ASKER in request.from_ for request in manifest.input_schema.requests.values()):
            return True
        if any(self._comes(event, folder) for event in manifest.hears()):
            return True
        names = {folder, manifest.agent}
        owned = {a.name for a in self.box.actions if set(a.writes) & set(manifest.authority.owns)}
        for other in self.reached - {folder}:
            scope = self.manifests[other].capability_scope
            if names & scope.asks.keys() or owned & set(scope.can):
                return True
        return False

    def _comes(self, event: str, hearer: str) -> bool:
        """Whether an event may be published, so that the hearer is woken: not by what it did itself."""
        if event in self.facts or event not in self.emitted:  # the latter is a problem of its own
            return True
        own_reflex = event in self.manifests[hearer].reflexes
        emits = {action.name for action in self.box.actions if event in action.events}
        for folder, manifest in self.manifests.items():
            acts = folder in self.reached and (folder != hearer or own_reflex)
            if acts and emits & set(manifest.capability_scope.can):
                return True
            if event in manifest.output_schema.events and {folder, manifest.agent} & self.plain:
                return True
        return False
