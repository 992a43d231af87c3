"""A person's decision from another process: once, as shown, by whoever may. Every exit code of the design."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph.app import open_app
from graph.settings import Settings
from tests.agents.floor_copies import ACTIONS, CONFIG, Edit, copy_harbour
from tests.cli.program import ASKS_A_PERSON, NO_SIGNER, OTHER_SIGNER, SIGNER, Program

LADDER = "    ladder:\n      - {role: berth_master, answer_s: 900}"
UNKNOWN = "esc_aaaaaaaaaaaaaaaa"
FIELDS = {"schema", "id", "decision", "by", "signatures", "superseded_by", "case", "status", "verdicts"}


def variant(tmp_path: Path, policy: str) -> Program:
    """The harbour with one more line in its approval policy."""
    floor = copy_harbour(tmp_path / "floor", Edit(CONFIG, LADDER, f"    {policy}\n{LADDER}"))
    return Program(tmp_path / "data", floor)


def wait(program: Program, seconds: int) -> None:
    """Let time pass on the floor's own clock."""

    async def passing() -> None:
        async with open_app(Settings(floor_dir=program.floor, data_dir=program.data)) as app:
            await app.wait(seconds)

    asyncio.run(passing())


def berth_of(program: Program, visit: str) -> Any:
    """Where a visit lies, asked as anybody would."""
    return program("run", f"Where is {visit}?", "--json").json["reply"]


def test_run_that_waits_says_so_and_exits_75(andon: Program) -> None:
    done = andon("run", ASKS_A_PERSON, "--json")
    shape = done.json
    assert (done.code, shape["status"]) == (75, "waiting")
    assert [set(w) for w in shape["waiting"]] == [{"id", "role", "due_at"}]
    assert shape["escalations"] == [shape["waiting"][0]["id"]]


def test_approval_by_another_process_commits_once(andon: Program) -> None:
    escalation = andon.ask_a_person()
    done = andon("approve", escalation, "--as", SIGNER, "--reason", "the tide is fine", "--json")
    assert (done.code, set(done.json) >= FIELDS) == (0, True)
    assert (done.json["decision"], done.json["status"]) == ("approved", "done")
    assert [v["verdict"] for v in done.json["verdicts"]] == ["escalated", "committed"]
    assert "B2" in berth_of(andon, "V-1")


def test_second_decision_is_told_who_decided_and_when(andon: Program) -> None:
    escalation = andon.ask_a_person()
    andon("approve", escalation, "--as", SIGNER)
    for verb, more in (("approve", ()), ("reject", ("--reason", "no"))):
        done = andon(verb, escalation, "--as", SIGNER, "--json", *more)
        assert (done.code, done.error["code"]) == (78, "already_decided")
        assert set(done.error["details"]) == {"by", "at", "decision"}
        assert done.error["details"]["by"] == SIGNER
        assert done.out == ""


@pytest.mark.parametrize("person", [NO_SIGNER, OTHER_SIGNER, "somebody.unknown"])
def test_wrong_person_is_refused_and_nothing_moves(andon: Program, person: str) -> None:
    escalation = andon.ask_a_person()
    done = andon("approve", escalation, "--as", person, "--json")
    assert (done.code, done.error["code"]) == (77, "not_authorised")
    assert andon("show", escalation, "--json").json["state"] == "pending"


@pytest.mark.parametrize("words", [("approve",), ("reject", "--reason", "no"), ("answer", "--option", "0")])
def test_guest_may_not_decide_and_is_told_how(andon: Program, words: tuple[str, ...]) -> None:
    done = andon(words[0], andon.ask_a_person(), *words[1:])
    assert done.code == 77
    assert "--as" in done.err and SIGNER in done.err


def test_rejection_with_a_reason_ends_the_case(andon: Program) -> None:
    escalation = andon.ask_a_person()
    done = andon("reject", escalation, "--as", SIGNER, "--reason", "not in spring tide", "--json")
    assert (done.code, done.json["decision"], done.json["status"]) == (0, "rejected", "refused")
    assert "B1" in berth_of(andon, "V-1")
    decision = andon("show", escalation, "--json").json["decisions"][0]
    assert (decision["reason"], decision["role"], decision["name"]) == (
        "not in spring tide",
        "berth_master",
        "Koen Maes",
    )


def test_rejection_without_a_reason_is_a_usage_error_and_decides_nothing(andon: Program) -> None:
    escalation = andon.ask_a_person()
    done = andon("reject", escalation, "--as", SIGNER, "--json")
    assert (done.code, done.error["code"]) == (2, "reason_missing")
    assert andon("show", escalation, "--json").json["state"] == "pending"


@pytest.mark.parametrize("reason", ["\x1b[31mred", "x" * 70_000])
def test_reason_is_checked_like_any_text(andon: Program, reason: str) -> None:
    escalation = andon.ask_a_person()
    done = andon("approve", escalation, "--as", SIGNER, "--reason", reason, "--json")
    assert done.code == 2
    assert andon("show", escalation, "--json").json["state"] == "pending"


def test_other_hash_than_the_one_asked_is_refused(andon: Program) -> None:
    escalation = andon.ask_a_person()
    done = andon("approve", escalation, "--as", SIGNER, "--expect-hash", "sha256:0", "--json")
    assert (done.code, done.error["code"]) == (1, "hash_mismatch")
    seen = andon("show", escalation, "--json").json["action_hash"]
    assert andon("approve", escalation, "--as", SIGNER, "--expect-hash", seen).code == 0


def test_changed_ground_makes_a_decision_stale_and_asks_anew(andon: Program) -> None:
    first = andon.ask_a_person()
    other = andon("run", "Move V-1 to B2 from 2026-05-08 08:00", "--json").json["waiting"][0]["id"]
    assert andon("approve", first, "--as", SIGNER).code == 0
    done = andon("approve", other, "--as", SIGNER, "--json")
    assert (done.code, done.json["status"]) == (1, "waiting")
    anew = andon("show", done.json["superseded_by"], "--json").json
    assert anew["state"] == "pending" and "start" in anew["reason"]
    assert "changed" in andon("show", other).out or "superseded" in andon("show", other).out
    assert andon("approve", other, "--as", SIGNER, "--json").error["code"] == "superseded"


def test_deadline_that_passed_approves_nothing(andon: Program) -> None:
    escalation = andon.ask_a_person()
    wait(andon, 3600)
    done = andon("approve", escalation, "--as", SIGNER, "--json")
    assert (done.code, done.error["code"]) == (76, "expired")
    assert "B1" in berth_of(andon, "V-1")


def test_silence_lets_the_next_role_sign(andon: Program) -> None:
    escalation = andon.ask_a_person()
    wait(andon, 900)
    assert andon("inbox", "--json").json["items"][0]["role"] == "harbour_master"
    assert andon("approve", escalation, "--as", OTHER_SIGNER).code == 0


def test_first_of_two_signatures_is_not_yet_a_decision(tmp_path: Path) -> None:
    andon = variant(tmp_path, "quorum: 2")
    escalation = andon.ask_a_person()
    first = andon("approve", escalation, "--as", SIGNER, "--json")
    assert (first.code, first.json["decision"]) == (75, None)
    assert first.json["signatures"] == {"have": 1, "need": 2}
    assert "B1" in berth_of(andon, "V-1")
    assert andon("approve", escalation, "--as", SIGNER).code == 78
    wait(andon, 900)
    second = andon("approve", escalation, "--as", OTHER_SIGNER, "--json")
    assert (second.code, second.json["decision"], second.json["status"]) == (0, "approved", "done")


def test_what_cannot_be_undone_needs_the_hash_that_was_seen(tmp_path: Path) -> None:
    andon = variant(tmp_path, "irreversible: true")
    escalation = andon.ask_a_person()
    refused = andon("approve", escalation, "--as", SIGNER, "--json")
    assert (refused.code, refused.error["code"]) == (2, "hash_missing")
    seen = andon("show", escalation, "--json").json["action_hash"]
    assert seen in refused.error["hint"]
    assert andon("approve", escalation, "--as", SIGNER, "--expect-hash", seen).code == 0


@pytest.mark.parametrize(
    ("verb", "more"),
    [("show", ()), ("approve", ()), ("reject", ("--reason", "no")), ("answer", ("--option", "0"))],
)
def test_unknown_id_is_not_found_and_makes_no_ledger(
    andon: Program, verb: str, more: tuple[str, ...]
) -> None:
    done = andon(verb, UNKNOWN, "--as", SIGNER, "--json", *more)
    assert (done.code, done.error["code"]) == (4, "unknown_id")
    assert not andon.data.exists()
    andon("run", "Where is V-1?")
    assert andon(verb, UNKNOWN, "--as", SIGNER, "--json", *more).code == 4


def test_approval_is_not_answered_by_an_option(andon: Program) -> None:
    assert andon("answer", andon.ask_a_person(), "--option", "0", "--as", SIGNER).code == 2


@pytest.fixture
def asking(tmp_path: Path) -> tuple[Program, str]:
    """The harbour when its fairway's policy breaks: a question, and its id."""
    broken = Edit(
        "agents/fairway/policy.py", "    berths, start =", "    raise ValueError(text)\n    berths, start ="
    )
    andon = Program(tmp_path / "data", copy_harbour(tmp_path / "floor", broken))
    shape = andon("run", "Sound B3 from 2026-05-07 08:00", "--json").json
    return andon, shape["waiting"][0]["id"]


def test_question_is_answered_by_an_option(asking: tuple[Program, str]) -> None:
    andon, question = asking
    item = andon("inbox", "--json").json["items"][0]
    assert (item["type"], item["action"]) == ("question", None)
    assert [o["title"] for o in item["options"]] == ["leave as it is"]
    assert [o["option"] for o in item["options"]] == [0]
    assert andon("approve", question, "--as", NO_SIGNER).code == 2
    assert andon("answer", question, "--option", "7", "--as", NO_SIGNER).code == 2
    assert andon("answer", question, "--as", NO_SIGNER).code == 2
    done = andon("answer", question, "--option", "0", "--as", NO_SIGNER, "--json")
    assert (done.code, done.json["decision"], done.json["schema"]) == (0, "answered", "andon/answer/v1")


def test_choosing_a_position_that_the_gate_refuses_exits_1(tmp_path: Path) -> None:
    quiet = Edit("agents/fairway/policy.py", '            case "request":', '            case "never":')
    gone = Edit(
        ACTIONS,
        '    visit = snapshot.get("visit", params["visit"])\n'
        '    if visit is None or visit["berth"] is not None:',
        '    visit = snapshot.get("visit", params["visit"])\n'
        '    if context.signed_by:\n        return Refusal("fog", "nothing moves in fog")\n'
        '    if visit is None or visit["berth"] is not None:',
    )
    andon = Program(tmp_path / "data", copy_harbour(tmp_path / "floor", quiet, gone))
    waiting = andon("run", "Lay V-2 at B2 from 2026-05-04 14:00", "--json").json["waiting"]
    question = andon("show", waiting[0]["id"], "--json").json
    assert question["options"][0]["action"]["kind"] == "assign_berth"
    person = question["may_sign"][0]
    done = andon("answer", question["id"], "--option", "0", "--as", person, "--json")
    assert done.code == 1
    assert [v["code"] for v in done.json["verdicts"]][-1] == "fog"


def test_words_for_a_person_say_name_role_meaning_and_local_time(andon: Program) -> None:
    escalation = andon.ask_a_person()
    told = andon(
        "approve", escalation, "--as", SIGNER, "--reason", "fine\nsays the tide table"
    ).out.splitlines()
    assert told[0] == (
        f"{escalation} approved by Koen Maes (k.maes, berth_master) at Mon 2026-05-04 06:00 CEST, "
        "as approval: fine says the tide table"
    )


def test_decision_on_a_pipe_never_asks(andon: Program) -> None:
    done = andon("approve", andon.ask_a_person(), "--as", SIGNER, typed="q\n")
    assert done.code == 0
    assert json.loads(andon("cases", "--json").out)["items"][0]["status"] == "done"
