"""Who is working, and the words of the reply as they come."""

from collections.abc import Callable
from typing import Any

from cli.output import Output


class Progress:
    """Takes the application's progress events. ``clock``: the process clock in seconds.

    ``speaks``: whether the reply is printed as it comes; ``said`` tells afterwards whether it was.
    """

    def __init__(self, out: Output, clock: Callable[[], float], *, speaks: bool = False) -> None:
        self._out = out
        self._clock = clock
        self._speaks = speaks and not out.common.as_json
        self._started: dict[tuple[Any, Any], float] = {}
        self._open_line = False
        self.said = False

    def __call__(self, event: dict[str, Any]) -> None:
        """One event. Kinds that say nothing to a person are dropped."""
        match event["type"]:
            case "agent.started":
                self._started[event.get("case"), event["agent"]] = self._clock()
            case "agent.finished":
                self._finished(event)
            case "reply.token" if self._speaks:
                self._out.text(str(event["text"]), end="")
                self.said = self._open_line = True
            case "reply" if self._speaks and not self.said and event["text"]:
                self._out.text(str(event["text"]))
                self.said = True
            case _:
                pass

    def _finished(self, event: dict[str, Any]) -> None:
        started = self._started.pop((event.get("case"), event["agent"]), None)
        elapsed = event.get("elapsed_s", None if started is None else self._clock() - started)
        took = "" if elapsed is None else f" {elapsed:.1f}s"
        failed = f" failed: {event['failure']}" if event.get("failure") else ""
        self._out.note(f"{event['agent']}{took}{failed}")

    def end(self) -> None:
        """End the line that streamed words have left open."""
        if self._open_line:
            self._out.text("")
            self._open_line = False
