"""What an agent is writing, told while it writes: its words for the person, and the names of its other calls.

Nothing rests on it. What is told is not decided, and may never be: the turn is read from the whole answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable

from agents.model_tools import REPLY
from agents.parsing import MAX_TEXT

_SPOKEN = "text"
"""The field of a reply that holds its words."""
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_CODE = 5
"""Characters of an escape by number, its ``u`` included."""


@dataclass(frozen=True, slots=True)
class Writing:
    """More of what is written. ``call``: the tool it is for, in a model's words; ``text``: for the person.

    ``is_anew``: what was told of this turn before is void: the model is asked again.
    """

    call: str = ""
    text: str = ""
    is_anew: bool = False


VOID = Writing(is_anew=True)
Listener = Callable[[Writing], None]
"""Who is told. It must not raise."""


async def ask_aloud(
    model: Runnable[Any, Any], messages: list[BaseMessage], listener: Listener | None
) -> BaseMessage:
    """A model's answer; whoever listens is told of it while it comes, and when it does not come after all."""
    if listener is None:
        return cast(BaseMessage, await model.ainvoke(messages))
    listener(VOID)
    try:
        return cast(BaseMessage, await model.ainvoke(messages, heard=Speaker(listener)))
    except BaseException:
        listener(VOID)
        raise


class Speaker:
    """Hears one answer as it comes (``Heard``), and tells what a person may want to see of it."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._replies: dict[int, SpokenText] = {}
        self._at = -1

    def __call__(self, place: int, name: str, arguments: str) -> None:
        """More of one call."""
        is_new, self._at = place != self._at, place
        reply = self._replies.setdefault(place, SpokenText()) if name == REPLY else None
        text = reply.feed(arguments) if reply is not None else ""
        if text or is_new:
            self._listener(Writing(name, text))


@dataclass(slots=True)
class SpokenText:
    """Reads the ``text`` of a call's arguments while they come: JSON in pieces, each character once.

    What is no JSON ends it; whether it is shall be found out by who reads the whole. At most MAX_TEXT
    characters come of it, the most that a reply has.
    """

    _left: int = MAX_TEXT
    _depth: int = 0
    _is_value: bool = False
    _in_string: bool = False
    _speaks: bool = False
    _key: list[str] = field(default_factory=list)
    _escape: str | None = None
    _high: int = 0

    def feed(self, part: str) -> str:
        """What more of the text there is in the next piece."""
        found: list[str] = []
        for character in part:
            if self._left <= 0:
                break
            spoken = self._string(character) if self._in_string else self._outside(character)
            if spoken:
                found.append(spoken)
                self._left -= 1
        return "".join(found)

    def _outside(self, character: str) -> str:
        match character:
            case '"':
                self._in_string = True
                self._speaks = self._depth == 1 and self._is_value and "".join(self._key) == _SPOKEN
                if not self._is_value:
                    self._key = []
            case "{" | "[":
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
            case ":" | "," if self._depth == 1:
                self._is_value = character == ":"
            case _:
                pass
        return ""

    def _string(self, character: str) -> str:
        if self._escape is not None:
            return self._escaped(character)
        if character == "\\":
            self._escape = ""
            return ""
        if character == '"':
            self._in_string = False
            self._left = 0 if self._speaks else self._left
            return ""
        return self._keep(character)

    def _escaped(self, character: str) -> str:
        escape = self._escape = f"{self._escape}{character}"
        if escape[0] == "u" and len(escape) < _CODE:
            return ""
        self._escape = None
        if escape[0] != "u":
            return self._keep(_PLAIN.get(escape, escape))
        try:
            code = int(escape[1:], 16)
        except ValueError:
            self._left = 0
            return ""
        return self._coded(code)

    def _coded(self, code: int) -> str:
        """A character by its number, or the second half of one."""
        high, self._high = self._high, 0
        if 0xD800 <= code < 0xDC00:
            self._high = code
            return ""
        if 0xDC00 <= code < 0xE000:
            return self._keep(chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00) if high else _UNKNOWN)
        return self._keep(chr(code))

    def _keep(self, character: str) -> str:
        is_key = self._depth == 1 and not self._is_value
        if is_key and len(self._key) <= len(_SPOKEN):
            self._key.append(character)
        return character if self._speaks else ""
