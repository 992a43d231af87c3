"""An event loop on which waiting takes no time: its clock jumps to whatever is due next."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

RESOLUTION_S = 1e-6
"""Timers so close together are due at once. Finer than a clock's last digit, a timer would never be due."""


class _JumpSelector(selectors.DefaultSelector):
    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> list[Any]:
        """What is ready now; nothing waits."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("everybody waits for somebody, or for a thread")
        self.loop.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """``now``: virtual seconds since it began. Threads are refused: they know no virtual time."""

    def __init__(self) -> None:
        self.now = 0.0
        selector = _JumpSelector()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = RESOLUTION_S

    def time(self) -> float:
        """The virtual clock."""
        return self.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """No."""
        raise RuntimeError(f"no virtual time in a thread: {func}")


def in_virtual_time(work: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """What ``work`` gives back, however long it waits."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(work(loop))
    finally:
        loop.close()
