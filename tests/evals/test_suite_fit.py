"""Whatever a suite names must exist on its floor, or its checks could never fail."""

from pathlib import Path

import pytest

from agents.floor_loader import load_floor
from evals.suite_file import read_suite
from evals.suite_fit import fit_problems
from tests.agents.floor_copies import Edit, copy_harbour
from tests.evals.suite_texts import GOOD, HARBOUR, SUITES, suite_of

EXPECTED = [
    (9, "depth_dm"),
    (10, "quay"),
    (12, "claimed by"),
    (26, "comes in by feed"),
    (18, "no role berth_mister; did you mean berth_master?"),
    (20, "no agent fairways; did you mean fairway?"),
    (22, "no action book_soundings"),
    (23, "no request find_gaps"),
    (24, "no agent berth; did you mean berthing?"),
    (26, "no person a.boss"),
    (27, "no fact ship.announce"),
    (28, "minutes must be at least 1"),
    (28, "earliest is missing"),
    (29, "no action shift_visits"),
    (29, "no role master"),
    (29, "does not know x.new"),
    (30, "no field visits"),
    (31, "no file nothing.csv"),
    (33, "no fact ship.announce"),
    (34, "berth must be a key of berth"),
    (37, "steps is the id of case 0 already"),
    (41, "no resource type visits"),
    (42, "no field of visit birth; did you mean berth?"),
    (43, "can never be that: it must be a whole number"),
    (44, "no field berths"),
    (45, "no action book_soundings"),
    (46, "no agent fairways"),
    (47, "no resource type visits"),
    (48, "berth must be a key of berth"),
    (49, "no action book"),
    (50, "no role master"),
    (51, "no action shift_visits"),
    (52, "no event loop.cuts; did you mean loop.cut?"),
    (53, "no field minute; did you mean minutes?"),
    (54, "step 1 is not one that opens a case; steps count from 0: 0"),
    (55, "no step of this case is an approval"),
    (56, "no step of this case is a feed"),
    (57, "no field birth"),
    (58, "no resource type visits"),
    (59, "step 1 is not a step of this case"),
    (60, "0.state is the id of another check"),
]


def test_every_misfit_is_told_at_its_line() -> None:
    file = read_suite(SUITES / "mistakes.yaml", HARBOUR)
    found = fit_problems(file, load_floor(HARBOUR))
    for line, said in EXPECTED:
        assert [p for p in found if said in p.message and p.line == line], (line, said)
    assert len(found) == len(EXPECTED), [p for p in found if not any(s in p.message for _, s in EXPECTED)]


def test_good_suite_fits() -> None:
    assert fit_problems(read_suite(SUITES / "harbour.yaml", HARBOUR), load_floor(HARBOUR)) == []


def test_fact_that_must_be_refused_may_be_malformed(tmp_path: Path) -> None:
    event = "event: {type: sounding.due, subject: B2, data: {}}"
    floor = load_floor(HARBOUR)
    assert fit_problems(suite_of(tmp_path, GOOD.replace("user: Where is V-1?", event)), floor)
    expected = event.replace("data: {}", "data: {}, expect_exit: 2")
    assert fit_problems(suite_of(tmp_path, GOOD.replace("user: Where is V-1?", expected)), floor) == []


@pytest.mark.parametrize(
    ("defaults", "given", "said"),
    [
        ("virtual", "", "state the instant to start from"),
        ("virtual", "    given: {clock: 2026-05-04T06:00+02:00}\n", None),
        ("real", "", None),
        ("real", "    given: {clock: 2026-05-04T06:00+02:00}\n", "cannot be set"),
    ],
)
def test_floor_on_the_systems_clock_needs_an_instant(
    tmp_path: Path, defaults: str, given: str, said: str | None
) -> None:
    clock = Edit("floor.yaml", "clock: floor\nclock_start: 2026-05-04T06:00+02:00\n", "clock: system\n")
    floor = copy_harbour(tmp_path / "floor", clock)
    text = GOOD.replace(str(HARBOUR), str(floor)).replace("    severity: blocker\n", given)
    file = suite_of(tmp_path, text.replace("cases:", f"defaults: {{clock: {defaults}}}\ncases:"))
    found = [p.message for p in fit_problems(file, load_floor(floor))]
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_fresh_process_cannot_follow_a_replaced_clock(tmp_path: Path) -> None:
    clock = Edit("floor.yaml", "clock: floor\nclock_start: 2026-05-04T06:00+02:00\n", "clock: system\n")
    floor = copy_harbour(tmp_path / "floor", clock)
    step = "user: Where is V-1?\n      - approval: {as: k.maes, decision: approve, process: new}"
    text = GOOD.replace(str(HARBOUR), str(floor)).replace("user: Where is V-1?", step)
    text = text.replace("    severity: blocker\n", "    given: {clock: 2026-05-04T06:00+02:00}\n")
    found = fit_problems(suite_of(tmp_path, text), load_floor(floor))
    assert ["system's clock" in p.message for p in found] == [True]


@pytest.mark.parametrize("step", ["pull", "release"])
def test_cord_is_touched_by_people_there_are(tmp_path: Path, step: str) -> None:
    cord = f"{step}: {{scope: quay, as: a.boss, reason: fog}}\n      - user: Where is V-1?"
    file = suite_of(tmp_path, GOOD.replace("user: Where is V-1?", cord))
    (problem,) = fit_problems(file, load_floor(HARBOUR))
    assert f"{step}.as: this floor has no person a.boss" in problem.message
