"""The checks on a toolbox alone: names that are names, stand once, and refer to something."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from typing import Any

from agents.floor_catalogue import Code
from agents.floor_fields import impossible, keys_in
from agents.floor_modules import Sources
from agents.floor_parts import Parts
from agents.model_tools import is_taken
from protocol.errors import Problem
from protocol.fields import Shape
from protocol.ids import EVENT_TYPE, NAME
from protocol.toolbox import (
    ActionKind,
    Consequence,
    FactKind,
    Invariant,
    Query,
    Reflex,
    ResourceType,
    Rule,
    Toolbox,
)

_KINDS: dict[str, type[Any]] = {
    "resources": ResourceType,
    "actions": ActionKind,
    "queries": Query,
    "facts": FactKind,
    "consequences": Consequence,
    "rules": Rule,
    "invariants": Invariant,
    "reflexes": Reflex,
}


_TEXTS = frozenset({"name", "type", "owner", "kind", "code", "purpose"})
_NAME_LISTS = frozenset({"writes", "events", "reads", "on", "kinds", "indexed", "claims"})
_SHAPES = frozenset({"fields", "data", "params"})
_FUNCTIONS = frozenset({"decide", "summary", "answer", "check", "apply"})


def strange_elements(toolbox: Toolbox) -> Iterator[str]:
    """Sentences about elements of a wrong type: nothing else can be checked then.

    Python does not check what a floor's author hands to a dataclass, and not everybody runs mypy.
    """
    for field, kind in _KINDS.items():
        for number, item in enumerate(getattr(toolbox, field)):
            if not isinstance(item, kind):
                yield f"TOOLBOX.{field}[{number}] is a {type(item).__name__}, not a {kind.__name__}"
                continue
            for part in dataclass_fields(kind):
                if found := _strange(part.name, getattr(item, part.name), callable_params=kind is Reflex):
                    yield f"TOOLBOX.{field}[{number}].{part.name} {found}"
    for event, shape in toolbox.events.items():
        if found := _strange("fields", shape):
            yield f"TOOLBOX.events[{event!r}] {found}"


def _strange(name: str, value: object, *, callable_params: bool = False) -> str | None:
    if name in _TEXTS:
        return None if isinstance(value, str) else "must be text"
    if name in _NAME_LISTS:
        good = isinstance(value, tuple | list) and all(isinstance(v, str) for v in value)
        return None if good else "must be a tuple of names"
    if name in _SHAPES and not callable_params:
        good = isinstance(value, Mapping) and all(hasattr(v, "problem") for v in value.values())
        return None if good else "must map names to fields"
    if name in _FUNCTIONS or name == "params":
        may_lack = name == "apply" and value is None
        return None if callable(value) or may_lack else "must be a function"
    return None


def check_toolbox(parts: Parts, toolbox: Toolbox) -> Iterator[Problem]:
    """Every problem of the tools that needs no manifest but the agents' names."""
    checker = _Checker(parts, toolbox)
    yield from checker.names()
    yield from checker.types()
    yield from checker.bounds()
    yield from checker.actions_and_queries()
    yield from checker.plain_functions()


class _Checker:
    def __init__(self, parts: Parts, toolbox: Toolbox) -> None:
        self.parts, self.box = parts, toolbox
        self.sources: Sources = parts.sources
        self.type_names = {t.name for t in toolbox.resources}
        self.kind_names = {k.name for k in toolbox.actions}

    def names(self) -> Iterator[Problem]:
        box = self.box
        named: dict[str, Sequence[str]] = {
            "ResourceType": [t.name for t in box.resources],
            "ActionKind": [k.name for k in box.actions],
            "Query": [q.name for q in box.queries],
            "Rule": [r.name for r in box.rules],
            "Consequence": [c.name for c in box.consequences],
            "FactKind": [f.type for f in box.facts],
            "Reflex": [r.kind for r in box.reflexes],
        }
        for what, names in named.items():
            for name in dict.fromkeys(names):
                if names.count(name) > 1:
                    message = f"the tools define the {what} {name} twice"
                    yield self._named(Code.TOOLBOX_DUPLICATE, what, name, message)
                pattern = EVENT_TYPE if what == "FactKind" else NAME
                if what != "Rule" and not pattern.fullmatch(name):
                    yield self._named(Code.TOOLBOX_NAME, what, name, f"{name!r} cannot name the {what}")
        yield from self._tool_names()
        for event in box.events:
            if not EVENT_TYPE.fullmatch(event):
                yield self._named(
                    Code.TOOLBOX_NAME, "events", event, f"{event!r} cannot be the type of an event"
                )

    def _tool_names(self) -> Iterator[Problem]:
        """A model calls actions and queries as tools: each needs a name of its own."""
        for what, tool in (("ActionKind", self.box.actions), ("Query", self.box.queries)):
            for item in tool:
                if is_taken(item.name):
                    message = f"no action or query may be called {item.name}; a model calls the engine by it"
                    yield self._named(Code.RESERVED_NAME, what, item.name, message)
        for query in self.box.queries:
            if query.name in self.kind_names:
                message = f"{query.name} is an action and a query; a model could not tell them apart"
                yield self._named(Code.TOOLBOX_DUPLICATE, "Query", query.name, message)

    def bounds(self) -> Iterator[Problem]:
        """Fields and balances that no value fits."""
        shapes: list[tuple[str, str, Shape]] = [
            ("ResourceType", t.name, t.fields) for t in self.box.resources
        ]
        shapes += [("ActionKind", a.name, a.params) for a in self.box.actions]
        shapes += [("Query", q.name, q.params) for q in self.box.queries]
        shapes += [("FactKind", f.type, f.data) for f in self.box.facts]
        shapes += [("events", event, shape) for event, shape in self.box.events.items()]
        for maker, name, shape in shapes:
            for field, declared in shape.items():
                if found := impossible(declared):
                    yield self._named(Code.TOOLBOX_BOUNDS, maker, name, f"{name}: {field} {found}")
        for kind in self.box.resources:
            for field, bound in kind.balances.items():
                if bound.maximum is not None and bound.maximum < bound.minimum:
                    message = f"{kind.name}: the balance {field} has a maximum below its minimum"
                    yield self._named(Code.TOOLBOX_BOUNDS, "ResourceType", kind.name, message)

    def types(self) -> Iterator[Problem]:
        for event, shape in self.box.events.items():
            for name in self._unknown_keys(shape):
                message = f"{event} refers to the resource type {name}, which the tools do not define"
                yield self._named(Code.TOOLBOX_REFERENCE, "events", event, message)
        for kind in self.box.resources:
            for field in kind.fields.keys() & kind.balances.keys():
                message = f"{kind.name} has {field} both as a field and as a balance"
                yield self._named(Code.TOOLBOX_DUPLICATE, "ResourceType", kind.name, message)
            for field in {*kind.indexed, *kind.facts_only} - (kind.fields.keys() | kind.balances.keys()):
                message = f"{kind.name} names the field {field}, which it does not have"
                yield self._named(Code.TOOLBOX_REFERENCE, "ResourceType", kind.name, message)
            for name in self._unknown_keys(kind.fields):
                message = f"{kind.name} refers to the resource type {name}, which the tools do not define"
                yield self._named(Code.TOOLBOX_REFERENCE, "ResourceType", kind.name, message)

    def actions_and_queries(self) -> Iterator[Problem]:
        for action in self.box.actions:
            at = action.decide
            if not action.writes:
                yield self._at(at, f"{action.name} writes no resource type, so nobody owns it")
            yield from self._types(at, action.name, [*action.writes, *self._unknown_keys(action.params)])
            for event in action.events:
                if event not in self.parts.event_types:
                    yield self._at(at, f"{action.name} emits {event}, which the tools do not declare")
        for query in self.box.queries:
            yield from self._types(
                query.answer, query.name, [*query.reads, *self._unknown_keys(query.params)]
            )

    def plain_functions(self) -> Iterator[Problem]:
        for consequence in self.box.consequences:
            yield from self._owner(consequence.apply, consequence.name, consequence.owner)
            for event in consequence.on:
                if event not in self.parts.event_types:
                    message = f"{consequence.name} follows {event}, which the tools do not declare"
                    yield self._at(consequence.apply, message)
        for fact in self.box.facts:
            at = fact.apply
            yield from self._owner(at, fact.type, fact.owner)
            yield from self._types(at, fact.type, list(self._unknown_keys(fact.data)))
        for invariant in self.box.invariants:
            yield from self._types(invariant.check, invariant.code, [invariant.type])
        for rule in self.box.rules:
            yield from self._kinds(rule.check, rule.name, rule.kinds)
        for reflex in self.box.reflexes:
            yield from self._kinds(reflex.params, f"the reflex {reflex.kind}", (reflex.kind,))

    def _types(self, at: Callable[..., Any] | None, who: str, names: Sequence[str]) -> Iterator[Problem]:
        for name in dict.fromkeys(names):
            if name not in self.type_names:
                yield self._at(
                    at, f"{who} refers to the resource type {name}, which the tools do not define", who
                )

    def _kinds(self, at: Callable[..., Any], who: str, kinds: Sequence[str]) -> Iterator[Problem]:
        for kind in kinds:
            if kind not in self.kind_names:
                yield self._at(at, f"{who} refers to the action {kind}, which the tools do not define")

    def _owner(self, at: Callable[..., Any] | None, who: str, owner: str) -> Iterator[Problem]:
        if owner not in self.parts.agents:
            yield self._at(at, f"{who} names the owner {owner}, and no agent has that name", who)

    def _unknown_keys(self, shape: Shape) -> Iterator[str]:
        for field in shape.values():
            yield from (name for name in keys_in(field) if name not in self.type_names)

    def _at(self, function: Callable[..., Any] | None, message: str, name: str = "") -> Problem:
        where = self.sources.where(function) if function else self.sources.where_named("FactKind", name)
        return Problem(Code.TOOLBOX_REFERENCE, *where, message)

    def _named(self, code: str, maker: str, name: str, message: str) -> Problem:
        return Problem(code, *self.sources.where_named(maker, name), message)
