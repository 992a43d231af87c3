"""The part of a proof that counts time: ladders and expiry, the lease, the breaker, each by whole ticks.

The untimed search lets deadlines come in any order and so cannot see one that never comes. Here time
is part of the state, and it is bounded: every search ends, with every state looked at.
"""

import logging

from evals.proving.breaker_ticks import BreakerModel
from evals.proving.ladder_floor import cast_of
from evals.proving.ladder_ticks import LadderModel
from evals.proving.lease_ticks import LeaseModel
from evals.proving.results import Searched
from evals.proving.tick_search import explore
from protocol.world import World


def search_ticks(world: World) -> list[Searched]:
    """The searches, each to its end or its first violation.

    Leases and breakers are the engine's alone; ladders ask the floor's roles and people. A floor on
    which no agent owns an action it can do opens no approval, and has no ladder to search.
    """
    log = logging.getLogger("andon.gate")
    was, log.disabled = log.disabled, True  # an error there is a violation, told as a story
    try:
        players = cast_of(world)
        ladders = [] if players is None else [explore(LadderModel(world, players))]
        return [*ladders, explore(LeaseModel()), explore(BreakerModel())]
    finally:
        log.disabled = was
