"""Attempts on real ledgers: what passes, what fails, what is the runner's own trouble."""

import asyncio
import gc
import sqlite3
from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from evals import runner
from evals.played import Played
from evals.player import Player
from evals.runner import Attempt, run_attempt
from evals.suite_file import SuiteFile, read_suite
from graph.settings import Settings
from tests.agents.floor_copies import Edit, copy_harbour
from tests.evals.suite_texts import GOOD, HARBOUR, SUITES, suite_of

pytestmark = pytest.mark.usefixtures("quick_starts")

DUE = """event:
          type: sounding.due
          subject: B2
          data: {berth: B2, minutes: 120, earliest: 2026-05-04T10:00+02:00, latest: 2026-05-05T10:00+02:00}"""
MAPPING = """purpose: Berths that are due for a sounding
header: [ship, berth]
reader: ships
known: [berth]
ask: {default: [berth_master]}
"""
READER = "    mentions=mentions,\n    readers={'ships': read_ships},\n"
READER_SOURCE = '''"""Reads which ship asks for the sounding of which berth."""

from dataclasses import dataclass

from protocol.toolbox import Fact


@dataclass(frozen=True)
class Accepted:
    line: int
    identity: str
    facts: tuple
    flags: tuple = ()
    at: str = ""


@dataclass(frozen=True)
class Option:
    title: str
    alias: str


@dataclass(frozen=True)
class Rejected:
    line: int
    code: str
    message: str
    cause: str
    question: str
    options: tuple


def read_ships(rows, feed):
    return (outcome(row, feed) for row in rows)


def outcome(row, feed):
    berth, at = row.cells["berth"], "2026-05-04T04:00:00Z"
    if berth not in feed.known["berth"]:
        options = (Option("it is B2", "B2"),)
        said = f"there is no {berth}"
        return Rejected(row.line, "unknown_berth", said, berth, f"Where is {berth}?", options)
    due = {"berth": berth, "minutes": 60, "earliest": at, "latest": "2026-05-06T04:00:00Z"}
    fact = Fact("sounding.due", feed.source, row.identity, at, berth, due)
    return Accepted(row.line, row.identity, (fact,))
'''
MOVE = "user: {text: Move V-1 to B2 from 2026-05-04 18:00, as: a.vos}"


async def attempt(file: SuiteFile, case: str | None = None, seed: int = 1) -> Attempt:
    chosen = next(c for c in file.suite.cases if case in (None, c.id))
    return await run_attempt(file, chosen, load_floor(file.floor_dir), seed)


def failures(found: Attempt) -> dict[str, object]:
    return {check.id: check.finding.actual for check in found.failures}


def with_steps(directory: Path, steps: str, expect: str = "{type: audit}", top: str = "") -> SuiteFile:
    text = GOOD.replace("user: Where is V-1?", steps).replace("{type: status, equals: done}", expect)
    return suite_of(directory, text.replace("cases:", f"{top}cases:"))


@pytest.mark.parametrize(
    "case", [case.id for case in read_suite(SUITES / "harbour.yaml", HARBOUR).suite.cases]
)
async def test_case_of_the_harbour_passes(case: str) -> None:
    found = await attempt(read_suite(SUITES / "harbour.yaml", HARBOUR), case)
    assert (found.status, failures(found), found.error) == ("passed", {}, "")
    assert found.cases


async def test_attempt_tells_what_failed(tmp_path: Path) -> None:
    found = await attempt(suite_of(tmp_path, GOOD.replace("equals: done", "equals: waiting")))
    assert found.status == "failed"
    assert failures(found) == {"0.status": "done"}
    assert [c["pass"] for c in found.to_json()["checks"]] == [False, True]
    assert found.to_json()["score"] == 0.5


async def test_check_that_does_not_gate_fails_nothing(tmp_path: Path) -> None:
    found = await attempt(
        suite_of(tmp_path, GOOD.replace("equals: done", "equals: waiting, gate: false, weight: 3"))
    )
    assert (found.status, found.to_json()["score"]) == ("passed", 0.25)


async def test_attempts_do_not_see_each_other(tmp_path: Path) -> None:
    file = with_steps(tmp_path, MOVE, "{type: events, event: case.opened, count: 1}")
    first, second = await attempt(file), await attempt(file, seed=2)
    assert (first.status, second.status) == ("passed", "passed")
    assert first.cases == second.cases


async def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    await attempt(suite_of(tmp_path, GOOD))
    assert list((tmp_path / "temporary").iterdir()) == []
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize(
    ("steps", "failed"),
    [
        ("user: {text: Where is V-1?, expect_exit: 75}", {"step.0": 0}),
        ("user: ''", {"step.0": 2}),
        (f"{DUE}\n          expect_exit: 2", {"step.0": 0}),
        (f"{MOVE}\n      - approval: {{as: j.smit, decision: approve}}", {"step.1": 77}),
        (f"{MOVE}\n      - approval: {{as: j.smit, decision: approve, process: new}}", {"step.1": 77}),
        (f"{MOVE}\n      - approval: {{as: k.maes, decision: approve, expect_exit: 78}}", {"step.1": 0}),
        (f"{MOVE}\n      - approval: {{as: k.maes, decision: reject}}", {"step.1": 2}),
        (f"{MOVE}\n      - approval: {{as: k.maes, decision: approve, after: 3d}}", {"step.1": 4}),
        (
            f"{MOVE}\n      - approval: {{as: k.maes, match: {{role: pilot_master}}, decision: approve}}",
            {"step.1": 4},
        ),
        ("user: Where is V-1?\n      - approval: {as: k.maes, decision: ignore}", {"step.1": 4}),
        (f"{MOVE}\n      - pull: {{scope: berth/B9, as: a.vos, reason: fog}}", {"step.1": 4}),
        (f"{MOVE}\n      - pull: {{scope: quay, as: guest, reason: fog}}", {"step.1": 77}),
        (f"{MOVE}\n      - release: {{scope: quay, as: a.vos, reason: it cleared}}", {"step.1": 4}),
        (f"{MOVE}\n      - pull: {{scope: quay, as: a.vos, reason: fog, expect_exit: 4}}", {"step.1": 0}),
    ],
)
async def test_step_that_ends_otherwise_fails_the_attempt(
    tmp_path: Path, steps: str, failed: dict[str, int]
) -> None:
    file = with_steps(tmp_path, f"{steps}\n      - user: Where is V-2?")
    found, lines = await attempt(file), file.path.read_text("utf-8").splitlines()
    assert found.status == "failed"
    codes = {check.id: check.finding.actual["exit_code"] for check in found.failures}
    assert codes == failed
    assert all(check.line and f"      - {check.type}" in lines[check.line - 1] for check in found.failures)
    assert len(found.cases) == (codes != {"step.0": 2}), "nothing follows a step that failed"


async def test_cord_is_pulled_and_released_by_steps(tmp_path: Path) -> None:
    lay = "user: {text: Lay V-2 at B3 from 2026-05-04 12:00, expect_exit: %d}"
    pull, release = ("{scope: visit, as: a.vos, reason: fog}",) * 2
    steps = f"pull: {pull}\n      - {lay % 75}\n      - release: {release}\n      - {MOVE}"
    expect = "{type: verdicts, at: 1, verdict: escalated, code: pulled, count: 1}"
    assert (await attempt(with_steps(tmp_path, steps, expect))).status == "passed"


@pytest.mark.parametrize(
    "steps",
    [
        "user: {text: '', expect_exit: 2}",
        "event: {type: sounding.due, subject: B2, data: {}, expect_exit: 2}",
        f"{MOVE}\n      - approval: {{as: k.maes, decision: approve, after: 3d, expect_exit: 76}}",
        f"{MOVE}\n      - approval: {{as: k.maes, decision: reject, process: new, expect_exit: 2}}",
        f"pull: {{scope: berth/B9, as: a.vos, reason: fog, expect_exit: 4}}\n      - {MOVE}",
        f"release: {{scope: quay, as: a.vos, reason: so, expect_exit: 4}}\n      - {MOVE}",
    ],
)
async def test_step_may_expect_a_refusal(tmp_path: Path, steps: str) -> None:
    found = await attempt(with_steps(tmp_path, steps))
    assert (found.status, failures(found)) == ("passed", {})


async def test_item_must_be_the_only_one_that_fits(tmp_path: Path) -> None:
    other = "user: {text: Move V-1 to B3 from 2026-05-04 18:00, as: a.vos}"
    ambiguous = f"{MOVE}\n      - {other}\n      - approval: {{as: k.maes, decision: approve}}"
    found = await attempt(with_steps(tmp_path, ambiguous))
    assert "Several open items fit" in str(failures(found)["step.2"])
    exact = ambiguous.replace("as: k.maes", "as: k.maes, match: {action: shift_visit, args.berth: B3}")
    expect = "{type: state, ref: visit/V-1, field: berth, equals: B3}"
    assert (await attempt(with_steps(tmp_path, exact, expect))).status == "passed"


async def test_question_is_answered_by_option_here_and_elsewhere(tmp_path: Path) -> None:
    scripts = """given:
      scripts:
        fairway:
          - - {move: ask, to: berthing, request: find_gap,
               params: {berth: B2, minutes: 120, earliest: "2026-05-04T08:00:00Z",
                        latest: "2026-05-05T08:00:00Z"},
               carries: {kind: book_sounding, params: {berth: B2}, holes: [start, end]}}
          - - {move: answer, kind: defer}
        berthing: [[{move: answer, kind: defer}]]"""
    for process in ("same", "new"):
        wanted = "match: {type: question}, decision: answer, option: 0"
        step = f"approval: {{as: k.maes, {wanted}, process: {process}}}"
        file = with_steps(
            tmp_path, f"{DUE}\n      - {step}", "{type: escalations, state: answered, count: 1}"
        )
        path = file.path
        path.write_text(path.read_text("utf-8").replace("severity: blocker", scripts), "utf-8")
        found = await attempt(read_suite(path, HARBOUR))
        assert (found.status, failures(found)) == ("passed", {})


async def test_duplicate_is_recorded_once_and_repeats_each(tmp_path: Path) -> None:
    steps = f"{DUE}\n          duplicate: true\n          repeat: 3"
    expect = "{type: events, event: sounding.due, count: 3}"
    assert (await attempt(with_steps(tmp_path, steps, expect), seed=5)).status == "passed"
    same = f"{DUE}\n          source_id: S1\n      - {DUE}\n          source_id: S1"
    assert (await attempt(with_steps(tmp_path, same, expect.replace("3", "1")))).status == "passed"


async def test_seed_decides_the_order_of_deliveries(tmp_path: Path) -> None:
    file = with_steps(tmp_path, f"{DUE}\n          repeat: 4")

    async def order(seed: int, data: Path) -> list[str]:
        async with Player(file, Settings(HARBOUR, data), seed) as player:
            _ = [played async for played in player.play(file.suite.cases[0].steps)]
            return [
                e.source_id for e in await player.app.ledger.read(lambda tx: tx.events(type="sounding.due"))
            ]

    assert await order(7, tmp_path / "a") == await order(7, tmp_path / "b")
    assert len({tuple(await order(seed, tmp_path / f"s{seed}")) for seed in range(4)}) > 1


async def test_events_of_one_step_all_come_in_before_any_is_handled(tmp_path: Path) -> None:
    due = DUE.removeprefix("event:").replace("          ", "            ").strip()
    again = due.replace("subject: B2", "subject: B3").replace("berth: B2", "berth: B3")
    file = with_steps(tmp_path, f"events:\n          - {due}\n          - {again}")

    async def order(seed: int) -> tuple[str, ...]:
        async with Player(file, Settings(HARBOUR, tmp_path / str(seed)), seed) as player:
            _ = [played async for played in player.play(file.suite.cases[0].steps)]
            events = await player.app.ledger.read(lambda tx: tx.events())
        turn = min(e.seq for e in events if e.type == "turn.taken")
        return tuple(e.subject for e in events if e.type == "sounding.due" and e.seq < turn)

    assert {await order(seed) for seed in range(8)} == {("B2", "B3"), ("B3", "B2")}


async def test_time_passes_only_on_the_ledger_clock(tmp_path: Path) -> None:
    file = with_steps(tmp_path, f"{MOVE}\n      - wait: 2d", "{type: code, equals: expired}")
    found = await attempt(file)
    assert found.status == "passed"
    assert found.duration_s < 60


async def test_attempt_over_its_time_fails(tmp_path: Path) -> None:
    found = await attempt(with_steps(tmp_path, "user: Where is V-1?", top="defaults: {timeout: 1ms}\n"))
    assert found.status == "failed"
    assert "timeout" in failures(found)


async def test_command_of_another_process_ends_with_the_time_of_the_attempt(tmp_path: Path) -> None:
    file = with_steps(tmp_path, f"{MOVE}\n      - approval: {{as: k.maes, decision: approve, process: new}}")
    case = file.suite.cases[0]
    async with Player(file, Settings(HARBOUR, tmp_path / "data"), 1) as player:
        playing = player.play(case.steps)
        assert (await anext(playing)).exit_code == 75
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(playing), timeout=0.2)
        transport_free = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        assert transport_free == []


async def test_broken_engine_is_an_error_and_no_failure(tmp_path: Path) -> None:
    broken = Edit("tools/floor.py", 'key = data.pop("visit")', 'key = data["no such field"]')
    floor = copy_harbour(tmp_path / "floor", broken)
    event = """event: {type: ship.announced, subject: V-3, data: {visit: V-3, ship: C, length_m: 1,
          draught_dm: 1, power_kw: 0, hours: 1, arrives: 2026-05-06T12:00+02:00, promised: false}}"""
    text = GOOD.replace("user: Where is V-1?", event).replace(str(HARBOUR), str(floor))
    found = await attempt(suite_of(tmp_path, text))
    assert (found.status, found.failures) == ("error", [])
    assert "KeyError" in found.error


async def test_unsound_ledger_fails_whatever_the_case_expects(tmp_path: Path) -> None:
    file = suite_of(tmp_path, GOOD)
    case = file.suite.cases[0]
    course, settings = runner._Course(), Settings(HARBOUR, tmp_path / "data")
    await runner._play(file, case, settings, 1, course)
    assert [c.finding.holds for c in runner._judged(case, settings, course)] == [True, True]
    with sqlite3.connect(tmp_path / "data" / "ledger.db") as connection:
        connection.execute("UPDATE balances SET value = value + 1 WHERE type = 'berth'")
    connection.close()
    assert [(c.id, c.finding.holds) for c in runner._judged(case, settings, course)] == [
        ("0.status", True),
        ("audit", False),
    ]
    ungated = suite_of(tmp_path, GOOD.replace("{type: status, equals: done}", "{type: audit, gate: false}"))
    checks = runner._judged(ungated.suite.cases[0], settings, course)
    assert [(c.gate, c.finding.holds) for c in checks] == [(False, False), (True, False)]


async def test_feed_step_counts_rows(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor")
    feeds = floor / "tools" / "feeds"
    feeds.mkdir()
    (feeds / "ships.yaml").write_text(MAPPING, "utf-8")
    (floor / "tools" / "floor.py").write_text(
        (floor / "tools" / "floor.py")
        .read_text("utf-8")
        .replace("    mentions=mentions,\n", READER)
        .replace("from .resources", "from .ships import read_ships\nfrom .resources"),
        "utf-8",
    )
    (floor / "tools" / "ships.py").write_text(READER_SOURCE, "utf-8")
    (tmp_path / "ships.csv").write_text("ship,berth\nA,B2\nB,B9\n", "utf-8")
    expect = (
        "{type: feed, rows: 2, accepted: 1, rejected: 1, cases: 2}\n      - {type: feed, at: 0, rejected: 0}"
    )
    file = with_steps(tmp_path, "feed: {file: ships.csv}", expect)
    file.path.write_text(file.path.read_text("utf-8").replace(str(HARBOUR), str(floor)), "utf-8")
    found = await attempt(read_suite(file.path, floor))
    assert (found.error, [c.finding.holds for c in found.checks]) == ("", [True, False, True])


def test_step_is_as_expected_by_its_exit_code_alone() -> None:
    assert Played(0, "user", 75, frozenset({0, 75})).as_expected
    assert not Played(0, "user", 1, frozenset({0, 75})).as_expected
