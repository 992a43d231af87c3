"""How long a case can go on: the bound on its gate passes, measured by the search, enforced by the gate."""

from protocol.floor import Limits


def pass_bound(limits: Limits, escalations: int) -> int:
    """The most passes a case can have made that ever asked people ``escalations`` times.

    A pass takes the turns of a round, or applies at least one escalation that has ended.
    """
    return limits.rounds + escalations
