"""Deliveries to receivers outside, in SQL: the port Outbox on one connection, inside one transaction.

Of each subject's pending deliveries to a receiver only the first has an hour; when it is done, the next
gets one. A dead one keeps those behind it waiting.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from checkpoints import row_codec as codec
from checkpoints.dialect import Cursor
from protocol.canonical import dumps
from protocol.delivery import MACHINE, DeliveryEvent, DeliveryState, Fate, is_for
from protocol.outbox import Backlog, Claimed, DeliveryRow, ReceiverRow

_OWN = 10
"""Columns of a delivery; those of its event follow."""


class SqlOutbox:
    """Outbox. ``do`` runs a statement on the transaction's connection."""

    def __init__(self, do: Callable[..., Cursor], sql: Mapping[str, str]) -> None:
        self._do = do
        self._sql = sql

    def _one(self, name: str, *values: Any) -> Any:
        return self._do(self._sql[name], values).fetchone()

    def _all(self, name: str, *values: Any) -> list[Any]:
        return self._do(self._sql[name], values).fetchall()

    # Reading

    def last_event(self) -> int:
        return int(self._one("last_event")[0])

    def receivers(self) -> Sequence[ReceiverRow]:
        return [ReceiverRow(*columns) for columns in self._all("receivers")]

    def is_due(self, receiver: str, now_s: float) -> bool:
        found = self._one("receiver", receiver)
        if found is None or ReceiverRow(*found).stopped is not None:
            return False
        due_s = self.next_due(receiver)
        return due_s is not None and due_s <= now_s

    def next_due(self, receiver: str) -> float | None:
        found: float | None = self._one("next_due", receiver)[0]
        return found

    def backlog(self, receiver: str) -> Backlog:
        pending, dead = (
            int(self._one("count", receiver, str(state))[0])
            for state in (DeliveryState.PENDING, DeliveryState.DEAD)
        )
        return Backlog(pending, dead, self.next_due(receiver))

    def dead(self, receiver: str | None = None) -> Sequence[Claimed]:
        names = [row.name for row in self.receivers()] if receiver is None else [receiver]
        found = (_claimed(columns) for name in names for columns in self._all("dead", name))
        return sorted(found, key=lambda c: (c.row.receiver, c.row.event_seq))

    def deliveries(self, event: str) -> Sequence[DeliveryRow]:
        return [_row(columns) for columns in self._all("deliveries", event)]

    # Events that become deliveries

    def meet(self, receiver: str, since_seq: int) -> bool:
        return self._do(self._sql["meet"], (receiver, since_seq, since_seq, since_seq)).rowcount == 1

    def spread(self, receiver: str, patterns: Sequence[str], now_s: float, most: int) -> int:
        wanted = dumps(list(patterns))
        self._do(self._sql["want"], (wanted, receiver, wanted))
        row = ReceiverRow(*self._one("receiver", receiver))
        events = self._all("new_events", row.spread_seq, most)
        for seq, event_type, subject in events:
            if is_for(receiver, patterns, event_type, subject):
                number = self._one("last_of_subject", receiver, subject)[0] or 0
                self._do(self._sql["put"], (receiver, seq, subject, number + 1))
                self._bring_up(receiver, subject, now_s)
        if events:
            self._do(self._sql["spread_to"], (events[-1][0], receiver))
        return len(events)

    def _bring_up(self, receiver: str, subject: str, now_s: float) -> None:
        """Give the first open delivery of a subject an hour, unless it has one or is dead."""
        first = self._one("first_open", receiver, receiver, subject, receiver, subject)
        if first is not None and first[1] == DeliveryState.PENDING and first[2] is None:
            self._do(self._sql["make_due"], (now_s, receiver, first[0]))

    # Attempts

    def claim(self, receiver: str, now_s: float, until_s: float, most: int) -> Sequence[Claimed]:
        if not self.is_due(receiver, now_s):
            return []
        found = [_claimed(columns) for columns in self._all("due", receiver, now_s, most)]
        for taken in found:
            self._do(self._sql["claim"], (until_s, receiver, taken.row.event_seq))
        return [
            replace(
                c, row=replace(c.row, attempts=c.row.attempts + 1, claims=c.row.claims + 1, next_s=until_s)
            )
            for c in found
        ]

    def conclude(self, row: DeliveryRow, fate: Fate, now_s: float) -> bool:
        state = MACHINE.advance(DeliveryState.PENDING, fate.event)
        next_s = now_s + fate.wait_s if state is DeliveryState.PENDING else None
        sent_s = now_s if state is DeliveryState.SENT else None
        values = (str(state), next_s, sent_s, fate.error or None, row.receiver, row.event_seq, row.claims)
        if self._do(self._sql["conclude"], values).rowcount == 0:
            return False
        if state is DeliveryState.SENT:
            self._do(self._sql["count_acknowledged"], (row.receiver,))
        self._bring_up(row.receiver, row.subject, now_s)
        return True

    # What people decide

    def stop(self, receiver: str, reason: str) -> None:
        self._do(self._sql["stop"], (reason, receiver))

    def start(self, receiver: str) -> bool:
        return self._do(self._sql["start"], (receiver,)).rowcount == 1

    def retry(self, receiver: str, event_seq: int | None, now_s: float) -> int:
        found = self._all("dead_of", receiver)
        return self._reopen(receiver, [r for r in found if event_seq in (None, r[0])], now_s)

    def skip(self, receiver: str, event_seq: int, now_s: float) -> bool:
        found = self._one("delivery", receiver, event_seq)
        if found is None or not MACHINE.allows(_row(found).state, DeliveryEvent.SKIP):
            return False
        self._do(self._sql["skip"], (receiver, event_seq))
        self._bring_up(receiver, _row(found).subject, now_s)
        return True

    def resend(self, receiver: str, from_seq: int, now_s: float) -> int:
        return self._reopen(receiver, self._all("done_since", receiver, from_seq), now_s)

    def _reopen(self, receiver: str, found: Sequence[Any], now_s: float) -> int:
        """Make them pending again; whoever was first of a subject and is not any more waits again."""
        firsts: dict[str, int] = {}
        for event_seq, subject in found:
            self._do(self._sql["reopen"], (receiver, event_seq))
            firsts.setdefault(subject, event_seq)
        for subject, first in firsts.items():
            self._do(self._sql["behind"], (receiver, subject, first))
            self._bring_up(receiver, subject, now_s)
        return len(found)


def _row(columns: Sequence[Any]) -> DeliveryRow:
    receiver, event_seq, subject, subject_seq, state, *rest = columns[:_OWN]
    return DeliveryRow(receiver, event_seq, subject, subject_seq, DeliveryState(state), *rest)


def _claimed(columns: Sequence[Any]) -> Claimed:
    return Claimed(_row(columns), codec.event_row((*columns[_OWN:], columns[1])))
