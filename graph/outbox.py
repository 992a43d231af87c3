"""What receivers outside have and lack, and what people decide about it: retry, skip, resend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from graph.delivering import note_delivery, settle_alert
from graph.secrets import Secrets
from graph.texts import check_text
from protocol.errors import AndonError, NotAuthorisedError, NotFoundError, UsageError
from protocol.floor import Receiver
from protocol.outbox import Claimed, DeliveryRow, ReceiverRow
from protocol.ports import ReadTx, Tx
from protocol.times import from_micros, whole
from protocol.world import World

Move = Literal["retry", "skip", "resend"]


@dataclass(frozen=True, slots=True)
class WantedMove:
    """What a person wants. ``event``: the id of one event, None for all. ``receiver`` None: whoever lacks it.

    ``from_seq``: of a resend, the first sequence.
    """

    move: Move
    receiver: str | None = None
    event: str | None = None
    from_seq: int = 0
    reason: str = ""


def check_move(wanted: WantedMove) -> WantedMove:
    """The same. Raises UsageError when the reason of a skip is missing."""
    if wanted.move == "skip" and not wanted.reason.strip():
        raise UsageError(
            "A reason is missing: whoever reads the records must know why the receiver never got it.",
            hint="Add --reason TEXT.",
            code="reason_missing",
        )
    return WantedMove(
        wanted.move,
        wanted.receiver,
        wanted.event,
        wanted.from_seq,
        check_text(wanted.reason) if wanted.reason.strip() else "",
    )


def record_move(tx: Tx, world: World, wanted: WantedMove, person: str, now_s: float) -> int | AndonError:
    """How many deliveries were moved, or (returned, not raised) why none was: the attempt is logged."""
    roles = sorted(world.config.roles_of(person, tx.now))
    if not roles:
        tx.audit({"what": "delivery_refused", "move": wanted.move, "person": person})
        return _may_not(world, wanted.move, person, tx.now)
    names = [r.name for r in tx.outbox.receivers()]
    if wanted.receiver is not None and wanted.receiver not in names:
        return _unknown_receiver(wanted.receiver, names)
    targets = _targets(tx, wanted, names)
    if isinstance(targets, NotFoundError):
        return targets
    moved = 0
    for receiver, row in targets:
        count = _apply(tx, wanted, receiver, row, now_s)
        if count:
            moved += count
            said = {"receiver": receiver, "by": person, "role": roles[0], "count": count}
            what = f"{tx.outbox.last_event()}/{moved}"
            _tell(tx, wanted, what, said | {"event": wanted.event, "reason": wanted.reason})
        settle_alert(tx, receiver)
    return moved


def _apply(tx: Tx, wanted: WantedMove, receiver: str, row: DeliveryRow | None, now_s: float) -> int:
    outbox = tx.outbox
    if wanted.move == "skip":
        return int(row is not None and outbox.skip(receiver, row.event_seq, now_s))
    started = int(outbox.start(receiver))
    if wanted.move == "resend":
        return outbox.resend(receiver, wanted.from_seq, now_s)
    return outbox.retry(receiver, None if row is None else row.event_seq, now_s) or started


def _targets(
    tx: Tx, wanted: WantedMove, names: Sequence[str]
) -> list[tuple[str, DeliveryRow | None]] | NotFoundError:
    """Receivers, each with the delivery of the event that is named."""
    if wanted.event is None:
        return [(name, None) for name in names if wanted.receiver in (None, name)]
    found = [r for r in tx.outbox.deliveries(wanted.event) if wanted.receiver in (None, r.receiver)]
    if not found:
        return NotFoundError(
            f"No receiver is to get an event {wanted.event}.",
            hint="`andon outbox` lists what was given up.",
            code="unknown_id",
        )
    return [(row.receiver, row) for row in found]


def _tell(tx: Tx, wanted: WantedMove, what: str, data: dict[str, Any]) -> None:
    match wanted.move:
        case "retry":
            note_delivery("delivery.retried", tx, what, data)
        case "skip":
            note_delivery("delivery.skipped", tx, what, data)
        case "resend":
            note_delivery("delivery.resent", tx, what, {**data, "from": wanted.from_seq})


def _unknown_receiver(name: str, names: Sequence[str]) -> NotFoundError:
    return NotFoundError(
        f"There is no receiver {name}.",
        hint=f"Known: {', '.join(names) or 'none'}; floor.yaml declares them under deliver.",
        code="unknown_receiver",
    )


def _may_not(world: World, move: str, person: str, now: str) -> NotAuthorisedError:
    here = [p.id for p in world.config.people if world.config.roles_of(p.id, now)]
    return NotAuthorisedError(
        f"{person} holds no role on this floor now and may not {move} what was given up.",
        hint=f"Say who you are with --as PERSON, such as {', '.join(here[:3] or ['one of floor.yaml'])}.",
    )


# What stands


def board(tx: ReadTx | None, world: World, secret: Secrets) -> dict[str, Any]:
    """The fields ``receivers`` and ``dead`` of ``andon/outbox/v1``. Receivers that floor.yaml no longer
    declares are shown while something of theirs is open.
    """
    declared = {r.name: r for r in world.config.deliver}
    met = {r.name: r for r in tx.outbox.receivers()} if tx is not None else {}
    shapes = [
        _receiver_shape(tx, name, declared.get(name), met.get(name), secret)
        for name in sorted(declared.keys() | met.keys())
    ]
    shown = [s for s in shapes if s["declared"] or s["pending"] or s["dead"]]
    return {"receivers": shown, "dead": [] if tx is None else [_dead_shape(c) for c in tx.outbox.dead()]}


def _receiver_shape(
    tx: ReadTx | None, name: str, declared: Receiver | None, met: ReceiverRow | None, secret: Secrets
) -> dict[str, Any]:
    backlog = None if tx is None or met is None else tx.outbox.backlog(name)
    behind = None if tx is None or met is None else tx.outbox.last_event() - met.spread_seq
    due_s = None if backlog is None else backlog.oldest_s
    return {
        "name": name,
        "declared": declared is not None,
        "to": None if declared is None else place(declared.url),
        "events": [] if declared is None else list(declared.events),
        "key": declared is not None and secret(declared.secret_env) is not None,
        "acknowledged": 0 if met is None else met.acknowledged,
        "pending": 0 if backlog is None else backlog.pending,
        "dead": 0 if backlog is None else backlog.dead,
        "unread": behind,
        "next_at": None if due_s is None else instant(due_s),
        "stopped": None if met is None else met.stopped,
    }


def _dead_shape(found: Claimed) -> dict[str, Any]:
    row, event = found.row, found.event
    return {
        "receiver": row.receiver,
        "event": event.id,
        "type": event.type,
        "sequence": row.event_seq,
        "aggregate": row.subject,
        "attempts": row.attempts,
        "error": row.error,
        "recorded": event.recorded,
    }


def place(url: str) -> str:
    """An address without what its query may tell."""
    parts = urlsplit(url)
    return parts._replace(query="", fragment="").geturl()


def instant(wall_s: float) -> str:
    """Wall seconds as text."""
    return whole(from_micros(int(wall_s * 1_000_000)))
