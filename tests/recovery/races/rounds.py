"""One race after the other on one ledger: who was told what, and what the ledger says of it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.app import App, open_app
from graph.deciding import Recorded, Wanted, record_decision
from protocol.ports import ReadTx
from protocol.rows import EscalationRow
from protocol.times import plus
from tests.graph.harbour_app import violations
from tests.recovery.races.racers import MASTERS, Order, Site, pair

Answers = tuple[dict[str, Any], dict[str, Any]]
FIRST = "2026-05-06T06:00:00Z"
_LAST = "SELECT body FROM audit ORDER BY seq DESC LIMIT 100"
"""More than a round writes."""


def pauses(number: int) -> tuple[float, float]:
    """By how many seconds each of two is late in a round: over the rounds, all of 0 to 10 ms against all."""
    return number * 7 % 11 / 1000, number * 5 % 11 / 1000


@dataclass
class Told:
    """What came of all rounds: how often each pair of answers was given."""

    answers: Counter[tuple[str, ...]] = field(default_factory=Counter)
    effects: Counter[int] = field(default_factory=Counter)

    def note(self, answers: Answers, effects: int) -> None:
        """One round."""
        self.answers[tuple(sorted(word(a) for a in answers))] += 1
        self.effects[effects] += 1


def word(answer: Mapping[str, Any]) -> str:
    """An answer in one word."""
    return str(answer["done"]) if "done" in answer else str(answer["code"])


async def waiting(app: App, number: int) -> EscalationRow:
    """A case that waits for a berth master, of its own hour: V-1 is promised, so somebody signs."""
    at = plus(FIRST, minutes=60 * 25 * number)
    text = f"Move V-1 to {('B1', 'B2')[number % 2]} from {at[:10]} {at[11:16]}"
    shape = await app.ask(text, person="guest")
    assert shape["status"] == "waiting", shape
    row = await app.ledger.read(lambda tx: tx.escalation(shape["waiting"][0]["id"]))
    assert row is not None
    return row


async def signed(app: App, number: int) -> EscalationRow:
    """The same, signed by somebody who died before the case went on."""
    row = await waiting(app, number)
    wanted = Wanted(row.id, "approve", MASTERS[0])
    recorded = await app.ledger.write(lambda tx: record_decision(tx, app.world, wanted))
    assert isinstance(recorded, Recorded)
    return row


def decided(tx: ReadTx, row: EscalationRow) -> tuple[list[dict[str, Any]], int]:
    """What the audit log has of an escalation's decisions and refused ones, and how often its case acted."""
    last = tx.rows(_LAST)  # type: ignore[attr-defined]
    logged = [entry for (body,) in last if (entry := json.loads(body)).get("escalation") == row.id]
    found = [e for e in logged if e["what"] in ("decision", "decision_refused")]
    return found, len(tx.commits(row.case))


def deciding(
    app: App, row: EscalationRow, answers: Answers, log: list[dict[str, Any]], *, both: bool
) -> None:
    """One decision stands; whoever lost was told which, whose and when. ``both``: two wanted to decide."""
    stands = [e for e in log if e["what"] == "decision"]
    lost = [a for a in answers if a.get("code") == "already_decided"]
    for answer in lost:
        (one,) = stands
        state = {"approve": "approved", "reject": "rejected"}[one["decision"]]
        assert answer["exit"] == 78
        assert answer["details"] == {"by": one["person"], "at": one["at"], "decision": state}
        assert one["person"] in answer["message"]
    if both:
        assert len(log) == len(answers), "both attempts are in the audit log"
        assert len(stands) + len([e for e in log if e["what"] == "decision_refused"]) == len(log)


Orders = Callable[[EscalationRow, int], tuple[Order, Order]]


def two_people(row: EscalationRow, _: int) -> tuple[Order, Order]:
    """Both berth masters approve."""
    one, two = ({"do": "approve", "id": row.id, "person": p} for p in MASTERS)
    return one, two


def one_person(row: EscalationRow, _: int) -> tuple[Order, Order]:
    """The same person approves in two windows."""
    order = {"do": "approve", "id": row.id, "person": MASTERS[0]}
    return order, order


def yes_and_no(row: EscalationRow, number: int) -> tuple[Order, Order]:
    """One approves, one rejects; who is a little ahead changes."""
    late = pauses(number) if number % 3 == 0 else (0.0, 0.0)
    yes = {"do": "approve", "id": row.id, "person": MASTERS[0], "pause_s": late[0]}
    no = {"do": "reject", "id": row.id, "person": MASTERS[1], "pause_s": late[1]}
    return (yes, no) if number % 2 else (no, yes)


async def race_decisions(
    site: Site, rounds: int, orders: Orders, told: Told | None = None, refusals: frozenset[str] = frozenset()
) -> Told:
    """Each round: one decision stands, one effect at most, the loser is told; at the end the audit is clean.

    ``refusals``: codes other than ``already_decided`` with which an attempt may be turned away.
    """
    told = told or Told()
    async with open_app(site.settings) as app:
        with pair(site) as racers:
            for number in range(rounds):
                row = await waiting(app, number)
                answers = racers.race(*orders(row, number))
                log, effects = await app.ledger.read(lambda tx, row=row: decided(tx, row))  # type: ignore[misc]
                told.note(answers, effects)
                deciding(app, row, answers, log, both=True)
                stood = [e["decision"] for e in log if e["what"] == "decision"]
                if refusals:  # what was signed may meet the jump at the gate
                    assert effects <= stood.count("approve"), (answers, log)
                else:
                    assert effects == stood.count("approve"), (answers, log)
                assert len(stood) == 1 or refusals, (answers, log)
                assert {a["code"] for a in answers if "code" in a} <= {"already_decided"} | refusals
        found = await violations(app)
        assert found == [], found[:5]
    return told


async def race_resumes(
    site: Site, rounds: int, told: Told | None = None, refusals: frozenset[str] = frozenset()
) -> Told:
    """Two processes go on with one signed case at once: it acts once, or not for one of the ``refusals``."""
    told = told or Told()
    async with open_app(site.settings) as app:
        with pair(site) as racers:
            for number in range(rounds):
                row = await signed(app, number)
                order = {"do": "resume", "case": row.case}
                answers = racers.race(order, order)
                _, effects = await app.ledger.read(lambda tx, row=row: decided(tx, row))  # type: ignore[misc]
                told.note(answers, effects)
                ruled = await app.ledger.read(lambda tx, row=row: tx.verdicts(row.case))  # type: ignore[misc]
                assert effects == 1 or (effects == 0 and ruled[-1].code in refusals), (answers, ruled)
        found = await violations(app)
        assert found == [], found[:5]
    return told


async def race_with(site: Site, rounds: int, other: Callable[[App, EscalationRow], Order]) -> Told:
    """A signature against something that no person decides: an expiry, or a pull of the cord."""
    told = Told()
    async with open_app(site.settings) as app:
        with pair(site) as racers:
            for number in range(rounds):
                row = await waiting(app, number)
                early, late = pauses(number)
                yes = {"do": "approve", "id": row.id, "person": MASTERS[0], "pause_s": early}
                answers = racers.race(yes, {**other(app, row), "pause_s": late})
                await app.drain()
                await _let_go(app)
                log, effects = await app.ledger.read(lambda tx, row=row: decided(tx, row))  # type: ignore[misc]
                told.note(answers, effects)
                stood = [e for e in log if e["what"] == "decision"]
                assert effects <= len(stood) <= 1, (answers, log)
                assert (answers[0].get("code") == "expired") == (not stood), (answers, log)
        found = await violations(app)
        assert found == [], found[:5]
    return told


async def _let_go(app: App) -> None:
    for row in await app.ledger.read(lambda tx: list(tx.pulls(open_only=True))):
        await app.release(row.scope, person="a.vos", reason="raced")
