"""Placing holds and putting their release before those who may sign it."""

from typing import Any

from protocol.times import plus
from protocol.turns import Move, Proposal, QueryCall

from ...tools.said import REMARK, Trying

COMPLIANCE = "compliance"
MOMENT_MIN = 1


def place(**params: Any) -> Proposal:
    """A hold; its kind says who releases it."""
    return Proposal("place_hold", {"quantity": None, "release_role": None, **params})


def release(hold: str, reason: str, evidence: str) -> Proposal:
    """The release of a hold: its release role signs it at the gate, whoever asked."""
    return Proposal("release_hold", {"hold": hold, "evidence": evidence, "reason": reason[:REMARK]})


def expired(gauge: str) -> Trying:
    """A compliance hold on every lot measured since the calibration ended that has none yet."""
    found = yield QueryCall("measured_with", {"gauge": gauge})
    if not found["known"]:
        return []
    moves: list[Move] = []
    for lot in found["lots"]:
        status = yield QueryCall("hold_status", {"subject": f"lot/{lot}"})
        if status["known"] and not any(h["kind"] == COMPLIANCE for h in status["holds"]):
            reason = f"Measured with gauge {gauge} after its calibration expired"
            moves.append(place(subject=f"lot/{lot}", kind=COMPLIANCE, reason=reason))
    return moves


def contained(machine: str, since: str, until: str, reason: str) -> Trying:
    """Hold what a machine made in a span: the lots of its runs, or a run that has none."""
    span = {"from": since, "to": plus(until, minutes=MOMENT_MIN)}
    found = yield QueryCall("get_schedule", {"machine": machine, **span})
    runs = [run for run in found["runs"] if run["started"]]
    subjects = [ref for run in runs for ref in [f"lot/{lot}" for lot in run["lots"]] or [f"run/{run['run']}"]]
    return [
        place(subject=subject, kind="in_process", reason=reason[:REMARK])
        for subject in dict.fromkeys(subjects)
    ]
