"""The ledger's port, part two: inbox, cases, turns, verdicts, commits, events, passes, audit."""

from dataclasses import replace

import pytest

from protocol.ports import Ledger, ReadTx, Tx
from protocol.rows import CaseStatus, Verdict
from tests.checkpoints.kit import (
    FULL_CASE,
    case_row,
    commit_row,
    each,
    event_row,
    open_case,
    pass_row,
    put,
    verdict_row,
)


async def test_inbox_accepts_a_source_id_once(ledger: Ledger) -> None:
    first = await ledger.write(lambda tx: tx.accept("feed", "1", "fact", {"n": 1}))
    again = await ledger.write(lambda tx: tx.accept("feed", "1", "fact", {"n": 2}))
    second = await ledger.write(lambda tx: tx.accept("feed", "2", "fact", {}))
    other = await ledger.write(lambda tx: tx.accept("line", "1", "text", {}))
    assert (first, again, second, other) == (1, None, 2, 3)


async def test_case_comes_back_as_it_was_opened(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        tx.accept("line", "1", "text", {})
        tx.open_case(FULL_CASE)

    await ledger.write(job)
    assert await ledger.read(lambda tx: tx.case("case_1")) == FULL_CASE
    assert await ledger.read(lambda tx: tx.case_by_source("line", "1")) == FULL_CASE
    assert await ledger.read(lambda tx: tx.case("case_2")) is None
    assert await ledger.read(lambda tx: tx.case_by_source("line", "2")) is None


async def test_saved_case_keeps_id_seq_and_origin(ledger: Ledger) -> None:
    await ledger.write(open_case)
    wanted = replace(FULL_CASE, seq=9, origin="feed", status=CaseStatus.DONE, runnable=False)
    await ledger.write(lambda tx: tx.save_case(wanted))
    found = await ledger.read(lambda tx: tx.case("case_1"))
    assert found == replace(wanted, seq=1, origin="text")


async def test_unknown_case_is_not_saved(ledger: Ledger) -> None:
    with pytest.raises(LookupError, match="case_7"):
        await ledger.write(lambda tx: tx.save_case(case_row(7)))


async def many_cases(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        for number in range(1, 6):
            session = "ses_x" if number % 2 else None
            row = open_case(tx, number=number, session=session, cause="case_1" if number > 3 else None)
            status = CaseStatus.DONE if number == 2 else CaseStatus.OPEN
            tx.save_case(replace(row, status=status, runnable=number in (1, 4)))

    await ledger.write(job)


async def test_cases_are_listed_newest_first(ledger: Ledger) -> None:
    await many_cases(ledger)

    def ids(tx: ReadTx) -> list[list[str]]:
        lists = (
            tx.cases(),
            tx.cases(limit=2),
            tx.cases(status="done"),
            tx.cases(status=CaseStatus.OPEN, limit=1),
        )
        return [[c.id for c in found] for found in lists]

    assert await ledger.read(ids) == [
        ["case_5", "case_4", "case_3", "case_2", "case_1"],
        ["case_5", "case_4"],
        ["case_2"],
        ["case_5"],
    ]


async def test_runnable_cases_come_oldest_first(ledger: Ledger) -> None:
    await many_cases(ledger)
    assert await ledger.read(lambda tx: list(tx.runnable())) == ["case_1", "case_4"]


async def test_cases_that_go_on_under_other_versions_come_oldest_first(ledger: Ledger) -> None:
    statuses = (CaseStatus.WAITING, CaseStatus.OPEN, CaseStatus.DONE, CaseStatus.OPEN, CaseStatus.OPEN)
    versions = ("sha256:a", "sha256:b", "sha256:a", "sha256:a", "")

    def job(tx: Tx) -> None:
        for number, (status, version) in enumerate(zip(statuses, versions, strict=True), 1):
            row = open_case(tx, number=number, fingerprint=version)
            tx.save_case(replace(row, status=status))

    await ledger.write(job)
    for version, found in (("sha256:b", [1, 4, 5]), ("sha256:a", [2, 5]), ("sha256:c", [1, 2, 4, 5])):
        others = await ledger.read(lambda tx, v=version: list(tx.of_other_versions(v)))  # type: ignore[misc]
        assert others == [f"case_{number}" for number in found]


async def test_session_shows_its_last_cases_oldest_first(ledger: Ledger) -> None:
    await many_cases(ledger)
    assert [c.id for c in await ledger.read(lambda tx: tx.session_cases("ses_x", 2))] == ["case_3", "case_5"]
    assert await ledger.read(lambda tx: tx.session_cases("ses_y", 2)) == []


async def test_children_are_cases_a_case_caused(ledger: Ledger) -> None:
    await many_cases(ledger)
    assert [c.id for c in await ledger.read(lambda tx: tx.children("case_1"))] == ["case_4", "case_5"]


async def test_first_turn_stands(ledger: Ledger) -> None:
    turn = {"agent": "crew", "moves": [{"type": "reply", "text": "é"}], "usage": None}
    assert await ledger.write(lambda tx: tx.put_turn("case_1", 1, "crew", turn)) == turn
    assert await ledger.write(lambda tx: tx.put_turn("case_1", 1, "crew", {"agent": "crew"})) == turn
    assert await ledger.read(lambda tx: tx.turn("case_1", 1, "crew")) == turn
    assert await ledger.read(lambda tx: tx.turn("case_1", 2, "crew")) is None


async def test_turns_come_by_round_then_agent(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        for round_no, agent in ((2, "crane"), (1, "crew"), (10, "crane"), (1, "crane")):
            tx.put_turn("case_1", round_no, agent, {"agent": agent})

    await ledger.write(job)
    found = await ledger.read(lambda tx: [(n, t["agent"]) for n, t in tx.turns("case_1")])
    assert found == [(1, "crane"), (1, "crew"), (2, "crane"), (10, "crane")]
    assert len(await ledger.read(lambda tx: tx.turns("case_1", 1))) == 2


async def test_verdicts_come_in_the_order_given(ledger: Ledger) -> None:
    rows = [
        verdict_row(ordinal=1),
        verdict_row(ordinal=0, verdict=Verdict.REFUSED, code="late", reason="too late"),
        verdict_row(ordinal=1, verdict=Verdict.DUPLICATE),
    ]
    await ledger.write(each(lambda tx: tx.put_verdict, rows))
    assert await ledger.read(lambda tx: tx.verdicts("case_1")) == rows
    assert await ledger.read(lambda tx: tx.verdicts("case_2")) == []


async def test_commit_is_unique_on_its_key(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_commit(commit_row()))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ledger.write(lambda tx: tx.put_commit(commit_row(kind="drop")))
    assert await ledger.read(lambda tx: tx.commits("case_1")) == [commit_row()]


async def test_commit_is_unique_on_its_approval(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_commit(commit_row("k/1/a/0", approval="esc_1")))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ledger.write(lambda tx: tx.put_commit(commit_row("k/1/a/1", approval="esc_1")))
    await ledger.write(lambda tx: tx.put_commit(commit_row("k/1/a/2")))
    await ledger.write(lambda tx: tx.put_commit(commit_row("k/1/a/3")))
    assert [c.key for c in await ledger.read(lambda tx: tx.commits("case_1"))] == [
        "k/1/a/0",
        "k/1/a/2",
        "k/1/a/3",
    ]


async def test_commit_is_found_by_its_key(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_commit(commit_row(approval="esc_1")))
    assert await ledger.read(lambda tx: tx.commit_of("case_1/1/crew/0")) == commit_row(approval="esc_1")
    assert await ledger.read(lambda tx: tx.commit_of("case_1/1/crew/1")) is None


async def test_events_get_a_sequence_and_are_found_by_case_and_type(ledger: Ledger) -> None:
    rows = [
        event_row("evt_b", case="case_1", agent="crew", lane="a", cause="evt_0", depth=2),
        event_row("evt_a"),
        event_row("evt_c", case="case_1", type="crate.lost"),
    ]
    await ledger.write(each(lambda tx: tx.put_event, rows))
    first, second, third = (replace(r, seq=n) for n, r in enumerate(rows, 1))
    assert await ledger.read(lambda tx: tx.events()) == [first, second, third]
    assert await ledger.read(lambda tx: tx.events(case="case_1")) == [first, third]
    assert await ledger.read(lambda tx: tx.events(type="crate.lifted")) == [first, second]
    assert await ledger.read(lambda tx: tx.events("case_1", "crate.lost")) == [third]
    assert await ledger.read(lambda tx: tx.event("evt_a")) == second
    assert await ledger.read(lambda tx: tx.event("evt_d")) is None


async def test_event_id_is_unique(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.put_event(event_row("evt_a")))
    with pytest.raises(Exception, match=r"(?i)unique"):
        await ledger.write(lambda tx: tx.put_event(event_row("evt_a", type="crate.lost")))


async def test_passes_come_back_by_number(ledger: Ledger) -> None:
    rows = [pass_row(1), pass_row(2, route="agents")]
    await ledger.write(each(lambda tx: tx.put_pass, reversed(rows)))
    assert await ledger.read(lambda tx: tx.passes("case_1")) == rows
    assert await ledger.read(lambda tx: tx.passes("case_2")) == []


async def test_counts_count(ledger: Ledger) -> None:
    assert set((await ledger.read(lambda tx: tx.counts())).values()) == {0}

    def job(tx: Tx) -> None:
        open_case(tx)
        tx.put_commit(commit_row())
        for n in range(3):
            tx.put_event(event_row(f"evt_{n}"))
        tx.audit({"what": "a"})
        tx.audit({"what": "b"})

    await ledger.write(job)
    found = await ledger.read(lambda tx: dict(tx.counts()))
    assert found == {"cases": 1, "actions": 1, "events": 3, "decisions": 0, "audit_entries": 2}


async def test_settings_are_kept(ledger: Ledger) -> None:
    await ledger.write(lambda tx: tx.set_meta("next/line", "1"))
    await ledger.write(lambda tx: tx.set_meta("next/line", "2"))
    assert await ledger.read(lambda tx: tx.meta("next/line")) == "2"
    assert await ledger.read(lambda tx: tx.meta("nothing")) is None
    assert await ledger.read(lambda tx: tx.meta("floor")) == "yard"
    assert await ledger.read(lambda tx: len(tx.meta("lineage") or "")) >= 16


async def test_failed_job_leaves_nothing(ledger: Ledger) -> None:
    def job(tx: Tx) -> None:
        open_case(tx)
        put("crate", "C1", place="north")(tx)
        tx.put_event(event_row())
        tx.audit({"what": "x"})
        tx.advance_clock("2026-03-09T09:00:00Z")
        raise KeyError("late")

    with pytest.raises(KeyError, match="late"):
        await ledger.write(job)
    assert set((await ledger.read(lambda tx: tx.counts())).values()) == {0}
    assert await ledger.read(lambda tx: (tx.get("crate", "C1"), tx.now)) == (None, "2026-03-02T09:00:00Z")
