"""A ledger somebody has tampered with is not called sound, and a person is told what to do."""

import sqlite3
from pathlib import Path

from checkpoints.audit import BESIDE, INVARIANTS
from checkpoints.audit_plans import PLANS
from tests.cli.program import SIGNER, Program


def change(andon: Program, file: str, statement: str) -> None:
    with sqlite3.connect(andon.data / file) as ledger:
        ledger.execute(statement)
    ledger.close()


def test_tampered_ledger_exits_1_and_names_the_invariant(andon: Program) -> None:
    andon("run", "Sound B3 from 2026-05-07 08:00")
    change(andon, "ledger.db", "UPDATE balances SET value = value + 1 WHERE key = 'B1'")
    done = andon("audit", "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert done.json["violations"]
    human = andon("audit")
    assert human.code == 1
    assert done.json["violations"][0]["invariant"] in human.out


def test_plan_says_what_to_do_about_each_and_changes_nothing(andon: Program) -> None:
    andon("run", "Sound B3 from 2026-05-07 08:00")
    assert andon("audit", "--repair-plan", "--json").json["plan"] == []
    change(andon, "ledger.db", "UPDATE balances SET value = value + 1 WHERE key = 'B1'")
    before = (andon.data / "ledger.db").read_bytes()
    done = andon("audit", "--repair-plan", "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    broken = list(dict.fromkeys(v["invariant"] for v in done.json["violations"]))
    assert [item["invariant"] for item in done.json["plan"]] == broken
    assert all(item["steps"] for item in done.json["plan"])
    assert f"what to do about {broken[0]}:\n  1. " in andon("audit", "--repair-plan").out
    assert (andon.data / "ledger.db").read_bytes() == before


def test_every_invariant_has_a_plan() -> None:
    assert {i.name for i in (*INVARIANTS, *BESIDE)} == PLANS.keys()
    assert [step for steps in PLANS.values() for step in steps if not step.endswith(".")] == []


def test_restored_copy_is_refused_told_and_declared(andon: Program) -> None:
    escalation = andon.ask_a_person()
    copy = (andon.data / "ledger.db").read_bytes()
    andon("approve", escalation, "--as", SIGNER)
    (andon.data / "ledger.db").write_bytes(copy)
    refused = andon("resume", "--json")
    assert (refused.code, refused.error["code"]) == (3, "ledger_behind_anchor")
    assert "andon db restored" in refused.error["hint"]
    found = andon("audit", "--json").json
    assert {v["invariant"] for v in found["violations"]} == {"anchored"}
    assert andon("db", "restored", "--as", SIGNER).code == 2
    assert andon("db", "restored", "--reason", "x", "--as", "guest").code == 77
    done = andon("db", "restored", "--reason", "The disk broke", "--as", SIGNER, "--json")
    assert done.json["void"] == [escalation]
    assert andon("audit").code == 0
    assert andon("approve", escalation, "--as", SIGNER).code == 1
    (item,) = andon("inbox", "--json").json["items"]
    assert andon("approve", item["id"], "--as", SIGNER).code == 0


def test_heads_lie_where_the_environment_says(andon: Program, tmp_path: Path) -> None:
    elsewhere = {"ANDON_ANCHOR": str(tmp_path / "far" / "heads"), "ANDON_ANCHOR_KEY": str(tmp_path / "key")}
    assert andon("run", "Where is V-1?", **elsewhere).code == 0
    assert not (andon.data / "audit-anchor.log").exists()
    assert andon("audit", **elsewhere).code == 0
    key = (tmp_path / "key").read_bytes()
    assert key not in (andon.data / "ledger.db").read_bytes() + (tmp_path / "far" / "heads").read_bytes()
    (tmp_path / "key").unlink()
    assert andon("audit", "--json", **elsewhere).error["code"] == "anchor_key_missing"


def test_checkpoints_of_what_the_ledger_lacks_are_found(andon: Program) -> None:
    andon.ask_a_person()
    assert andon("audit").code == 0
    change(andon, "checkpoints.db", "UPDATE checkpoints SET thread_id = 'case_x'")
    (violation,) = andon("audit", "--json").json["violations"]
    assert violation["invariant"] == "checkpoints_subordinate"


def test_key_in_the_ledger_is_found(andon: Program) -> None:
    andon("run", "Where is V-1, says sk-abcdef?")
    found = andon("audit", "--json", OPENAI_API_KEY="sk-abcdef").json["violations"]
    assert {v["invariant"] for v in found} == {"no_secrets"}
