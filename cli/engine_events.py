"""The engine's own events in words: exchanges, cuts, escalations, limits, the end of a case."""

from collections.abc import Callable
from typing import Any

from cli.words import params_words, span_words
from protocol.rows import EventRow
from protocol.times import local

Told = tuple[str, dict[str, Any]]
"""The text of a step, and what its type has beside it."""
Teller = Callable[[EventRow, str], Told]


def _asked(event: EventRow, zone: str) -> Told:
    data = event.data
    return f"{data['exchange']}: {data['from']} asks {event.subject}", {"exchange": data["exchange"]}


def _answered(event: EventRow, zone: str) -> Told:
    data = event.data
    code = f" [{data['code']}]" if data["code"] else ""
    return f"{data['exchange']}: {event.agent} says {data['kind']}{code}", {"exchange": data["exchange"]}


def _repeated(event: EventRow, zone: str) -> Told:
    return f"{event.subject}: {event.agent} asks again for {event.data['request']}", {
        "exchange": event.subject
    }


def _not_asked(event: EventRow, zone: str) -> Told:
    data = event.data
    return f"{event.agent} may not ask {event.subject} [{data['code']}]: {data['reason']}", {
        "code": data["code"]
    }


def _ignored(event: EventRow, zone: str) -> Told:
    why = event.data.get("reason", "it is not this agent's turn to speak there")
    return f"{event.subject}: {event.data['kind']} is ignored: {why}", {"exchange": event.subject}


def _cut(event: EventRow, zone: str) -> Told:
    data = event.data
    between = " and ".join(map(str, data["between"]))
    text = (
        f"cut the loop between {between} about {event.subject} after {data['answers']} answers ({data['by']})"
    )
    return text, {"exchange": data["exchange"], "by": data["by"]}


def _requested(event: EventRow, zone: str) -> Told:
    data = event.data
    text = f"{data['role']} is asked until {local(data['due_at'], zone)} ({event.subject}): {data['summary']}"
    return text, {"escalation": event.subject, "role": data["role"], "due_at": data["due_at"]}


def _moved_on(event: EventRow, zone: str) -> Told:
    data = event.data
    until = local(data["due_at"], zone)
    text = f"{event.subject}: {data['from']} was silent, now {data['to']} is asked until {until}"
    return text, {"escalation": event.subject}


def _expired(event: EventRow, zone: str) -> Told:
    return f"{event.subject}: nobody decided; nothing was approved", {"escalation": event.subject}


def _left(event: EventRow, zone: str) -> Told:
    return f"{event.subject}: left as it is by {event.data['by']}", {"escalation": event.subject}


def _chosen(event: EventRow, zone: str) -> Told:
    data = event.data
    chosen = data["option"] or data["text"]
    return f"{event.subject}: {data['by']} chose: {chosen}", {"escalation": event.subject}


def _limit(event: EventRow, zone: str) -> Told:
    return f"{event.type}: {params_words(event.data, zone)}", dict(event.data)


def _ended(event: EventRow, zone: str) -> Told:
    code = event.data.get("code")
    return f"the case ended: {event.data['status']}{f' [{code}]' if code else ''}", {
        "status": event.data["status"]
    }


def _stopped(event: EventRow, zone: str) -> Told:
    return f"the case was stopped [{event.data['code']}]: {event.data['text']}", {"code": event.data["code"]}


def _adopted(event: EventRow, zone: str) -> Told:
    changed = [str(part) for part in event.data.get("changed", ())]  # older ledgers told only that it changed
    what = f": {'; '.join(changed)}" if changed else ""
    return f"what runs the case has changed since{what}", {"changed": changed}


def _exhausted(event: EventRow, zone: str) -> Told:
    data = event.data
    text = f"{event.agent} may not call {data['model']}: {data['why']}; the case calls no model any more"
    return text, {"scope": data["scope"]}


def _fell_back(event: EventRow, zone: str) -> Told:
    data = event.data
    return f"{event.agent} is played by {data['to']} instead of {data['from']}: {data['why']}", {
        "from": data["from"],
        "to": data["to"],
    }


def _routed(event: EventRow, zone: str) -> Told:
    data = event.data
    chosen = data["chosen"] or "nobody"
    if data["why"]:
        return f"relevance chose {chosen}, since {data['model']} did not: {data['why']}", {
            "model": data["model"]
        }
    repaired = ", asked twice" if data["repaired"] else ""
    return f"{data['model']} chose {chosen}{repaired}", {"model": data["model"]}


def _raised(event: EventRow, zone: str) -> Told:
    data = event.data
    return f"{data['figure']}, above {data['limit']}; {data['advice']}", {"alert": event.subject}


def _cleared(event: EventRow, zone: str) -> Told:
    return f"{event.subject} is ordinary again; {event.data['figure']}", {"alert": event.subject}


def _pulled(event: EventRow, zone: str) -> Told:
    data = event.data
    return f"{data['by']} ({data['role']}) pulled {event.subject}: {data['reason']}", {"scope": event.subject}


def _restored(event: EventRow, zone: str) -> Told:
    data = event.data
    text = f"{data['by']} said that the ledger was restored from a copy at audit entry {data['kept']}"
    return f"{text}: {data['reason']}", {"kept": data["kept"], "void": data["void"]}


def _released(event: EventRow, zone: str) -> Told:
    data = event.data
    text = f"{data['by']} ({data['role']}) released {event.subject} after {span_words(data['stood_s'])}"
    return f"{text}: {data['reason']}", {"scope": event.subject, "stood_s": data["stood_s"]}


def _given_up(event: EventRow, zone: str) -> Told:
    data = event.data
    text = f"{data['receiver']} did not get {data['type']} of {data['aggregate']}: {data['error']}"
    return text, {"receiver": data["receiver"], "event": data["event"]}


def _wants_no_more(event: EventRow, zone: str) -> Told:
    return f"{event.subject} {event.data['error']}: it wants no more events", {"receiver": event.subject}


def _decided_to_send(event: EventRow, zone: str) -> Told:
    data, what = event.data, event.type.partition(".")[2]
    reason = f": {data['reason']}" if data["reason"] else ""
    text = f"{data['by']} ({data['role']}) had {data['count']} for {data['receiver']} {what}{reason}"
    return text, {"receiver": data["receiver"]}


def _opened(event: EventRow, zone: str) -> Told:
    return f"the breaker {event.subject} opened ({event.data['cause']})", _breaker(event)


def _half_open(event: EventRow, zone: str) -> Told:
    return f"the breaker {event.subject} lets one call through to see ({event.data['cause']})", _breaker(
        event
    )


def _closed(event: EventRow, zone: str) -> Told:
    return f"the breaker {event.subject} closed ({event.data['cause']})", _breaker(event)


def _not_called(event: EventRow, zone: str) -> Told:
    data = event.data
    who = f" by {data['by']}" if data["by"] else ""
    text = f"{event.agent} may not call {event.subject}: the breaker {data['breaker']} is open{who}"
    return f"{text} ({data['cause']})", _breaker(event)


def _breaker(event: EventRow) -> dict[str, Any]:
    return {"breaker": event.data["breaker"], "cause": event.data["cause"]}


def _degraded(event: EventRow, zone: str) -> Told:
    data = event.data
    age = "" if data["age_s"] is None else f", {span_words(data['age_s'])} old"
    instead = f"is told the {data['mode']} answer{age} in place of {event.subject}"
    text = f"{data['exchange']}: {event.agent} {instead}"
    return text, {"exchange": data["exchange"], "mode": data["mode"], "age_s": data["age_s"]}


def _over_rate(event: EventRow, zone: str) -> Told:
    data = event.data
    what = f"waits {data['wait_ms'] / 1000:.1f} s" if data["taken"] else "takes no turn"
    return f"{event.agent} {what}: it may take {data['per_minute']} turns a minute", dict(data)


def _nearly_full(event: EventRow, zone: str) -> Told:
    data = event.data
    share, counted = 100 * data["tokens"] // data["budget"], _COUNTED[data["counted"]]
    text = f"{event.agent}'s prompt took {data['tokens']} of {data['budget']} tokens ({share} %, {counted})"
    return text, dict(data)


_COUNTED = {"provider": "counted by the provider", "estimated": "estimated"}
KINDS = {
    "request": "exchange",
    "answer": "exchange",
    "loop": "cut",
    "approval": "escalation",
    "question": "escalation",
    "case": "ended",
    "limit": "limit",
    "rate": "limit",
    "context": "limit",
    "budget": "limit",
    "model": "model",
    "router": "routed",
    "db": "restored",
    "breaker": "breaker",
    "delivery": "delivery",
    "pull": "pull",
    "alert": "alert",
    "case.stopped": "stopped",
    "case.adopted": "adopted",
}
"""The type of a step by the event, or else by its first word."""

TELLERS: dict[str, Teller] = {
    "request.asked": _asked,
    "request.answered": _answered,
    "request.repeated": _repeated,
    "request.refused": _not_asked,
    "answer.ignored": _ignored,
    "loop.cut": _cut,
    "breaker.opened": _opened,
    "breaker.half_open": _half_open,
    "breaker.closed": _closed,
    "breaker.refused": _not_called,
    "answer.degraded": _degraded,
    "rate.limited": _over_rate,
    "context.nearly_full": _nearly_full,
    "budget.exhausted": _exhausted,
    "model.fell_back": _fell_back,
    "router.chose": _routed,
    "router.fell_back": _routed,
    "approval.requested": _requested,
    "question.requested": _requested,
    "approval.escalated": _moved_on,
    "question.escalated": _moved_on,
    "approval.expired": _expired,
    "question.expired": _expired,
    "question.left": _left,
    "question.answered": _chosen,
    "alert.raised": _raised,
    "alert.cleared": _cleared,
    "delivery.dead": _given_up,
    "delivery.stopped": _wants_no_more,
    "delivery.retried": _decided_to_send,
    "delivery.skipped": _decided_to_send,
    "delivery.resent": _decided_to_send,
    "pull.set": _pulled,
    "pull.released": _released,
    "db.restored": _restored,
    "limit.reached": _limit,
    "limit.escalations": _limit,
    "limit.causal_depth": _limit,
    "case.ended": _ended,
    "case.stopped": _stopped,
    "case.adopted": _adopted,
}
