"""Waiting for a case that another process has taken: its outcome is the same, whoever drives it."""

import asyncio
from typing import Any

from graph.app import App
from protocol.rows import CaseStatus

PAUSE_S = 0.1
TRIES = 600
"""A minute: four times the lease of a process that has died."""


async def settle(app: App, shape: dict[str, Any]) -> dict[str, Any]:
    """The outcome of ``shape``'s case once it has ended or waits for a person."""
    for _ in range(TRIES):
        if shape["status"] != CaseStatus.OPEN:
            break
        await asyncio.sleep(PAUSE_S)
        (shape,) = await app.resume(str(shape["case"]))
    return shape
