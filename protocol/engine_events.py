"""The types of events that the engine itself publishes, beside those of a floor."""

from protocol.rows import Verdict

ENGINE_EVENTS = frozenset(
    {
        "answer.degraded",
        "alert.cleared",
        "alert.raised",
        "answer.ignored",
        "approval.decided",
        "approval.escalated",
        "approval.expired",
        "approval.requested",
        "breaker.closed",
        "breaker.half_open",
        "breaker.opened",
        "breaker.refused",
        "budget.exhausted",
        "case.adopted",
        "case.ended",
        "case.opened",
        "case.stopped",
        "context.nearly_full",
        "db.restored",
        "delivery.dead",
        "delivery.resent",
        "delivery.retried",
        "delivery.skipped",
        "delivery.stopped",
        "limit.causal_depth",
        "limit.escalations",
        "limit.reached",
        "loop.cut",
        "model.fell_back",
        "pull.released",
        "pull.set",
        "question.answered",
        "question.decided",
        "question.escalated",
        "question.expired",
        "question.left",
        "question.requested",
        "rate.limited",
        "request.answered",
        "request.asked",
        "request.refused",
        "request.repeated",
        "turn.failed",
        "turn.taken",
    }
    | {f"action.{verdict}" for verdict in Verdict}
)
"""A test finds each of them in the sources, and none there that is missing here."""
