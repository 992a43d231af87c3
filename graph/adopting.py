"""A case that began under another version of the system: it goes on from the ledger, or asks a person.

A node that no longer exists would end the graph without an error and without anything done, so whatever
a checkpoint says, the case is first looked at under the version that takes it over.
"""

import logging
from dataclasses import replace

from graph.gate import begin_pass, check_fence, end_pass, position_of, stop_case
from graph.opening import case_event
from graph.versions import differences
from protocol.canonical import legible
from protocol.errors import DependencyDownError
from protocol.moving import FLOOR_CHANGED, lowered, missing, refresh, to_refresh, unfit_turns
from protocol.ports import Tx
from protocol.rows import CaseRow
from protocol.stopping import Stop
from protocol.turns import from_json
from protocol.world import World

_log = logging.getLogger("andon.adopting")


def adopt(tx: Tx, world: World, case_id: str, token: int, clock_s: float = 0.0) -> bool:
    """Take over a case that began under another version; False when it did not, or has ended.

    What people were asked and is no longer so is asked anew; when what the case has at work is gone, it
    stops before a person. An error in the floor's code stops it as well, and undoes what came before.
    """
    check_fence(tx, case_id, token)
    case = _going_on(tx, case_id)
    if case is None or case.fingerprint == world.fingerprint:
        return False
    changed = differences(tx, world, case.fingerprint)
    tx.save_case(replace(case, fingerprint=world.fingerprint))
    data = {"was": case.fingerprint, "now": world.fingerprint, "changed": changed}
    tx.put_event(case_event(tx, case_id, "case.adopted", data, f"adopted/{len(tx.events(case_id))}"))
    if case.origin != "feed":  # that one holds questions about a file: no agent ever had it
        _go_on_or_stop(tx, world, case_id, token, clock_s)
    # The last entry seals the case as it stands now, also when no pass followed.
    tx.audit({"what": "case.adopted", "case": case_id, **data, "at": tx.now})
    return True


def _go_on_or_stop(tx: Tx, world: World, case_id: str, token: int, clock_s: float) -> None:
    try:
        with tx.mark():
            _look_at(tx, world, case_id, token, clock_s)
    except DependencyDownError:
        raise
    except Exception as error:  # noqa: BLE001 - whose code it was does not matter to the case: a person is told
        _log.exception("case %s could not be taken over as it stands", case_id)
        text = legible(
            f"The case could not be taken over by another version: {type(error).__name__}: {error}"
        )
        stop_case(tx, world, case_id, token, Stop(FLOOR_CHANGED, text), clock_s)


def _look_at(tx: Tx, world: World, case_id: str, token: int, clock_s: float) -> None:
    case = _going_on(tx, case_id)
    if case is None or not case.position:
        return
    tx.save_case(replace(case, position=lowered(world, position_of(tx, case)).to_json()))
    p = begin_pass(tx, world, case_id, clock_s)
    if stale := to_refresh(p):
        end_pass(tx, p, refresh(p, tx.unspent(case_id), stale))
    if (case := _going_on(tx, case_id)) is None:
        return
    position = position_of(tx, case)
    gone = missing(world, position)
    if not gone:
        said = (tx.turn(case_id, position.round, agent) for agent in position.active)
        gone = unfit_turns(world, (from_json(row) for row in said if row is not None))
    if gone:
        text = f"The floor changed while this case was under way: {', '.join(gone)}."
        stop_case(tx, world, case_id, token, Stop(FLOOR_CHANGED, text), clock_s)


def _going_on(tx: Tx, case_id: str) -> CaseRow | None:
    """The case as it stands; None when it has ended."""
    case = tx.case(case_id)
    return None if case is None or case.status.ended else case
