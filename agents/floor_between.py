"""The checks between agents, and between agents and tools: owners, actions, requests, events."""

from collections.abc import Iterator

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from protocol.errors import Problem
from protocol.ids import PERSON_ASKER
from protocol.manifest import Manifest
from protocol.toolbox import ActionKind, Toolbox


def check_between(parts: Parts) -> Iterator[Problem]:
    """Every problem that takes two contracts to see."""
    for folder, draft in parts.drafts.items():
        yield from _asks(parts, folder, draft)
        yield from _askers(parts, draft)
    yield from _two_owners(parts)
    if parts.toolbox is None:
        return
    yield from _ownerless(parts, parts.toolbox)
    for action in parts.toolbox.actions:
        yield from _action(parts, action)
    for draft in parts.drafts.values():
        yield from _names_in_tools(parts, parts.toolbox, draft)
        yield from _events(parts, draft)


def _asks(parts: Parts, me: str, draft: Draft[Manifest]) -> Iterator[Problem]:
    for other, requests in draft.value.capability_scope.asks.items():
        path = ("capability_scope", "asks", other)
        callee = parts.agents.get(other)
        if callee is None:
            yield draft.problem(
                Code.ASK_AGENT_UNKNOWN, f"{me} asks {other}, and no agent has that name", *path
            )
            continue
        if "input_schema" in callee.touched:
            continue
        for number, name in enumerate(requests):
            accepted = callee.value.input_schema.requests.get(name)
            if accepted is None:
                message = f"{me} asks {other}.{name}, which {other} does not answer"
                yield draft.problem(Code.ASK_REQUEST_UNKNOWN, message, *path, number)
            elif not {me, draft.value.agent} & set(accepted.from_):
                message = f"{me} asks {other}.{name}; add {me} to its from in {callee.document.file}"
                yield draft.problem(Code.ASK_NOT_ADMITTED, message, *path, number)


def _askers(parts: Parts, draft: Draft[Manifest]) -> Iterator[Problem]:
    for name, request in draft.value.input_schema.requests.items():
        for number, asker in enumerate(request.from_):
            if asker != PERSON_ASKER and asker not in parts.agents:
                message = f"{name} accepts {asker}, and no agent has that name"
                path = ("input_schema", "requests", name, "from", number)
                yield draft.problem(Code.ASKER_UNKNOWN, message, *path)


def _two_owners(parts: Parts) -> Iterator[Problem]:
    for name, owners in parts.owners.items():
        for folder in owners[1:]:
            draft = parts.drafts[folder]
            message = f"{owners[0]} and {folder} both own {name}; a resource type has one owner"
            yield draft.problem(Code.TYPE_WITH_TWO_OWNERS, message, *_owned(draft, name))


def _owned(draft: Draft[Manifest], name: str) -> tuple[str | int, ...]:
    return "authority", "owns", draft.value.authority.owns.index(name)


def _ownerless(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    if not parts.complete("authority"):
        return
    for kind in toolbox.resources:
        if kind.name not in parts.owners:
            file, line = parts.sources.where_named("ResourceType", kind.name)
            message = f"nobody owns the resource type {kind.name}; one agent's authority.owns must list it"
            yield Problem(Code.TYPE_WITHOUT_OWNER, file, line, message)


def _action(parts: Parts, action: ActionKind) -> Iterator[Problem]:
    file, line = parts.sources.where(action.decide)
    owners = {parts.owners[name][0]: name for name in action.writes if name in parts.owners}
    if len(owners) > 1:
        parties = " and ".join(f"{name} of {owner}" for owner, name in sorted(owners.items()))
        message = f"{action.name} writes {parties}; write one owner's and leave the rest to a consequence"
        yield Problem(Code.ACTION_WITH_TWO_OWNERS, file, line, message)
    proposers = [d for d in parts.drafts.values() if action.name in d.value.capability_scope.can]
    if not proposers and parts.complete("capability_scope"):
        message = f"no agent can propose {action.name}; list it in a manifest's can"
        yield Problem(Code.ACTION_WITHOUT_PROPOSER, file, line, message)
    config = parts.config
    if action.signature and "approvals" not in config.touched and action.name not in config.value.approvals:
        message = (
            f"{action.name} can need a signature and approvals has no entry for it, so it would be refused"
        )
        yield config.problem(Code.SIGNATURE_WITHOUT_POLICY, message, "approvals")
    if len(owners) == 1:
        yield from _unlisted(parts, action, next(iter(owners)))


def _unlisted(parts: Parts, action: ActionKind, owner: str) -> Iterator[Problem]:
    draft = parts.drafts[owner]
    if "output_schema" in draft.touched:
        return
    for event in action.events:
        if event in parts.event_types and event not in draft.value.output_schema.events:
            message = f"{action.name} emits {event}, which {owner} does not list in output_schema.events"
            yield draft.problem(Code.EVENT_UNLISTED, message, "output_schema", "events")


def _names_in_tools(parts: Parts, toolbox: Toolbox, draft: Draft[Manifest]) -> Iterator[Problem]:
    """Types, kinds and reflexes that a manifest names and no tool defines."""
    types, kinds = {t.name for t in toolbox.resources}, {k.name for k in toolbox.actions}
    manifest, scope = draft.value, draft.value.capability_scope
    for field, path in (
        (manifest.authority.owns, ("authority", "owns")),
        (scope.reads, ("capability_scope", "reads")),
    ):
        for number, name in enumerate(field):
            if name not in types:
                message = f"the tools define no resource type {name}"
                yield draft.problem(Code.TYPE_UNKNOWN, message, *path, number)
    for number, kind in enumerate(scope.can):
        if kind not in kinds:
            yield draft.problem(
                Code.ACTION_UNKNOWN, f"the tools define no action {kind}", "capability_scope", "can", number
            )
    functions = {reflex.kind for reflex in toolbox.reflexes}
    for event, kind in manifest.reflexes.items():
        if kind in scope.can and kind not in functions:
            message = f"the tools define no reflex function for {kind}"
            yield draft.problem(Code.REFLEX_WITHOUT_FUNCTION, message, "reflexes", event)


def _events(parts: Parts, draft: Draft[Manifest]) -> Iterator[Problem]:
    for number, event in enumerate(draft.value.output_schema.events):
        if event not in parts.event_types:
            message = f"the tools declare no event {event}"
            yield draft.problem(Code.EVENT_UNDECLARED, message, "output_schema", "events", number)
    if not parts.complete("output_schema") or parts.toolbox is None:
        return
    emitted = {e for d in parts.drafts.values() for e in d.value.output_schema.events}
    emitted |= {fact.type for fact in parts.toolbox.facts}
    heard = draft.value.input_schema.events
    listed = [(("input_schema", "events", "hear", i), e) for i, e in enumerate(heard.hear)]
    listed += [(("input_schema", "events", "project", i), e) for i, e in enumerate(heard.project)]
    reflexes = [(("reflexes", e), e) for e in draft.value.reflexes]
    for path, event in (*listed, *reflexes):
        if event not in emitted:
            message = f"nobody emits {event}: no agent's output_schema.events and no fact"
            yield draft.problem(Code.EVENT_WITHOUT_SOURCE, message, *path)
