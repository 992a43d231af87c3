"""The andon cord from the command line: pulled, met, answered, released; who may, and what is told."""

import json
from pathlib import Path

import pytest

from cli.words import span_words
from tests.cli.program import SIGNER, Program
from tests.cli.test_deciding import wait

MASTER = "a.vos"
LAY = "Lay V-2 at B3 from 2026-05-04 12:00"
SHIFT = "Move V-1 to B2 from 2026-05-06 08:00"
PULL = {"scope", "by", "role", "at", "reason", "state", "stood_s", "open_cases"}


def pulled(andon: Program, scope: str = "berth/B3") -> None:
    assert andon("pull", scope, "--reason", "a diver is down", "--as", MASTER).code == 0


def test_pull_stands_and_says_who_pulled_and_why(andon: Program) -> None:
    done = andon("pull", "berth/B3", "--reason", "a diver is down", "--as", MASTER, "--json")
    assert (done.code, set(done.json)) == (0, PULL | {"schema", "changed"})
    assert done.json | {"at": 0} == {
        "schema": "andon/pull/v1",
        "scope": "berth/B3",
        "by": MASTER,
        "role": "harbour_master",
        "at": 0,
        "reason": "a diver is down",
        "state": "standing",
        "stood_s": 0,
        "open_cases": [],
        "changed": True,
    }


def test_proposal_there_waits_and_its_answer_commits_it_once(andon: Program) -> None:
    pulled(andon)
    waits = andon("run", LAY, "--json")
    assert (waits.code, waits.json["verdicts"][0]["verdict"]) == (75, "escalated")
    (item,) = andon("inbox", "--json").json["items"]
    assert (item["type"], item["reason"], item["role"]) == ("question", "pulled", "berth_master")
    assert [o["title"] for o in item["options"]][-1] == "leave as it is"
    answered = andon("answer", item["id"], "--option", "0", "--as", SIGNER, "--json")
    assert (answered.code, answered.json["status"]) == (0, "done")
    assert [v["verdict"] for v in answered.json["verdicts"]] == ["escalated", "committed"]
    assert andon("answer", item["id"], "--option", "0", "--as", MASTER).code == 78
    assert andon("audit", "--json").json["counts"]["actions"] == 1


def test_real_processes_meet_the_pull_of_another(andon: Program) -> None:
    assert andon.process("pull", "visit", "--reason", "fog", "--as", MASTER).code == 0
    done = andon.process("run", LAY, "--json")
    assert done.code == 75
    assert andon.process("release", "visit", "--reason", "it cleared", "--as", MASTER).code == 0
    sounding = andon.process("run", "Sound B3 from 2026-05-07 08:00", "--json")
    assert [v["verdict"] for v in sounding.json["verdicts"]] == ["committed"]


def test_elsewhere_and_signed_things_go_on(andon: Program) -> None:
    escalation = andon.ask_a_person()
    pulled(andon, "floor")
    assert andon("approve", escalation, "--as", SIGNER).code == 0
    assert andon("release", "floor", "--reason", "so", "--as", MASTER).code == 0
    pulled(andon, "berth/B1")
    assert andon("run", LAY).code == 0


def test_release_lets_the_next_one_commit_and_says_how_long_it_stood(andon: Program) -> None:
    pulled(andon)
    andon("run", LAY)
    wait(andon, 600)
    done = andon("release", "berth/B3", "--reason", "he is up", "--as", MASTER, "--json")
    assert (done.code, done.json["schema"], done.json["state"]) == (0, "andon/release/v1", "released")
    assert done.json["stood_s"] == 600
    (case,) = done.json["open_cases"]
    assert andon("cases", "--json").json["items"][0]["id"] == case
    next_one = andon("run", "Sound B3 from 2026-05-07 08:00", "--json")
    assert next_one.json["verdicts"][0]["verdict"] == "committed"


def test_release_tells_it_in_words_with_what_still_waits(andon: Program) -> None:
    pulled(andon)
    andon("run", LAY)
    wait(andon, 60)
    done = andon("release", "berth/B3", "--reason", "he is up", "--as", MASTER)
    assert done.out == "berth/B3 is released; it stood 1 min.\n"
    assert "1 case still waits for an answer: case_" in done.err


def test_pulling_what_is_pulled_says_so_and_adds_nothing(andon: Program) -> None:
    pulled(andon)
    again = andon("pull", "berth/B3", "--reason", "me too", "--as", SIGNER, "--json")
    assert (again.code, again.json["changed"], again.json["by"]) == (0, False, MASTER)
    words = andon("pull", "berth/B3", "--reason", "me too", "--as", SIGNER)
    assert words.out.startswith("It was pulled before: berth/B3 is pulled by a.vos (harbour_master) since ")
    assert [p["reason"] for p in andon("pull", "--json").json["items"]] == ["a diver is down"]


def test_list_tells_what_is_pulled_and_what_waits_over_it(andon: Program) -> None:
    assert andon("pull").out == "Nothing is pulled.\n"
    pulled(andon, "quay")
    pulled(andon)
    andon("run", LAY)
    shape = andon("pull", "--json").json
    assert (shape["schema"], [p["scope"] for p in shape["items"]]) == ("andon/pulls/v1", ["quay", "berth/B3"])
    assert [len(p["open_cases"]) for p in shape["items"]] == [1, 1]
    assert andon("pull").out.count("(1 case waiting)") == 2


def test_inbox_says_first_what_is_pulled(andon: Program) -> None:
    assert andon("inbox", "--json").json["pulls"] == []
    pulled(andon)
    first, *_ = andon("inbox").out.splitlines()
    assert first == (
        "berth/B3 is pulled by a.vos (harbour_master) since Mon 2026-05-04 06:00 CEST: a diver is down"
    )
    (shape,) = andon("inbox", "--json").json["pulls"]
    assert set(shape) == {"scope", "by", "role", "at", "reason"}


@pytest.mark.parametrize("verb", ["pull", "release"])
@pytest.mark.parametrize("person", [(), ("--as", "guest"), ("--as", "somebody.unknown")])
def test_who_holds_no_role_may_not(andon: Program, verb: str, person: tuple[str, ...]) -> None:
    pulled(andon)
    done = andon(verb, "berth/B3", "--reason", "x", *person, "--json")
    assert (done.code, done.error["code"]) == (77, "not_authorised")
    assert "--as" in done.error["hint"]
    assert len(andon("pull", "--json").json["items"]) == 1


@pytest.mark.parametrize("verb", ["pull", "release"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("berth/B3",), "reason_missing"),
        (("berth/B3", "--reason", "  "), "reason_missing"),
        (("berth/B3", "--reason", "a\x1bb"), "control_character"),
        (("", "--reason", "x"), "empty_text"),
        (("a\x07", "--reason", "x"), "control_character"),
    ],
)
def test_malformed_words_change_nothing(
    andon: Program, verb: str, words: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    done = andon(verb, *words, "--as", MASTER, "--json")
    assert (done.code, done.error["code"]) == (2, code)
    assert list(tmp_path.iterdir()) == []


def test_reason_without_a_scope_is_a_usage_error(andon: Program) -> None:
    assert andon("pull", "--reason", "x", "--as", MASTER).code == 2
    assert andon("release", "--reason", "x", "--as", MASTER).code == 2


@pytest.mark.parametrize(
    ("scope", "hint"),
    [
        ("berth/B9", "berth/B1, berth/B2, berth/B3"),
        ("cook", "berthing, fairway, quay, water"),
        ("ship/Nemo", "ship/Aurora, ship/Bolder"),
        ("mast/high", "TYPE/KEY or FIELD/VALUE"),
    ],
)
def test_unknown_scope_is_told_with_what_is_possible(andon: Program, scope: str, hint: str) -> None:
    done = andon("pull", scope, "--reason", "x", "--as", MASTER, "--json")
    assert (done.code, done.error["code"]) == (4, "unknown_scope")
    assert hint in done.error["hint"]
    assert andon("pull", "--json").json["items"] == []


def test_release_of_what_is_not_pulled_is_not_found(andon: Program, tmp_path: Path) -> None:
    before = andon("release", "berth/B3", "--reason", "x", "--as", MASTER, "--json")
    assert (before.code, before.error["code"], list(tmp_path.iterdir())) == (4, "not_pulled", [])
    pulled(andon, "quay")
    done = andon("release", "berth/B3", "--reason", "x", "--as", MASTER, "--json")
    assert (done.code, done.error["hint"]) == (4, "Pulled now: quay.")


def test_chat_pulls_and_releases(andon: Program) -> None:
    lines = ["/pull", "/pull visit fog", LAY, "/pull", "/release visit it cleared", "/release visit"]
    done = andon("chat", "--as", MASTER, "--json", typed="\n".join(lines))
    assert done.code == 2, "the last one gives no reason"
    empty, pull, chat, listed, release = done.lines
    assert (empty["items"], pull["scope"], pull["reason"]) == ([], "visit", "fog")
    assert (chat["status"], chat["verdicts"][0]["verdict"]) == ("waiting", "escalated")
    assert listed["items"][0]["open_cases"] == [chat["case"]] == release["open_cases"]
    assert release["state"] == "released"
    assert json.loads(done.err)["error"]["code"] == "reason_missing"
    assert andon("chat", "--as", MASTER, typed="/release\n").code == 2


def test_pull_and_release_are_in_the_audit_log_and_it_is_whole(andon: Program) -> None:
    pulled(andon)
    andon("release", "berth/B3", "--reason", "x", "--as", "nobody.known")
    andon("release", "berth/B3", "--reason", "he is up", "--as", MASTER)
    shape = andon("audit", "--json").json
    assert (shape["ok"], shape["violations"]) == (True, [])
    assert shape["counts"]["audit_entries"] == 5  # after the seed and the registry
    assert shape["counts"]["events"] == 2


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (60, "1 min"),
        (4800, "1 h 20 min"),
        (90_061, "1 d 1 h"),
        (86_460, "1 d 1 min"),
    ],
)
def test_span_is_told_in_its_largest_parts(seconds: int, words: str) -> None:
    assert span_words(seconds) == words
