"""Keeping an agent within its manifest's ``rate``, over all processes of a ledger (R14)."""

import asyncio
from collections.abc import Callable

from agents.telling import tell
from protocol.ports import Ledger, Tx
from protocol.rate import MINUTE_S, next_slot
from protocol.rows import CaseRow
from protocol.world import World


class Rates:
    """Gives turns their slots. ``shared``: wall seconds, the clock that processes share."""

    def __init__(self, world: World, ledger: Ledger, shared: Callable[[], float]) -> None:
        self._world = world
        self._ledger = ledger
        self._shared = shared

    async def wait(self, case: CaseRow, agent: str, most_s: float) -> float | None:
        """Wait until the agent may take a turn; the seconds waited.

        None, at once and without a slot, when that would be more than ``most_s`` seconds.
        """
        if self._world.manifests[agent].rate is None:
            return 0.0
        wait_s = await self._ledger.write(lambda tx: self._slot(tx, case, agent, most_s))
        if wait_s is not None and wait_s > 0:
            await asyncio.sleep(wait_s)
        return wait_s

    def _slot(self, tx: Tx, case: CaseRow, agent: str, most_s: float) -> float | None:
        manifest, now_s = self._world.manifests[agent], self._shared()
        assert manifest.rate is not None
        per_minute = manifest.rate.per_minute
        ahead_s = float(max(manifest.timeout_policy.call_s, manifest.timeout_policy.event_s))
        at_s = next_slot(tx.turn_slots(agent, now_s - MINUTE_S), now_s, per_minute, ahead_s)
        wait_s = at_s - now_s
        taken = wait_s <= most_s
        if wait_s > 0:
            data = {"per_minute": per_minute, "wait_ms": round(wait_s * 1000), "taken": taken}
            tell(tx, self._world, case, agent, "rate.limited", agent, data)
        if not taken:
            return None
        tx.put_turn_slot(agent, at_s, now_s - MINUTE_S)
        return wait_s
