"""What ``andon replay`` answers: the recorded course as it ran again, and what differs first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checkpoints.recordings import REDACTED, Part
from graph.recording import SCRIPTED
from graph.replaying import Done, Replayed

_STATUS, _REPLY = 9, 14
"""Where these stand among the values of ``save_case``."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of a replay. ``model``: what answered beside the recording; ``recorded`` for nothing."""

    case: str
    model: str
    until: int | None = None
    floor_changed: bool = False


def _headers(parts: Sequence[Part]) -> list[Mapping[str, Any]]:
    steps = (item[1] for part in parts for item in part.items if isinstance(item, list) and item[0] == "do")
    return [step for step in steps if step.get("step") == "begin"]


def recorded_model(parts: Sequence[Part]) -> str:
    """What played the roles of the first drive; empty when there was none."""
    return next((str(h.get("model", "")) for h in _headers(parts)), "")


def was_played_by_policies(parts: Sequence[Part]) -> bool:
    """Whether the floor's policies played every role, so that they can be asked again."""
    headers = _headers(parts)
    return bool(headers) and all(h.get("model") != SCRIPTED and not h.get("endpoints") for h in headers)


def recorded_fingerprints(parts: Sequence[Part]) -> set[str]:
    """The versions of the floor under which the case ran."""
    steps = (item[1] for part in parts for item in part.items if isinstance(item, list) and item[0] == "do")
    return {str(step["fingerprint"]) for step in steps if "fingerprint" in step}


def replay_shape(asked: Asked, parts: Sequence[Part], found: Replayed) -> dict[str, Any]:
    """Shape ``andon/replay/v1``."""
    first = found.differences[0] if found.differences else None
    saved = [s[1] for job in found.jobs for s in job.asked if s[0] == "save_case"]
    return {
        "schema": "andon/replay/v1",
        "case": asked.case,
        "identical": found.identical,
        "difference": first.to_json() if first else _unreached(found),
        "differences": [d.to_json() for d in found.differences],
        "until": asked.until,
        "model": asked.model,
        "recorded_model": recorded_model(parts),
        "answers": {"compared": found.answers, "same": found.same_answers},
        "jobs": len(found.jobs),
        "passes": [_pass(job) for job in found.jobs if _row(job, "put_pass") is not None],
        "status": saved[-1][_STATUS] if saved else None,
        "reply": saved[-1][_REPLY] if saved else None,
        "notes": list(found.notes),
        "floor_changed": asked.floor_changed,
        "redacted": any(REDACTED in str(part.items) for part in parts),
    }


def _unreached(found: Replayed) -> dict[str, Any] | None:
    if not found.unreached:
        return None
    text = f"the run ended before {found.unreached} of its recorded steps"
    nothing = dict.fromkeys(("pass", "round", "agent"))
    return {
        "text": text,
        **nothing,
        "what": "step",
        "where": "the run",
        "recorded": "went on",
        "now": "ended",
    }


def _row(job: Done, name: str) -> list[Any] | None:
    return next((list(values) for called, values, _ in job.asked if called == name), None)


def _pass(job: Done) -> dict[str, Any]:
    _, number, round_no, at, _, route, *_ = _row(job, "put_pass") or [None] * 8
    verdicts = [
        {"agent": v[4], "action": v[5], "resource": v[7], "verdict": v[8], "code": v[9]}
        for name, v, _ in job.asked
        if name == "put_verdict"
    ]
    return {"pass": number, "round": round_no, "at": at, "route": route, "verdicts": verdicts}
