"""Delivery of events to receivers outside: whoever sweeps sends what is due, and any number may do so.

An event becomes a delivery for each receiver that wants it, is taken up for a while, sent, and marked. A
process that dies in between leaves it to be taken up again: at least once, under the same id. Of one subject
the next is sent when the one before is acknowledged; other subjects go on meanwhile.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from graph.noting import note
from graph.settings import Settings
from graph.webhook import Letter, MakePost, Post, Webhook, headers
from protocol.canonical import canonical
from protocol.delivery import ALERT, DeliveryEvent, Fate, jitter_of, judge
from protocol.failpoints import Point, failpoint
from protocol.floor import Receiver
from protocol.ids import derive
from protocol.outbox import Claimed
from protocol.ports import Ledger, ReadTx, Tx
from protocol.rows import AlertRow
from protocol.world import World

TOGETHER = 8
"""Attempts side by side at one receiver."""
SPREAD = 500
"""Events looked at in one transaction: others want to write in between."""
SPARE_S = 5.0
"""How much longer than its attempt may last a delivery stays taken up."""
FOR_S = 30.0
"""For how long one call takes up more: whoever sweeps has other things to see to."""

_log = logging.getLogger("andon.delivering")


class DeliveringApp(Protocol):
    """What delivering needs of the application. ``shared``: wall seconds, as all processes read them."""

    @property
    def world(self) -> World: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def settings(self) -> Settings: ...
    def shared(self) -> float:
        """Wall seconds."""


@dataclass
class Delivered:
    """What a call did: attempts by what they came to."""

    acknowledged: int = 0
    failed: int = 0
    given_up: int = 0


async def meet_receivers(ledger: Ledger, world: World) -> None:
    """Store receivers that are new in floor.yaml: what happens from now on is for them."""
    wanted = {r.name: r.history for r in world.config.deliver}
    if not wanted:
        return

    def meet(tx: Tx) -> None:
        for name, history in wanted.items():
            tx.outbox.meet(name, 0 if history else tx.outbox.last_event())

    known = await ledger.read(lambda tx: {r.name for r in tx.outbox.receivers()})
    if wanted.keys() - known:
        await ledger.write(meet)


async def deliver_due(
    app: DeliveringApp, *, for_s: float = FOR_S, make_post: MakePost = Webhook
) -> Delivered:
    """Send what is due to every receiver of the floor until nothing is, or ``for_s`` wall seconds are over.

    Attempts that have begun are waited for. Without receivers it does nothing at all. Raises
    DependencyDownError when the ledger is away; what the receivers do is written down, never raised.
    """
    done, until_s = Delivered(), app.shared() + for_s
    if app.world.config.deliver:
        async with aclosing(make_post()) as post:
            serving = (_Round(app, r, post, done).serve(until_s) for r in app.world.config.deliver)
            await asyncio.gather(*serving)
    return done


@dataclass(frozen=True)
class _Round:
    """One receiver's share of a call."""

    app: DeliveringApp
    receiver: Receiver
    post: Post
    done: Delivered

    async def serve(self, until_s: float) -> None:
        key = self.app.settings.secret(self.receiver.secret_env)
        if key is None:
            _log.warning(
                "nothing is sent to %s here: %s is not set", self.receiver.name, self.receiver.secret_env
            )
        while await self.app.ledger.read(lambda tx: self._has_work(tx, can_send=key is not None)):
            claimed, whole = await self.app.ledger.write(
                lambda tx: self._take_up(tx, can_send=key is not None)
            )
            if key is not None:
                await asyncio.gather(*(self._attempt(c, key) for c in claimed))
            if (whole and not claimed) or self.app.shared() >= until_s:
                return

    def _has_work(self, tx: ReadTx, *, can_send: bool) -> bool:
        met = next(r for r in tx.outbox.receivers() if r.name == self.receiver.name)
        if met.spread_seq < tx.outbox.last_event():
            return True
        return can_send and tx.outbox.is_due(met.name, self.app.shared())

    def _take_up(self, tx: Tx, *, can_send: bool) -> tuple[list[Claimed], bool]:
        """What is to be sent now, and whether every event has been looked at."""
        name, now_s = self.receiver.name, self.app.shared()
        looked_at = tx.outbox.spread(name, self.receiver.events, now_s, SPREAD)
        until_s = now_s + self.receiver.timeout_s + SPARE_S
        claimed = tx.outbox.claim(name, now_s, until_s, TOGETHER) if can_send else []
        return list(claimed), looked_at < SPREAD

    async def _attempt(self, taken: Claimed, key: str) -> None:
        row, event = taken.row, taken.event
        body = canonical(body_of(self.app.world.config.floor, taken))
        said = headers(key, event.id, int(self.app.shared()), body)
        answer = await self.post.send(Letter(self.receiver.url, body, said, self.receiver.timeout_s))
        failpoint(Point.PUBLISHED)
        jitter = jitter_of(row.receiver, event.id, row.claims)
        fate = judge(answer, row.attempts, self.receiver.attempts, jitter)
        if await self.app.ledger.write(lambda tx: conclude(tx, taken, fate, self.app.shared())):
            self._count(fate)

    def _count(self, fate: Fate) -> None:
        match fate.event:
            case DeliveryEvent.ACKNOWLEDGE:
                self.done.acknowledged += 1
            case DeliveryEvent.GIVE_UP:
                self.done.given_up += 1
            case _:
                self.done.failed += 1


def body_of(floor: str, taken: Claimed) -> dict[str, Any]:
    """Shape ``event``, which is posted. ``sequence``: of the ledger; ``aggregate_sequence``: of the receiver
    and the aggregate, without a gap.
    """
    event, row = taken.event, taken.row
    return {
        "schema": "andon/event/v1",
        "floor": floor,
        "id": event.id,
        "type": event.type,
        "sequence": event.seq,
        "aggregate": event.subject,
        "aggregate_sequence": row.subject_seq,
        "occurred": event.occurred,
        "recorded": event.recorded,
        "source": event.source,
        "source_id": event.source_id,
        "case": event.case,
        "agent": event.agent,
        "lane": event.lane,
        "cause": event.cause,
        "data": dict(event.data),
    }


def conclude(tx: Tx, taken: Claimed, fate: Fate, now_s: float) -> bool:
    """Write what an attempt came to, and tell people what they must see to; False when it was taken over."""
    row = taken.row
    if not tx.outbox.conclude(row, fate, now_s):
        return False
    said = {
        "receiver": row.receiver,
        "event": taken.event.id,
        "type": taken.event.type,
        "aggregate": row.subject,
        "attempts": row.attempts,
        "error": fate.error,
    }
    if fate.stops and not _is_stopped(tx, row.receiver):
        tx.outbox.stop(row.receiver, fate.error)
        note_delivery("delivery.stopped", tx, f"{row.event_seq}/{row.claims}", said)
    elif fate.event is DeliveryEvent.GIVE_UP:
        note_delivery("delivery.dead", tx, f"{row.event_seq}/{row.claims}", said)
    settle_alert(tx, row.receiver)
    return True


def note_delivery(kind: str, tx: Tx, what: str, data: Mapping[str, Any]) -> None:
    """An event about deliveries to a receiver. ``what`` tells it from others of its kind."""
    receiver = str(data["receiver"])
    note(kind, tx, derive("evt", kind, receiver, what), receiver, dict(data))
    tx.audit({"what": kind, **data, "at": tx.now})


def alert_of(receiver: str) -> str:
    """The name of the alert that stands while a person has to see to a receiver."""
    return f"{ALERT}{receiver}"


def settle_alert(tx: Tx, receiver: str) -> None:
    """Raise it when something was given up or the receiver is stopped; clear it when neither is so."""
    name = alert_of(receiver)
    stands = any(alert.name == name for alert in tx.alerts(open_only=True))
    dead, stopped = tx.outbox.backlog(receiver).dead, _is_stopped(tx, receiver)
    if (dead or stopped) and not stands:
        figure = f"receivers stopped: {receiver}" if stopped else f"events given up at {receiver}: {dead}"
        tx.put_alert(AlertRow(name, figure, "0", tx.now))
    elif stands and not dead and not stopped:
        tx.clear_alert(name, tx.now, f"events given up at {receiver}: 0")


def _is_stopped(tx: ReadTx, receiver: str) -> bool:
    return any(r.stopped is not None for r in tx.outbox.receivers() if r.name == receiver)
