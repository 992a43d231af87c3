"""Invariants of delivery: every event a receiver wants is accounted for, and each subject went in order."""

import json
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from checkpoints.audit_port import AuditTx
from checkpoints.named_sql import named_queries
from protocol.delivery import DeliveryState, is_for
from protocol.world import World

_SQL = "audit_delivery"


def deliveries_complete(tx: AuditTx, world: World) -> Iterator[str]:
    """Whatever a receiver was shown of the events it asks for is on its way or has arrived, filed under the
    event's own subject and numbered there without a gap (12, 13).

    Looked at is the time since it last asked for something else: what it wanted before, nobody knows.
    """
    sql = named_queries(_SQL)
    for name, spread, wanted, wanted_seq, newest in tx.rows(sql["receivers"]):
        if spread > newest:
            yield f"{name} was shown events up to {spread}, and the last one is {newest}"
        patterns = json.loads(wanted)
        for event, kind, subject in tx.rows(sql["without_delivery"], name, wanted_seq, spread):
            if is_for(name, patterns, kind, subject):
                yield f"{event} ({kind}) was never made a delivery to {name}"
    for name, seq, of_event in tx.rows(sql["of_other_subjects"]):
        yield f"the delivery of event {seq} to {name} is filed under another subject than {of_event}"
    for (name, subject), rows in groupby(tx.rows(sql["numbered"]), itemgetter(0, 1)):
        for place, (_, _, number, seq) in enumerate(rows, 1):
            if number != place:
                yield f"event {seq} is number {number} of {subject} for {name}, and should be {place}"
                break


def delivered_in_order(tx: AuditTx, world: World) -> Iterator[str]:
    """Of each subject only the first open one has an hour, and has one: none waits behind nothing (13)."""
    sql = named_queries(_SQL)
    for (name, subject), rows in groupby(tx.rows(sql["open"]), itemgetter(0, 1)):
        for place, (_, _, seq, state, next_s) in enumerate(rows):
            if place and next_s is not None:
                yield f"event {seq} of {subject} may be sent to {name} before an earlier one"
            if not place and state == DeliveryState.PENDING and next_s is None:
                yield f"event {seq} of {subject} waits at {name} for nobody"
    for name, seq in tx.rows(sql["sent_without_attempt"]):
        yield f"event {seq} is marked as sent to {name}, and nobody ever tried"
