"""Cases that kill whoever drives them: put before a person, so that other cases go on (F09, F10).

A drive is counted in the transaction that takes the case's lease, and the count is cleared when the
lease is given back in order. What is left tells of processes that died, or of errors that nobody caught.
"""

from collections.abc import Callable

from graph.gate import stop_case
from protocol.ports import Tx
from protocol.stopping import Stop
from protocol.world import World

QUARANTINED = "quarantined"


def quarantine(
    world: World, case: str, token: int, died: int, shared: Callable[[], float]
) -> Callable[[Tx], None]:
    """A job that stops a case on which ``died`` drives ended without a finished round."""

    def job(tx: Tx) -> None:
        text = (
            f"{died} attempts to go on with this case failed, or took their process along, before a round "
            "was finished: no agent is asked again."
        )
        stop_case(tx, world, case, token, Stop(QUARANTINED, text), shared())

    return job
