"""Ten faults of the protocol, to be planted for whoever claims to find such faults.

``with planted("grant while held"):`` runs the engine with the fault in it, in this process, for every
importer. The same kind of edits as removals; a table loses or gains an entry by the name of its module.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from protocol import exchange
from protocol.exchange import ExchangeState, Say
from protocol.machine import Machine
from tests.guards.removal import Edit, Guard, removed

PLANTED = (
    Guard(
        "grant while held",
        "protocol.commit:perform",
        "if not is_fact and (held := _overlap(store, claim)):",
        "if held := None:",
        code="claims_apart",
    ),
    Guard(
        "a tie commits both",
        "protocol.judging:_waits",
        "if winner := _written_by_other(p, item, effects):",
        "if winner := None:",
        code="claims_apart",
        also=(
            Edit(
                "protocol.commit:_overlap",
                "held.holder != claim.holder and",
                "held.start != claim.start and",
            ),
        ),
    ),
    Guard(
        "stale approval commits",
        "protocol.deciding:moved",
        "if record is None or record.version != version:",
        "if record is None:",
        code="approval_binds",
    ),
    Guard(
        "counter not counted",
        "protocol.exchange:speak",
        "answers=exchange.answers + 1,",
        'answers=exchange.answers + (answer.kind != "counter"),',
        code="bounded",
    ),
    Guard(
        "probe never released",
        "protocol.breaker:_may_probe",
        " or not 0 < left_s <= policy.lease_s + CLOCK_SLACK_S",
        "",
        code="breaker",
        also=(
            Edit(
                "protocol.breaker:_probed",
                "return _step(breaker, BreakerEvent.RELEASE, now_s, probe=None)",
                "return breaker",
            ),
        ),
    ),
    Guard(
        "approval never expires",
        "protocol.deciding:unsigned",
        "if p.now >= row.expires_at:",
        "if False:",
        code="approval_binds",
        also=(
            Edit("protocol.ladder:due", "or row.due_at > now:", "or row.due_at > now or row.ladder:"),
            Edit("graph.deciding:_refusal", "if tx.now >= row.expires_at:", "if False:"),
        ),
    ),
    Guard(
        "authority read from the payload",
        "protocol.hearing:_propose",
        "        level,\n",
        '        move.params.get("level", level),\n',
        code="authority",
    ),
    Guard(
        "escalation to an absent role",
        "protocol.escalating:ask_question",
        '{"role": r, "answer_s"',
        '{"role": "nobody", "answer_s"',
        code="people_can",
    ),
    Guard(
        "lease held while waiting for a person",
        "protocol.lease:give_back",
        "return changed(lease, holder=None, expires=0.0)",
        "return lease",
        code="lease",
    ),
)
TABLES: Mapping[str, tuple[Machine[Any, Any], tuple[Any, Any], Any]] = {
    "no timeout at the last defer": (exchange.MACHINE, (ExchangeState.INSISTED, Say.FAIL), None),
}
"""By name: a machine, a pair of its table, and where that leads instead; None: the pair is lost."""


def names() -> tuple[str, ...]:
    """What can be planted."""
    return (*(guard.name for guard in PLANTED), *TABLES)


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The engine with a fault in it, as long as the block lasts. Raises KeyError for an unknown name."""
    if name in TABLES:
        with table_entry(*TABLES[name]):
            yield
        return
    with removed({guard.name: guard for guard in PLANTED}[name]):
        yield


@contextmanager
def table_entry(machine: Machine[Any, Any], pair: tuple[Any, Any], to: Any) -> Iterator[None]:
    """A machine whose table has another entry for ``pair``; ``to`` None: none at all."""
    assert pair in machine.table
    assert isinstance(machine.table, dict)
    rest = {known: state for known, state in machine.table.items() if known != pair}
    with patch.dict(machine.table, rest if to is None else {**rest, pair: to}, clear=True):
        yield
