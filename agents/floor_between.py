"""The checks between agents, and between agents and tools: owners, actions, requests, names."""

from collections.abc import Iterator

from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_fields import keys_in
from agents.floor_parts import Parts
from agents.yaml_source import NodePath
from protocol.errors import Problem
from protocol.ids import PERSON_ASKER
from protocol.manifest import DECIDE, Manifest, RequestInput
from protocol.toolbox import ActionKind, Toolbox

_SHADOW = "shadow"


def check_between(parts: Parts) -> Iterator[Problem]:
    """Every problem that takes two contracts to see."""
    for folder, draft in parts.drafts.items():
        yield from _asks(parts, folder, draft)
        yield from _askers(parts, folder, draft)
    yield from _owners(parts)
    if parts.toolbox is None:
        return
    yield from _ownerless(parts, parts.toolbox)
    for action in parts.toolbox.actions:
        yield from _action(parts, action)
    for draft in parts.drafts.values():
        yield from _names_in_tools(parts.toolbox, draft)
        yield from _unreadable(parts.toolbox, draft)
    yield from _unused(parts, parts.toolbox)


def _asks(parts: Parts, me: str, draft: Draft[Manifest]) -> Iterator[Problem]:
    mine = {me, draft.value.agent}
    alone = {name for name in mine if parts.agents.get(name) is draft}
    for other, requests in draft.value.capability_scope.asks.items():
        path = ("capability_scope", "asks", other)
        callee = parts.agents.get(other)
        if other in alone:
            yield draft.problem(Code.ASK_ITSELF, f"{me} asks itself; it decides that alone", *path)
            continue
        if callee is None:
            message = f"{me} asks {other}, and no agent has that name"
            yield draft.problem(Code.ASK_AGENT_UNKNOWN, message, *path)
            continue
        if callee.value.mode == _SHADOW and "mode" not in callee.touched:
            message = f"{me} asks {other}, which is in shadow mode and answers nobody"
            yield draft.problem(Code.ASK_IN_SHADOW, message, *path)
        if "input_schema" in callee.touched:
            continue
        for number, name in enumerate(requests):
            accepted = callee.value.input_schema.requests.get(name)
            if accepted is None:
                message = f"{me} asks {other}.{name}, which {other} does not answer"
                yield draft.problem(Code.ASK_REQUEST_UNKNOWN, message, *path, number)
            elif not mine & set(accepted.from_):
                message = f"{me} asks {other}.{name}; add {me} to its from in {callee.document.file}"
                yield draft.problem(Code.ASK_NOT_ADMITTED, message, *path, number)


def _askers(parts: Parts, me: str, draft: Draft[Manifest]) -> Iterator[Problem]:
    for name, request in draft.value.input_schema.requests.items():
        path: NodePath = ("input_schema", "requests", name)
        strangers = {a for a in request.from_ if a != PERSON_ASKER and a not in parts.agents}
        for number, asker in enumerate(request.from_):
            if asker in strangers:
                message = f"{name} accepts {asker}, and no agent has that name"
                yield draft.problem(Code.ASKER_UNKNOWN, message, *path, "from", number)
        silent = _silent(parts, me, draft, name, request)
        if not silent or name == DECIDE:
            continue
        if not strangers and len(silent) == len(set(request.from_)):
            message = f"nobody may ask {me}.{name}: no person, and no agent's asks names it"
            yield draft.problem(Code.REQUEST_WITHOUT_ASKER, message, *path)
            continue
        for asker in silent:
            message = f"{name} accepts {asker}, whose asks does not name it"
            yield draft.problem(Code.ASKER_WITHOUT_ASK, message, *path, "from", request.from_.index(asker))


def _silent(parts: Parts, me: str, draft: Draft[Manifest], name: str, request: RequestInput) -> list[str]:
    """Agents that a request accepts and that never ask it, each once."""
    found = []
    for asker in dict.fromkeys(request.from_):
        there = parts.agents.get(asker)
        if asker == PERSON_ASKER or there is None or "capability_scope" in there.touched:
            continue
        asks = there.value.capability_scope.asks
        if name not in {*asks.get(me, ()), *asks.get(draft.value.agent, ())}:
            found.append(asker)
    return found


def _owners(parts: Parts) -> Iterator[Problem]:
    for name, owners in parts.owners.items():
        for folder in owners[1:]:
            draft = parts.drafts[folder]
            message = f"{owners[0]} and {folder} both own {name}; a resource type has one owner"
            yield draft.problem(Code.TYPE_WITH_TWO_OWNERS, message, *_owned(draft, name))


def _owned(draft: Draft[Manifest], name: str) -> NodePath:
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
    if len(owners) == 1:
        owner, name = next(iter(owners.items()))
        yield from _unlisted(parts, action, owner)
        yield from _undecided(parts, action, owner, name)


def _undecided(parts: Parts, action: ActionKind, owner: str, name: str) -> Iterator[Problem]:
    """What others may propose while the owner, in shadow mode, decides nothing."""
    draft = parts.drafts[owner]
    if draft.value.mode != _SHADOW or "mode" in draft.touched:
        return
    for other, theirs in parts.drafts.items():
        if theirs is not draft and action.name in theirs.value.capability_scope.can:
            message = f"{owner} is in shadow mode and owns {name}, on which {other} may propose {action.name}"
            yield draft.problem(Code.OWNER_IN_SHADOW, message, *_owned(draft, name))


def _unlisted(parts: Parts, action: ActionKind, owner: str) -> Iterator[Problem]:
    draft = parts.drafts[owner]
    if "output_schema" in draft.touched:
        return
    for event in action.events:
        if event in parts.event_types and event not in draft.value.output_schema.events:
            message = f"{action.name} emits {event}, which {owner} does not list in output_schema.events"
            yield draft.problem(Code.EVENT_UNLISTED, message, "output_schema", "events")


def _names_in_tools(toolbox: Toolbox, draft: Draft[Manifest]) -> Iterator[Problem]:
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
    stated = (Code.ACTION_UNKNOWN, "can", scope.can), (Code.CANNOT_UNKNOWN, "cannot", scope.cannot)
    for code, place, named in stated:
        for number, kind in enumerate(named):
            if kind not in kinds:
                message = f"the tools define no action {kind}"
                yield draft.problem(code, message, "capability_scope", place, number)
    functions = {reflex.kind for reflex in toolbox.reflexes}
    for event, kind in manifest.reflexes.items():
        if kind in scope.can and kind not in functions:
            message = f"the tools define no reflex function for {kind}"
            yield draft.problem(Code.REFLEX_WITHOUT_FUNCTION, message, "reflexes", event)


def _unreadable(toolbox: Toolbox, draft: Draft[Manifest]) -> Iterator[Problem]:
    """Actions an agent may propose about records that it may not see."""
    if "capability_scope" in draft.touched:
        return
    scope, actions = draft.value.capability_scope, {k.name: k for k in toolbox.actions}
    for number, kind in enumerate(scope.can):
        action = actions.get(kind)
        if action is None:
            continue
        named = {*action.writes, *(t for field in action.params.values() for t in keys_in(field))}
        blind = sorted(named & {t.name for t in toolbox.resources} - set(scope.reads))
        if blind:
            message = f"{kind} deals with {', '.join(blind)}, which reads does not list"
            yield draft.problem(Code.ACTION_UNREADABLE, message, "capability_scope", "can", number)


def _unused(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    """Functions of the tools that no manifest gives anybody the use of."""
    if not (parts.complete("capability_scope") and parts.complete("reflexes")):
        return
    manifests = [draft.value for draft in parts.drafts.values()]
    for query in toolbox.queries:
        if not any(set(query.reads) <= set(m.capability_scope.reads) for m in manifests):
            message = f"no agent may read all that the query {query.name} reads, so nobody can make it"
            yield Problem(Code.QUERY_UNUSED, *parts.sources.where(query.answer), message)
    used = {kind for m in manifests for kind in m.reflexes.values()}
    for reflex in toolbox.reflexes:
        if reflex.kind not in used:
            message = f"no manifest has a reflex that proposes {reflex.kind}"
            yield Problem(Code.REFLEX_UNUSED, *parts.sources.where(reflex.params), message)
