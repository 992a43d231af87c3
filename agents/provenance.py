"""Marks what others wrote in what a model is shown: who said it, apart from what the engine says (R16).

A mark is ``{"untrusted": VALUE, "from": WHO}``. It is JSON structure, and what it holds is one JSON value:
no text can close it. Which fields hold text is declared: a field whose schema takes any string does, and so
does whatever no declared field vouches for. Keys, names, numbers, instants and choices need no mark.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from protocol.canonical import dumps
from protocol.fields import (
    Choice,
    Field,
    Fraction,
    Instant,
    KeyOf,
    ListOf,
    Maybe,
    Name,
    Object,
    Person,
    Shape,
    Text,
)
from protocol.hidden import hides
from protocol.ids import KEY, PERSON
from protocol.records import Ref
from protocol.toolbox import Toolbox

UNTRUSTED, FROM, CUT = "untrusted", "from", "cut"
_MARK = frozenset({UNTRUSTED, FROM, CUT})
OUTSIDE = "outside"
"""Who stands in a mark for somebody that has no name fit to be shown there."""
ANDON = "andon"
"""Who stands in a session's exchange for a reply: the words of agents, and what became of their actions."""
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
"""A source of facts that can be named in a mark."""
_FORMED = (KeyOf, Name, Person, Instant, Choice, Fraction)
_CLOSED = frozenset({"pattern", "enum", "const", "format"})
"""What a string's schema has when it does not take any text."""


class Shapes(NamedTuple):
    """The declared fields of a floor: of events by type, of actions by kind, of records by type."""

    events: Mapping[str, Shape]
    kinds: Mapping[str, Shape]
    types: Mapping[str, Shape]


def shapes_of(toolbox: Toolbox) -> Shapes:
    """What a floor's tools declare. Balances are whole numbers, and need no field here."""
    return Shapes(
        {**toolbox.events, **{f.type: f.data for f in toolbox.facts}},
        {k.name: k.params for k in toolbox.actions},
        {t.name: t.fields for t in toolbox.resources},
    )


def mark(value: Any, who: str) -> dict[str, Any]:
    """``value`` as ``who`` gave it."""
    return {UNTRUSTED: value, FROM: who}


def unmarked(value: Any) -> Any:
    """The same without its marks. What a mark holds is not looked into: its structure is not the engine's."""
    if isinstance(value, dict):
        if UNTRUSTED in value and FROM in value and value.keys() <= _MARK:
            return value[UNTRUSTED]
        return {name: unmarked(item) for name, item in value.items()}
    return [unmarked(item) for item in value] if isinstance(value, list) else value


def quoted(value: Any) -> str:
    """Canonical JSON in which ``<`` and every character that hides is an escape; it parses to the same.

    Some servers read markers such as ``<|im_end|>`` out of a message's text: there is none to read.
    """
    text = dumps(value)
    if text.isascii():
        return text.replace("<", "\\u003c").replace("\x7f", "\\u007f")
    return text.translate(_ESCAPES)


class _Escapes(dict[int, str]):
    """A table for ``str.translate`` that learns each character once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        acts = character == "<" or (hides(character) and character != "\n")
        self[code] = _escape(character) if acts else character
        return self[code]


def _escape(character: str) -> str:
    """The JSON escape of one character."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))


_ESCAPES = _Escapes()


def marked_record(shapes: Shapes, ref: Ref, body: Mapping[str, Any]) -> dict[str, Any]:
    """A record's body; who wrote its texts is its owner, or whoever reported them."""
    shape = shapes.types.get(ref.type, {})
    return {
        name: value if name not in shape and _is_number(value) else _field(shape.get(name), value, "record")
        for name, value in body.items()
    }


def reporter(source: str) -> str:
    """Where a fact comes from, as a mark names it."""
    return f"report by {source}" if _SOURCE.fullmatch(source) else OUTSIDE


def marked_trigger(shapes: Shapes, trigger: Mapping[str, Any], source: str = OUTSIDE) -> dict[str, Any]:
    """A trigger as it is shown. ``source``: who reported or published an event, as a mark names it."""
    found = dict(trigger)
    match trigger["type"]:
        case "person":
            return found | _line(trigger)
        case "event":
            who = f"{source}, event"
            found["data"] = _by_shape(shapes.events.get(trigger.get("event", "")), trigger["data"], who)
            found["subject"] = (
                trigger["subject"] if _names_record(trigger["subject"]) else mark(trigger["subject"], who)
            )
        case "request":
            who = f"agent {trigger['from']}, request"
            found["params"] = mark(trigger["params"], who) if trigger.get("params") else {}
            if carries := trigger.get("carries"):
                found["carries"] = carries | {"params": _by_kind(shapes, carries, who)}
                if not shapes.kinds.get(str(carries.get("kind")), {}).keys() >= set(carries.get("holes", ())):
                    found["carries"]["holes"] = mark(carries["holes"], who)
                if trigger.get("position"):
                    found["position"] = _by_kind(shapes, carries | {"params": trigger["position"]}, who)
        case "answer":
            who = f"agent {trigger['to']}, answer"
            found |= {n: mark(trigger[n], who) for n in ("values", "text", "code") if trigger.get(n)}
            found["params"] = mark(trigger["params"], "your request") if trigger.get("params") else {}
        case _:
            found |= _about_action(shapes, trigger)
    return found


def _line(trigger: Mapping[str, Any]) -> dict[str, Any]:
    person = str(trigger["person"])
    who = f"person {person}" if PERSON.fullmatch(person) else "a person"
    recent = [
        {"who": line["who"], "text": mark(line["text"], _earlier(str(line["who"])))}
        for line in trigger.get("recent", ())
    ]
    found: dict[str, Any] = {"text": mark(trigger["text"], f"{who}, line")}
    if "recent" in trigger:
        found["recent"] = recent
    return found


def _earlier(who: str) -> str:
    return "andon, earlier reply" if who == ANDON else f"person {who}, earlier line"


def _about_action(shapes: Shapes, trigger: Mapping[str, Any]) -> dict[str, Any]:
    """``reread``, ``overruled`` and ``decided``: an action of the agent's own, and what became of it."""
    found: dict[str, Any] = {}
    if "params" in trigger:
        found["params"] = _by_kind(shapes, trigger, "your proposal")
    if trigger.get("reason"):
        by = trigger.get("by")
        found["reason"] = mark(
            trigger["reason"], f"person {by}, decision" if by else "the gate, with records"
        )
    return found


def _by_kind(shapes: Shapes, action: Mapping[str, Any], who: str) -> Any:
    return _by_shape(shapes.kinds.get(str(action.get("kind"))), action["params"], who)


def _by_shape(shape: Shape | None, values: Mapping[str, Any], who: str) -> Any:
    """Values whose texts are marked; all in one mark when a name among them is not declared."""
    if shape is None or any(name not in shape for name in values):
        return mark(dict(values), who) if values else {}
    return {name: _field(shape[name], value, who) for name, value in values.items()}


def _field(field: Field | None, value: Any, who: str) -> Any:
    if value is None or _is_number(value):
        return value
    match field:
        case Maybe(inner):
            return _field(inner, value, who)
        case ListOf(item) if isinstance(value, list | tuple):
            return [_field(item, one, who) for one in value]
        case Object(shape) if isinstance(value, dict):
            return _by_shape(shape, value, who)
        case _:
            return value if field is not None and _is_closed(field, value) else mark(value, who)


def _is_closed(field: Field, value: Any) -> bool:
    """Whether a field takes only strings of a form, as its own schema says, and this is one of them."""
    if not isinstance(value, str) or isinstance(field, Text) or field.problem(value) is not None:
        return False
    return isinstance(field, _FORMED) or bool(_CLOSED & field.schema().keys())


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int)


def _names_record(subject: str) -> bool:
    kind, slash, key = subject.partition("/")
    return bool(KEY.fullmatch(key)) if slash else bool(KEY.fullmatch(kind))
