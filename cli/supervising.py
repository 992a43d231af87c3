"""A process that dies is started anew, so often within a minute and no more (faults.md, F09)."""

import os
import signal
from collections.abc import Callable

from cli.exits import INTERNAL, INTERRUPTED, MEANINGS
from protocol.errors import AndonError

WINDOW_S = 60.0
"""How far back deaths count: whoever dies less often than that is worth starting anew."""
ORDERLY = frozenset(MEANINGS) - {INTERNAL}
"""Exit codes of a process that ended because it wanted to."""


_STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_HEARD = _STOPS | {signal.SIGCHLD}


class Supervisor:
    """Keeps one child process alive. ``most``: deaths within a minute; ``clock``: elapsed seconds.

    Signals are taken one by one where they are waited for, and by no handler: one that comes while a child
    is made, or after it died, would find no number of a process to pass it on to, or a wrong one.
    """

    def __init__(self, most: int, clock: Callable[[], float], say: Callable[[str], None]) -> None:
        self._most = most
        self._clock = clock
        self._say = say
        self._stopping = False
        self._deaths: list[float] = []

    def run(self, work: Callable[[], int]) -> int:
        """Do ``work`` in a child, anew whenever it dies; the exit code of the one that ended in order.

        Call it before any thread, connection or event loop is there: the child is a fork, and goes on from
        here as its own program. Raises AndonError in the parent when it died too often. In the parent the
        signals stay blocked: it has nothing left to do but to end.
        """
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        told = signal.signal(signal.SIGCHLD, lambda *_: None)  # one that is ignored need not be kept
        while True:
            child = os.fork()
            if child == 0:
                os.setpgid(0, 0)  # Ctrl-C reaches it through its parent, and not twice
                signal.signal(signal.SIGCHLD, told)
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                return work()
            code = self._outlive(child)
            if code in ORDERLY:
                return code
            if self._stopping:
                return INTERRUPTED
            self._count(child, code)

    def _outlive(self, child: int) -> int:
        """Pass signals on to ``child`` until it has ended; its exit code, below 0 for a signal."""
        while True:
            number = signal.sigwait(_HEARD)
            if number in _STOPS:
                self._stopping = True
                os.kill(child, number)
            else:
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    return os.waitstatus_to_exitcode(status)

    def _count(self, child: int, code: int) -> None:
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        now_s = self._clock()
        self._deaths = [*(at for at in self._deaths if at > now_s - WINDOW_S), now_s]
        if len(self._deaths) > self._most:
            raise AndonError(
                f"The worker died {len(self._deaths)} times within a minute, at last by {how}.",
                hint="Look into its log. `andon inbox` lists cases that were stopped for it.",
                code="worker_died",
            )
        self._say(f"worker {child} died by {how}; it is started anew")
