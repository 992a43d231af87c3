"""Where a process may die: the places between two steps of the order of work, one of which is done then.

Production code calls ``failpoint`` at each of them, in any process and thread. Nothing listens, and a call
costs one branch, until a rehearsal arms a hook, which may kill the process: so the code that is crashed in
tests is the code that runs. Only a program can arm it; no environment variable or setting does.
"""

from collections.abc import Callable
from enum import Enum

Hook = Callable[["Point"], None]


class Point(Enum):
    """``number``: its name in reports and commands. ``done`` has happened, and ``next`` has not."""

    ACCEPTED = ("p01", "a line, a fact or an event is accepted", "its inbox row commits")
    INBOX = ("p02", "the inbox row is committed", "the first checkpoint of the case")
    REPLIED = ("p03", "a model has replied", "the turn's row is written")
    TURN_KEPT = ("p04", "the turn's row is committed", "the cache stores what the agent's node wrote")
    TURN_CACHED = ("p05", "the cache has what the agent's node wrote", "the checkpoint before the gate")
    GATE_REACHED = ("p06", "the checkpoint before the gate, where there is one", "the round's transaction")
    WRITTEN = ("p07", "a resource is written", "the next one, or the row of the action that writes it")
    ACTED = ("p08", "the savepoint of an action is released", "the next action is judged")
    ASKED = ("p09", "the rows of what people are asked are written", "the events of the pass are")
    ROUTED = ("p10", "all rows of a job are written, the next route among them", "COMMIT")
    DURABLE = ("p11", "COMMIT", "anybody hears of it: the cache, the graph, whoever asked")
    ROUND_CACHED = ("p12", "the cache has what the gate's node wrote", "the checkpoint after the round")
    CHECKPOINTED = ("p13", "the checkpoint after the round", "the interrupt, or the answer")
    DECIDED = ("p14", "a person's decision is committed", "its case goes on")
    PUBLISHED = ("p15", "an event is sent to a consumer", "it is marked as sent")
    CONSUMED = ("p16", "a consumer has done its part", "it acknowledges the event")
    RECOVERING = ("p17", "something that a dead process left is taken up", "it is gone on with")
    MIGRATING = ("p18", "a statement of a migration is done", "the next one, or COMMIT")
    HEAD_MOVED = ("p19", "the head of the audit chain has moved", "its anchor outside the database has")

    def __init__(self, number: str, done: str, next_: str) -> None:
        self.number = number
        self.done = done
        self.next = next_


_hook: Hook | None = None


def failpoint(point: Point) -> None:
    """Say that the work has come to ``point``. Disarmed, it does nothing."""
    if _hook is not None:
        _hook(point)


def arm(hook: Hook | None) -> None:
    """Have ``hook`` called at every point of this process, or nothing (None)."""
    global _hook  # noqa: PLW0603 - a place of the program, not of an object: what is handed around would cost
    _hook = hook
