"""How many turns an agent may take in a minute: when the next one may be taken (R14).

A turn takes a slot, now or ahead of now, and slots are so spaced that any minute holds ``per_minute`` of
them at most, whichever processes take them. Whoever comes later gets a later slot: nobody is passed over.
"""

from collections.abc import Sequence

MINUTE_S = 60.0


def next_slot(taken: Sequence[float], now_s: float, per_minute: int, ahead_s: float) -> float:
    """When the next turn may be taken, in seconds of the clock of ``taken``: the agent's slots, in order.

    ``ahead_s``: how far ahead of now a slot may lie. One further ahead was taken before the clock was set
    back, and does not count.
    """
    counted = [at for at in taken if at <= now_s + ahead_s]
    if len(counted) < per_minute:
        return now_s
    return max(now_s, counted[-per_minute] + MINUTE_S)
