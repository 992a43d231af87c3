"""A process that dies is started anew, so often within a minute and no more (faults.md, F09)."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from cli.exits import INTERNAL, INTERRUPTED, MEANINGS
from protocol.errors import AndonError

WINDOW_S = 60.0
"""How far back deaths count: whoever dies less often than that is worth starting anew."""
ORDERLY = frozenset(MEANINGS) - {INTERNAL}
"""Exit codes of a process that ended because it wanted to."""


class Supervisor:
    """Keeps one child process alive. ``most``: deaths within a minute; ``clock``: elapsed seconds."""

    def __init__(self, most: int, clock: Callable[[], float], say: Callable[[str], None]) -> None:
        self._most = most
        self._clock = clock
        self._say = say
        self._child = 0
        self._stopping = False
        self._deaths: list[float] = []

    def run(self, work: Callable[[], int]) -> int:
        """Do ``work`` in a child, anew whenever it dies; the exit code of the one that ended in order.

        Call it before any thread, connection or event loop is there: the child is a fork, and goes on from
        here as its own program. Raises AndonError in the parent when it died too often.
        """
        before = {number: signal.signal(number, self._pass_on) for number in (signal.SIGTERM, signal.SIGINT)}
        while True:
            self._child = os.fork()
            if self._child == 0:
                os.setpgid(0, 0)  # Ctrl-C reaches it through its parent, and not twice
                for number, handler in before.items():
                    signal.signal(number, handler)
                return work()
            code = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
            if code in ORDERLY:
                return code
            if self._stopping:
                return INTERRUPTED
            self._count(code)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self._stopping = True
        os.kill(self._child, number)

    def _count(self, code: int) -> None:
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        now_s = self._clock()
        self._deaths = [*(at for at in self._deaths if at > now_s - WINDOW_S), now_s]
        if len(self._deaths) > self._most:
            raise AndonError(
                f"The worker died {len(self._deaths)} times within a minute, at last by {how}.",
                hint="Look into its log. `andon inbox` lists cases that were stopped for it.",
                code="worker_died",
            )
        self._say(f"worker {self._child} died by {how}; it is started anew")
