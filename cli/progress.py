"""Who is working, what is being written, and the words of the reply as they come."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from cli.live import Row, words
from cli.output import Output
from cli.visible import one_line

EVERY_S = 0.1
"""Seconds between two pictures of what is being written: a person sees no more, and a model writes faster."""
_NAME = 60
"""Characters of the name of a call, which is a model's word."""


def untold(told: str, reply: str) -> str:
    """What is left of a reply of which ``told`` stands on the screen; all of it when it has changed since."""
    before, found, after = f"\n{reply}\n".partition(f"\n{told}\n")
    if not told or not found:
        return reply
    return "\n".join(part for part in (before.strip("\n"), after.strip("\n")) if part)


@dataclass(slots=True)
class _Written:
    """What an agent has written in this turn. ``call``: the last call; ``said``: its words for the person."""

    call: str = ""
    said: list[str] = field(default_factory=list)


class Progress:
    """Takes the application's progress events. ``clock``: the process clock in seconds.

    ``speaks``: whether the reply is printed as it comes: what an agent says once its round has been
    decided, the rest at the end. ``told`` is what has been printed of it. Until a round is decided, a
    terminal shows what is being written; leaving the block takes it back.
    """

    def __init__(self, out: Output, clock: Callable[[], float], *, speaks: bool = False) -> None:
        self._out = out
        self._clock = clock
        self._speaks = speaks and not out.common.as_json
        self._shows = self._speaks and not out.common.quiet
        self._started: dict[tuple[Any, Any], float] = {}
        self._written: dict[str, _Written] = {}
        self._shown_s = float("-inf")
        self.told = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._written.clear()
        self._out.live.clear()

    def __call__(self, event: dict[str, Any]) -> None:
        """One event. Kinds that say nothing to a person are dropped."""
        match event["type"]:
            case "agent.started":
                self._started[event.get("case"), event["agent"]] = self._clock()
            case "agent.writing" if self._shows and self._out.live.can_show:
                self._writing(event)
            case "agent.finished":
                self._finished(event)
            case "round.decided":
                self._written.clear()
                self._out.live.clear()
            case "reply.said" if self._speaks:
                self._out.text(str(event["text"]))
                self.told = f"{self.told}\n{event['text']}" if self.told else str(event["text"])
            case "reply" if self._speaks:
                if rest := untold(self.told, str(event["text"])):
                    self._out.text(rest)
                self.told = str(event["text"])
            case _:
                pass

    def _writing(self, event: dict[str, Any]) -> None:
        if event["is_anew"]:
            if self._written.pop(str(event["agent"]), None) is not None:
                self._show()
            return
        written = self._written.setdefault(str(event["agent"]), _Written())
        written.call = str(event["call"])
        written.said.append(str(event["text"]))
        if self._clock() - self._shown_s >= EVERY_S:
            self._show()

    def _show(self) -> None:
        self._shown_s = self._clock()
        self._out.live.show(list(self._rows(shutil.get_terminal_size().columns)))

    def _rows(self, width: int) -> Iterator[Row]:
        """Those who speak to the person, and a row of every other."""
        for agent, written in sorted(self._written.items()):
            if said := "".join(written.said):
                yield Row(f"{agent} is writing; nothing of it is decided yet:")
                yield from (Row(row) for row in words(said, width))
            elif written.call:
                yield Row(f"{agent} is writing {one_line(written.call, _NAME)}", is_aside=True)

    def _finished(self, event: dict[str, Any]) -> None:
        started = self._started.pop((event.get("case"), event["agent"]), None)
        elapsed = event.get("elapsed_s", None if started is None else self._clock() - started)
        took = "" if elapsed is None else f" {elapsed:.1f}s"
        failed = f" failed: {event['failure']}" if event.get("failure") else ""
        written = self._written.get(event["agent"])
        if written is not None and (failed or not any(written.said)):
            del self._written[event["agent"]]
        self._out.note(f"{event['agent']}{took}{failed}")
        if self._written:
            self._show()
