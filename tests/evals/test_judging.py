"""Every type of check holds where it should and fails where it should, on one real attempt."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from checkpoints.sqlite_ledger import open_reader
from evals.evidence import Evidence
from evals.judging import judge
from evals.player import Player
from evals.suite_checks import AnyCheck
from graph.settings import Settings
from tests.evals.suite_texts import HARBOUR, suite_of

STEPS = f"""\
version: 1
suite: evidence
target: {{floor: "{HARBOUR}"}}
cases:
  - id: all_of_it
    steps:
      - user: Where is V-1?
      - event:
          type: sounding.due
          subject: B2
          data: {{berth: B2, minutes: 120, earliest: 2026-05-04T10:00+02:00, latest: 2026-05-05T10:00+02:00}}
          duplicate: true
      - user: {{text: Move V-1 to B2 from 2026-05-04 18:00, as: a.vos}}
      - approval: {{as: k.maes, decision: approve}}
      - event:
          type: ship.announced
          subject: V-3
          data: {{visit: V-3, ship: Cormorant, length_m: 120, draught_dm: 50, power_kw: 50, hours: 8,
                 arrives: 2026-05-06T12:00+02:00, promised: false}}
      - user: What is the weather?
      - user: Where is she?
    expect:
      - {{type: audit}}
"""


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    directory = tmp_path_factory.mktemp("evidence")
    file = suite_of(directory, STEPS)
    data = directory / "data"

    async def play() -> tuple[Any, list[Any]]:
        async with Player(file, Settings(HARBOUR, data), seed=1) as player:
            return player.world, [played async for played in player.play(file.suite.cases[0].steps)]

    world, played = asyncio.run(play())
    assert [p.exit_code for p in played] == [0, 0, 75, 0, 0, 1, 0]
    with open_reader(data / "ledger.db", world.config.floor, world.types) as tx:
        yield Evidence(tx, world, played)


PAIRS: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    (
        {"type": "state", "ref": "visit/V-1", "field": "berth", "equals": "B2"},
        [{"equals": "B1"}, {"equals": None}, {"ref": "visit/V-7"}, {"field": "ship"}],
    ),
    (
        {"type": "state", "ref": "visit/V-1", "field": "start", "equals": "2026-05-04T18:00+02:00"},
        [{"equals": "2026-05-04T18:00:00Z"}],
    ),
    ({"type": "state", "ref": "visit/V-2", "field": "berth", "absent": True}, [{"ref": "visit/V-1"}]),
    ({"type": "state", "ref": "visit/V-7", "absent": True}, [{"ref": "visit/V-1"}]),
    (
        {"type": "state", "find": {"type": "visit", "berth": "B2"}, "count": 1},
        [{"count": 0}, {"count": 2}, {"find": {"type": "visit", "berth": "B3"}}],
    ),
    (
        {"type": "verdicts", "action": "shift_visit", "verdict": "committed"},
        [{"verdict": "refused"}, {"action": "assign_berth", "verdict": "asked"}, {"count": 2}],
    ),
    (
        {"type": "verdicts", "action": "shift_visit", "count": 2},
        [{"count": 1}, {"at": 1}, {"agent": "fairway"}],
    ),
    ({"type": "verdicts", "action": "book_sounding", "at": 1}, [{"at": 0}, {"code": "no_gap"}]),
    (
        {"type": "verdicts", "action": "shift_visit", "args": {"start": "2026-05-04T18:00+02:00"}},
        [{"args": {"start": "2026-05-04T19:00+02:00"}}, {"resource": "visit/V-2"}],
    ),
    (
        {"type": "verdicts", "action": "book_pilot", "verdict": "refused", "count": 0},
        [{"verdict": "committed"}],
    ),
    (
        {"type": "escalations", "kind": "approval", "action": "shift_visit", "state": "approved"},
        [{"kind": "question"}, {"action": "book_pilot"}, {"state": "pending"}, {"count": 0}, {"at": 1}],
    ),
    (
        {"type": "escalations", "action": "shift_visit", "args": {"start": "2026-05-04T18:00+02:00"}},
        [{"args": {"berth": "B3"}}],
    ),
    ({"type": "escalations", "role": "berth_master", "count": 1, "at": 2}, [{"role": "pilot_master"}]),
    (
        {"type": "events", "event": "sounding.due", "count": 1},
        [{"count": 2}, {"event": "loop.cut"}, {"at": 0}, {"subject": "B1"}, {"where": {"minutes": 60}}],
    ),
    ({"type": "events", "event": "sounding.due", "at": 1, "where": {"minutes": 120}}, [{"at": 4}]),
    (
        {"type": "events", "event": "case.ended", "where": {"status": "refused"}, "count": 1},
        [{"where": {"status": "done"}}, {"where": {"status": None}}],
    ),
    (
        {"type": "reply", "at": 0, "contains": ["Aurora", "B1"], "not_contains": "B2", "regex": "until .*Z"},
        [
            {"contains": ["Aurora", "B9"]},
            {"not_contains": "B1"},
            {"regex": "^until"},
            {"at": 2},
            {"at": "all"},
        ],
    ),
    ({"type": "reply", "contains": "Which ship"}, [{"contains": "Aurora"}, {"equals": "Which ship"}]),
    ({"type": "rounds", "at": 0, "max": 1}, [{"max": 0}, {"at": 1}]),
    ({"type": "rounds", "at": 1, "equals": 2}, [{"equals": 1}]),
    ({"type": "status", "at": 5, "equals": "refused"}, [{"equals": "done"}, {"at": "all"}, {"at": 0}]),
    ({"type": "status", "equals": "done", "clarify": True}, [{"clarify": False}, {"at": 0}]),
    ({"type": "code", "at": 5, "equals": "out_of_scope"}, [{"equals": None}, {"at": 0}]),
    ({"type": "code", "equals": None}, [{"equals": "unclear"}]),
    ({"type": "exit_code", "equals": 0}, [{"equals": 75}, {"at": 2}]),
    (
        {"type": "side_effect_count", "action": "shift_visit", "equals": 1},
        [
            {"equals": 0},
            {"equals": 2},
            {"at": 1},
            {"args": {"berth": "B3"}},
            {"action": "book_sounding", "at": 2},
        ],
    ),
    ({"type": "unchanged", "at": 0}, [{"at": 1}, {"at": None}]),
    (
        {"type": "unchanged", "at": 3, "ref": "visit/V-2"},
        [{"ref": "visit/V-1"}, {"at": 4, "ref": "visit/V-3"}],
    ),
    ({"type": "unchanged", "ref": "pilot/P1"}, [{"ref": "berth/B2"}]),
    ({"type": "audit"}, []),
]
"""A check that holds, and changes that each make it fail."""


def checks(*, fails: bool) -> list[Any]:
    made = [{**good, **change} for good, changes in PAIRS for change in (changes if fails else [{}])]
    return [pytest.param(check, id=" ".join(f"{k}={v}" for k, v in check.items())) for check in made]


def found(check: dict[str, Any], evidence: Evidence) -> Any:
    return judge(TypeAdapter[AnyCheck](AnyCheck).validate_python(check), evidence)


@pytest.mark.parametrize("check", checks(fails=False))
def test_check_holds(check: dict[str, Any], evidence: Evidence) -> None:
    finding = found(check, evidence)
    assert finding.holds, finding


@pytest.mark.parametrize("check", checks(fails=True))
def test_check_fails(check: dict[str, Any], evidence: Evidence) -> None:
    finding = found(check, evidence)
    assert not finding.holds
    assert finding.expected != finding.actual


def test_every_type_of_check_is_shown_both_ways() -> None:
    types = {t.__name__ for t in AnyCheck.__args__[0].__args__}
    shown = {TypeAdapter[AnyCheck](AnyCheck).validate_python(good).__class__.__name__ for good, _ in PAIRS}
    assert types - shown == {"FeedCheck"}  # tests/evals/test_runner.py feeds a file
    assert [good for good, changes in PAIRS if not changes] == [{"type": "audit"}]  # tampered with there


def test_finding_says_what_there_is_instead(evidence: Evidence) -> None:
    finding = found({"type": "verdicts", "action": "shift_visit", "verdict": "refused"}, evidence)
    assert finding.expected == "at least 1"
    assert finding.actual["count"] == 0
    assert "berthing shift_visit committed" in finding.actual["there are"]


def test_typo_does_not_pass_silently(evidence: Evidence) -> None:
    for check in (
        {"type": "verdicts", "code": "no_such_code"},
        {"type": "events", "event": "case.opened", "where": {"no_field": None, "by": "nobody"}},
    ):
        assert not found(check, evidence).holds
