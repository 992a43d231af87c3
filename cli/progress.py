"""Who is working, and the words of the reply as they come."""

from collections.abc import Callable
from typing import Any

from cli.output import Output


def untold(told: str, reply: str) -> str:
    """What is left of a reply of which ``told`` stands on the screen; all of it when it has changed since."""
    before, found, after = f"\n{reply}\n".partition(f"\n{told}\n")
    if not told or not found:
        return reply
    return "\n".join(part for part in (before.strip("\n"), after.strip("\n")) if part)


class Progress:
    """Takes the application's progress events. ``clock``: the process clock in seconds.

    ``speaks``: whether the reply is printed as it comes: what an agent says once its round has been
    decided, the rest at the end. ``told`` is what has been printed of it.
    """

    def __init__(self, out: Output, clock: Callable[[], float], *, speaks: bool = False) -> None:
        self._out = out
        self._clock = clock
        self._speaks = speaks and not out.common.as_json
        self._started: dict[tuple[Any, Any], float] = {}
        self.told = ""

    def __call__(self, event: dict[str, Any]) -> None:
        """One event. Kinds that say nothing to a person are dropped."""
        match event["type"]:
            case "agent.started":
                self._started[event.get("case"), event["agent"]] = self._clock()
            case "agent.finished":
                self._finished(event)
            case "reply.said" if self._speaks:
                self._out.text(str(event["text"]))
                self.told = f"{self.told}\n{event['text']}" if self.told else str(event["text"])
            case "reply" if self._speaks:
                if rest := untold(self.told, str(event["text"])):
                    self._out.text(rest)
                self.told = str(event["text"])
            case _:
                pass

    def _finished(self, event: dict[str, Any]) -> None:
        started = self._started.pop((event.get("case"), event["agent"]), None)
        elapsed = event.get("elapsed_s", None if started is None else self._clock() - started)
        took = "" if elapsed is None else f" {elapsed:.1f}s"
        failed = f" failed: {event['failure']}" if event.get("failure") else ""
        self._out.note(f"{event['agent']}{took}{failed}")
