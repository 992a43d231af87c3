"""A person's line with what came before it in the session, as the offline policies hear it."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from protocol.turns import Move, QueryCall, Reply, View

from .amounts import Slip
from .clocks import NoSuchTimeError, find_clock
from .days import NoSuchDayError, find_day
from .line import Line
from .site import local

REMARK = 300
"""How much of a line is kept as a remark on what it asks for."""

Trying: TypeAlias = Generator[QueryCall, Any, list[Move]]
"""Queries first, then moves."""


@dataclass(frozen=True, slots=True)
class Said:
    """One line. ``earlier``: what the session said before it, newest first, the person before the reply."""

    view: View
    line: Line
    person: str
    roles: Sequence[str]
    earlier: Sequence[Line]

    @classmethod
    def of(cls, view: View, trigger: Mapping[str, Any]) -> "Said":
        """The line of a ``person`` trigger."""
        told = [Line(entry["text"], view.resources) for entry in trigger["recent"]]
        pairs = [told[at : at + 2] for at in range(0, len(told), 2)]
        earlier = [line for pair in reversed(pairs) for line in pair]
        line = Line(trigger["text"], view.resources)
        return cls(view, line, trigger["person"], tuple(trigger["roles"]), earlier)

    @property
    def remark(self) -> str:
        """The person's words, to be kept beside what they ask for."""
        return self.line.text[:REMARK]

    def record(self, ref: str) -> Mapping[str, Any]:
        """A record that the view shows."""
        return self.view.resources[ref]

    def refs(self, *kinds: str) -> list[str]:
        """What it names of these types (``lot/L95``), by type in this order; when it names nothing of
        them, what the last line before it that does.
        """
        for line in (self.line, *self.earlier):
            if found := refs_in(line, *kinds):
                return found
        return []

    def unknown(self, codes: Mapping[str, str]) -> Reply | None:
        """The refusal for the first thing named that does not exist; ``codes``: type -> code."""
        for kind, code in codes.items():
            if (missing := self.line.unknown(kind)) is not None:
                what = kind.replace("_", " ")
                return Reply(f"There is no {what} {missing} on this floor; nothing was changed.", code)
        return None


Intent: TypeAlias = Callable[[Said], Trying]
Intents: TypeAlias = Sequence[tuple[tuple[str, ...], Intent]]
"""Words of which a line holds one for an intent; the first that fits wins."""


def refs_in(line: Line, *kinds: str) -> list[str]:
    """What a line names of these types, by type in this order."""
    return [f"{kind}/{key}" for kind in kinds for key in line.known(kind)]


def chosen(line: Line, intents: Intents) -> Intent | None:
    """The first intent that a line's words fit."""
    return next((intent for words, intent in intents if line.says(*words)), None)


def slip(line: Line) -> Reply | None:
    """The refusal for a number that cannot be a quantity."""
    found = next((n for n in line.quantities() if isinstance(n, Slip)), None)
    return Reply(f"{found.written} {found.why}; nothing was changed.", "bad_quantity") if found else None


def unreadable(told: Said) -> Reply | None:
    """What to ask about a day or an hour that is none, or may be either of two: none is guessed."""
    try:
        find_day(told.line.text, local(told.view.now).date())
        find_clock(told.line.text)
    except (NoSuchDayError, NoSuchTimeError) as error:
        return Reply(f"{error}. When is meant? Write it like Wed 4 Mar 14:00, or 2026-03-04.", clarify=True)
    return None


def amounts(line: Line) -> list[int]:
    """The whole numbers of a line that may be quantities."""
    return [n for n in line.quantities() if isinstance(n, int)]
