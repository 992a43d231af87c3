"""A case told step by step, from the ledger alone."""

from pathlib import Path

import pytest

from cli.engine_events import KINDS, TELLERS
from tests.agents.floor_copies import BERTHING, Edit, copy_harbour
from tests.cli.program import ASKS_A_PERSON, SIGNER, Program

STEP = {"at", "round", "type", "agent", "text"}


@pytest.mark.parametrize("event", sorted(TELLERS))
def test_what_can_be_told_is_a_step_of_some_type(event: str) -> None:
    assert event in KINDS or event.partition(".")[0] in KINDS


def test_steps_of_an_exchange_in_order(andon: Program) -> None:
    case = andon("run", "Lay V-2 at B2 from 2026-05-04 14:00", "--json").json["case"]
    shape = andon("trace", case, "--json").json
    assert (shape["schema"], shape["case"]["id"], shape["case"]["status"]) == (
        "andon/trace/v1",
        case,
        "refused",
    )
    assert all(set(step) >= STEP for step in shape["steps"])
    assert [(s["type"], s["round"], s["agent"]) for s in shape["steps"]] == [
        ("opened", 0, None),
        ("turn", 1, "berthing"),
        ("verdict", 1, "berthing"),
        ("exchange", 1, "berthing"),
        ("turn", 2, "fairway"),
        ("exchange", 2, "fairway"),
        ("verdict", 2, "berthing"),
        ("turn", 3, "berthing"),
        ("ended", 3, None),
        ("reply", 3, None),
    ]
    asked, refused = (s for s in shape["steps"] if s["type"] == "verdict")
    assert (asked["verdict"], refused["verdict"], refused["code"]) == ("asked", "refused", "closed")
    assert "closed for a sounding" in refused["text"]
    turn = shape["steps"][1]
    assert (turn["attempts"], turn["failure"]) == (1, None)
    assert turn["moves"] == ["wants assign_berth(berth=B2, start=Mon 2026-05-04 14:00 CEST, visit=V-2)"]


def test_timeline_for_a_person_shows_rounds_speakers_and_the_reply(andon: Program) -> None:
    andon("run", "Lay V-2 at B2 from 2026-05-04 14:00")
    case = andon("cases", "--json").json["items"][0]["id"]
    told = andon("trace", case).out
    assert [line for line in told.splitlines() if line.startswith("  round")] == [
        "  round 1",
        "  round 2",
        "  round 3",
    ]
    for expected in (
        "guest said: Lay V-2",
        "fairway       refuses in x1: [closed]",
        "x1: berthing asks",
        "  reply",
    ):
        assert expected in told


def test_decision_is_told_with_name_role_meaning_and_local_time(andon: Program) -> None:
    escalation = andon.ask_a_person()
    andon("approve", escalation, "--as", SIGNER, "--reason", "high water")
    case = andon("cases", "--json").json["items"][0]["id"]
    steps = andon("trace", case, "--json").json["steps"]
    types = [s["type"] for s in steps]
    assert types == [
        "opened",
        "turn",
        "escalation",
        "verdict",
        "decision",
        "verdict",
        "event",
        "ended",
        "reply",
    ]
    decision = steps[4]
    assert {k: decision[k] for k in ("by", "name", "role", "meaning", "decision", "reason")} == {
        "by": SIGNER,
        "name": "Koen Maes",
        "role": "berth_master",
        "meaning": "approval",
        "decision": "approved",
        "reason": "high water",
    }
    assert "Mon 2026-05-04 06:00 CEST" in decision["text"]
    assert steps[6]["event"] == "visit.shifted"
    assert steps[2]["role"] == "berth_master"


def test_failed_turn_is_told_with_its_attempts(tmp_path: Path) -> None:
    broken = Edit(
        "agents/fairway/policy.py", "    berths, start =", "    raise ValueError(text)\n    berths, start ="
    )
    andon = Program(tmp_path / "data", copy_harbour(tmp_path / "floor", broken))
    case = andon("run", "Sound B3 from 2026-05-07 08:00", "--json").json["case"]
    turn = next(s for s in andon("trace", case, "--json").json["steps"] if s["type"] == "turn")
    assert (turn["failure"], turn["attempts"]) == ("error", 2)
    assert "after 2 attempts" in andon("trace", case).out


def test_loop_that_was_cut_is_told(tmp_path: Path) -> None:
    """Both give way: the owner answers a request for its decision with nothing, and again."""
    silent = Edit("agents/fairway/policy.py", '            case "request":', '            case "never":')
    andon = Program(tmp_path / "data", copy_harbour(tmp_path / "floor", silent))
    case = andon("run", "Lay V-2 at B2 from 2026-05-04 14:00", "--json").json["case"]
    steps = andon("trace", case, "--json").json["steps"]
    (cut,) = (s for s in steps if s["type"] == "cut")
    assert "berthing and fairway" in cut["text"]
    assert "escalation" in [s["type"] for s in steps]


def test_waiting_case_is_traced_up_to_where_it_stands(andon: Program) -> None:
    done = andon("run", ASKS_A_PERSON, "--json")
    shape = andon("trace", done.json["case"], "--json").json
    assert shape["case"]["status"] == "waiting"
    assert shape["steps"][-1]["type"] == "reply"


def test_case_that_was_stopped_says_why(tmp_path: Path) -> None:
    rule = "    if visit is None or berth is None or visit"
    broken = f"    if True:\n        raise KeyError('broken')\n{rule}"
    floor = copy_harbour(tmp_path / "floor", Edit("tools/floor.py", rule, broken))
    andon = Program(tmp_path / "data", floor)
    done = andon("run", "Lay V-2 at B3 from 2026-05-04 14:00", "--json")
    assert done.code == 75
    steps = andon("trace", done.json["case"], "--json").json["steps"]
    (stopped,) = (s for s in steps if s["type"] == "stopped")
    assert stopped["code"] == "gate_error"
    assert "KeyError: 'broken'" in stopped["text"]


def test_what_there_was_no_room_for_is_told_with_the_share_of_the_budget(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", Edit(BERTHING, "", "context:\n  budget_tokens: 700\n"))
    andon = Program(tmp_path / "data", floor)
    case = andon("run", f"Where is V-1? {'why ' * 2000}", "--json").json["case"]
    steps = andon("trace", case, "--json").json["steps"]
    turn = next(s for s in steps if s["type"] == "turn")
    assert turn["dropped"][0] == "visit/V-1"
    (full,) = (s for s in steps if s["type"] == "limit")
    assert full["counted"] == "estimated" and 560 <= full["tokens"] <= full["budget"] == 700
    told = andon("trace", case).out
    assert "left out for lack of room: visit/V-1; text: " in told
    assert "tokens (" in told and "%, estimated)" in told
