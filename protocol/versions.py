"""A version of the system in its parts, each with its fields as short text, and what differs between two.

A case stores the hash of the version it runs under. When another one takes it over, what differs is told
in words: a hash alone tells a person nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocol.canonical import NotCanonicalError, loads

Version = Mapping[str, Mapping[str, str]]
"""The fields of each part, as text: ``{"agent berthing": {"authority.level": "3"}}``.

A field named ``""`` is a hash of the whole part, and a text that begins with ``#`` one of a longer text:
they are told as changed and no more.
"""
HASHED = "#"

MOST_FIELDS, MOST_CHANGES, MOST_CHARS = 4, 12, 160
"""How much of a change a person is told: what is beyond is counted, or cut."""


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs. ``fields``: (name, text before, text now), None where there is no such field."""

    part: str
    fields: tuple[tuple[str, str | None, str | None], ...]
    added: bool = False
    removed: bool = False

    def words(self) -> str:
        """The change in one phrase."""
        if self.added or self.removed:
            return f"{self.part} {'added' if self.added else 'removed'}"
        named = [_field_words(*f) for f in self.fields if f[0]]
        if not named:
            return f"{self.part} changed"
        more = len(named) - MOST_FIELDS
        said = f"{self.part}: {', '.join(named[:MOST_FIELDS])}"
        said = said if len(said) <= MOST_CHARS else f"{said[:MOST_CHARS]}…"
        return f"{said} and {more} more" if more > 0 else said


def _field_words(name: str, was: str | None, now: str | None) -> str:
    if was is None:
        return f"{name} added" if now is None or now.startswith(HASHED) else f"{name} {now} added"
    if now is None:
        return f"{name} removed"
    return f"{name} changed" if HASHED in (was[:1], now[:1]) else f"{name} {was} -> {now}"


def changes(was: Version, now: Version) -> list[Change]:
    """The parts that differ, by name."""
    found = []
    for part in sorted({*was, *now}):
        old, new = was.get(part), now.get(part)
        if old == new:
            continue
        names = sorted({*(old or {}), *(new or {})})
        pairs = ((name, (old or {}).get(name), (new or {}).get(name)) for name in names)
        fields = tuple(pair for pair in pairs if pair[1] != pair[2])
        found.append(Change(part, fields, added=old is None, removed=new is None))
    return found


def told(found: Sequence[Change]) -> list[str]:
    """The changes in words, as many as a person reads."""
    more = len(found) - MOST_CHANGES
    return [c.words() for c in found[:MOST_CHANGES]] + ([f"{more} more"] if more > 0 else [])


def parsed(text: str | None) -> Version | None:
    """A stored version; None when there is none, or none that this code can read."""
    if text is None:
        return None
    try:
        found = loads(text, max_bytes=4 << 20)
    except NotCanonicalError:
        return None  # it would be told in words, which are lost; what the case needs is checked without it
    if not isinstance(found, dict):
        return None
    return {
        part: {name: str(value) for name, value in fields.items()}
        for part, fields in found.items()
        if isinstance(fields, dict)
    }
