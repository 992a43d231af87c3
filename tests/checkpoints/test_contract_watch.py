"""The ledger's port, part six: pulls of the andon cord, alerts, and the figures of the watch."""

from dataclasses import replace
from typing import Any

import pytest

from protocol.anomalies import Figures
from protocol.ports import Ledger, Tx
from protocol.rows import AlertRow, CaseStatus, PullRow
from tests.checkpoints.calls import OPENED
from tests.checkpoints.kit import LATER, LATEST, START, each, event_row, open_case

PULL = PullRow("line/L3", "ann", "foreman", "smoke", START)
ALERT = AlertRow("event_storm", "events: 9", "8", START)
WINDOW = 10


def pull(row: PullRow) -> Any:
    return lambda tx: tx.put_pull(row)


async def test_pull_stands_until_it_is_released_and_is_kept(ledger: Ledger) -> None:
    assert await ledger.write(pull(PULL))
    standing = replace(PULL, seq=1)
    assert await ledger.read(lambda tx: tx.pulls(open_only=True)) == [standing]
    assert await ledger.write(lambda tx: tx.release_pull("line/L3", "bob", LATER, "air is clear"))
    released = replace(standing, released_by="bob", released_at=LATER, release_reason="air is clear")
    assert await ledger.read(lambda tx: tx.pulls(open_only=True)) == []
    assert await ledger.read(lambda tx: tx.pulls()) == [released]
    assert (standing.stands, released.stands) == (True, False)


async def test_scope_is_pulled_once_and_released_once(ledger: Ledger) -> None:
    assert not await ledger.write(lambda tx: tx.release_pull("line/L3", "bob", LATER, ""))
    assert await ledger.write(pull(PULL))
    assert not await ledger.write(pull(replace(PULL, by="bob", reason="again")))
    assert await ledger.write(pull(replace(PULL, scope="floor")))
    assert await ledger.write(lambda tx: tx.release_pull("line/L3", "bob", LATER, "so"))
    assert not await ledger.write(lambda tx: tx.release_pull("line/L3", "bob", LATEST, "so"))
    assert await ledger.write(pull(replace(PULL, at=LATEST)))
    found = await ledger.read(lambda tx: tx.pulls())
    assert [(p.scope, p.stands, p.seq) for p in found] == [
        ("line/L3", False, 1),
        ("floor", True, 2),
        ("line/L3", True, 3),
    ]


async def test_pulls_of_a_transaction_are_seen_in_it_until_they_are_undone(ledger: Ledger) -> None:
    def scopes(tx: Tx) -> list[str]:
        return [row.scope for row in tx.pulls(open_only=True)]

    def job(tx: Tx) -> list[list[str]]:
        seen = [scopes(tx)]
        with tx.mark() as undo:
            tx.put_pull(PULL)
            seen.append(scopes(tx))
            undo()
            seen.append(scopes(tx))
        tx.put_pull(PULL)
        tx.release_pull(PULL.scope, "bob", LATER, "so")
        return [*seen, scopes(tx)]

    assert await ledger.write(job) == [[], [PULL.scope], [], []]


async def test_standing_pulls_count_as_read(ledger: Ledger) -> None:
    await ledger.write(pull(PULL))

    def job(tx: Tx) -> dict[str, int]:
        tx.pulls(open_only=True)
        return tx.reads()

    assert await ledger.write(job) == {"pull/line/L3": 1}
    await ledger.write(lambda tx: tx.release_pull("line/L3", "bob", LATER, "so"))
    assert await ledger.write(job) == {}


async def test_alert_stands_until_it_is_cleared_and_is_kept(ledger: Ledger) -> None:
    assert not await ledger.write(lambda tx: tx.clear_alert("event_storm", LATER, "events: 1"))
    assert await ledger.write(lambda tx: tx.put_alert(ALERT))
    assert not await ledger.write(lambda tx: tx.put_alert(replace(ALERT, figure="events: 99")))
    assert await ledger.read(lambda tx: tx.alerts(open_only=True)) == [replace(ALERT, seq=1)]
    assert await ledger.write(lambda tx: tx.clear_alert("event_storm", LATER, "events: 1"))
    assert not await ledger.write(lambda tx: tx.clear_alert("event_storm", LATEST, "events: 0"))
    assert await ledger.read(lambda tx: tx.alerts(open_only=True)) == []
    cleared = replace(ALERT, seq=1, cleared_at=LATER, cleared_figure="events: 1")
    assert await ledger.read(lambda tx: tx.alerts()) == [cleared]


async def figures(ledger: Ledger) -> Figures:
    return await ledger.read(lambda tx: tx.figures(WINDOW))


def turn(number: int, kind: str = "turn.taken", attempts: int = 1, asked_by: Any = ("crew",)) -> Any:
    data = {"attempts": attempts, "asked_by": list(asked_by)}
    return event_row(f"evt_t{number}", type=kind, case="case_1", data=data)


async def test_empty_ledger_has_nothing_to_watch(ledger: Ledger) -> None:
    assert await figures(ledger) == Figures()


async def test_events_of_cases_in_the_last_minute_are_counted(ledger: Ledger) -> None:
    rows = [
        event_row("evt_old", case="case_1", recorded=START),
        event_row("evt_edge", case="case_1", recorded="2026-03-02T09:09:00Z"),
        event_row("evt_new", case="case_1", recorded="2026-03-02T09:09:01Z"),
        event_row("evt_now", case="case_2", recorded=LATER),
        event_row("evt_none", case=None, recorded=LATER),
    ]
    await ledger.write(each(lambda tx: tx.put_event, rows))
    await ledger.write(lambda tx: tx.advance_clock(LATER))
    assert (await figures(ledger)).events == 2


async def test_line_of_a_person_begins_the_minute_of_a_clock_that_stands(ledger: Ledger) -> None:
    for number in (1, 2):
        row = await ledger.write(lambda tx, number=number: open_case(tx, number=number))  # type: ignore[misc]
        rows = [event_row(f"evt_{number}_{n}", case=row.id) for n in range(3)]
        await ledger.write(each(lambda tx: tx.put_event, rows))
    assert (await figures(ledger)).events == 3
    await ledger.write(lambda tx: tx.put_event(event_row("evt_after", case="case_9")))
    assert (await figures(ledger)).events == 4


async def test_deepest_of_the_last_events_is_found(ledger: Ledger) -> None:
    rows = [event_row(f"evt_{n}", depth=n % 4) for n in range(9)]
    await ledger.write(each(lambda tx: tx.put_event, rows))
    assert (await figures(ledger)).depth == 3
    await ledger.write(each(lambda tx: tx.put_event, [event_row(f"evt_x{n}") for n in range(1000)]))
    assert (await figures(ledger)).depth == 0


async def test_calls_between_agents_and_their_retries_are_counted(ledger: Ledger) -> None:
    rows = [
        turn(1),
        turn(2, attempts=3),
        turn(3, "turn.failed", attempts=2),
        turn(4, asked_by=()),
        turn(5, asked_by=(), attempts=3),  # a person's: no call between agents
        event_row("evt_before", type="turn.taken", data={"attempts": 4}),  # before this was told
    ]
    await ledger.write(each(lambda tx: tx.put_event, rows))
    found = await figures(ledger)
    assert (found.calls, found.retries) == (3, 3)


async def test_only_the_last_turns_count_and_the_cuts_since(ledger: Ledger) -> None:
    rows = [turn(0, attempts=9), event_row("evt_c0", type="loop.cut")]
    rows += [turn(n, "turn.failed" if n % 2 else "turn.taken", attempts=1 + n % 2) for n in range(1, 6)]
    rows += [event_row("evt_c1", type="loop.cut")]
    rows += [turn(n) for n in range(6, WINDOW + 1)]
    await ledger.write(each(lambda tx: tx.put_event, rows))
    found = await figures(ledger)
    assert (found.calls, found.retries, found.loops_cut) == (WINDOW, 3, 1)


async def test_breaker_that_is_not_closed_counts_as_open(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.save_breaker(OPENED, 0))
    await ledger.write(lambda tx: tx.save_breaker(replace(OPENED, name="x"), 0))
    assert (await figures(ledger)).open_breakers == 2


@pytest.mark.parametrize("status", [CaseStatus.OPEN, CaseStatus.WAITING])
async def test_oldest_case_that_has_not_ended_has_an_age(ledger: Ledger, status: CaseStatus) -> None:
    def cases(tx: Tx) -> None:
        open_case(tx, number=1, status=CaseStatus.DONE)
        open_case(tx, number=2, status=status, opened_at=LATER)
        open_case(tx, number=3, status=CaseStatus.OPEN, opened_at=LATEST)

    await ledger.write(cases)
    await ledger.write(lambda tx: tx.advance_clock("2026-03-02T11:10:00Z"))
    assert (await figures(ledger)).oldest_case_s == 7200
