"""The shapes other programs rely on (design, section 8): fields may be added, never removed."""

import pytest

from tests.cli.program import ASKS_A_PERSON, Program

RUN = {
    "schema",
    "case",
    "status",
    "reply",
    "verdicts",
    "code",
    "clarify",
    "escalations",
    "waiting",
    "usage",
    "rounds",
    "duration_s",
}
USAGE = {"model_calls", "input_tokens", "output_tokens", "cost_usd"}
ITEM = {
    "id",
    "type",
    "case",
    "summary",
    "action",
    "options",
    "agent",
    "role",
    "due_at",
    "action_hash",
    "reason",
}


def test_run_and_chat(andon: Program) -> None:
    run = andon("run", "Where is V-1?", "--json").json
    assert set(run) >= RUN and set(run["usage"]) >= USAGE
    assert (run["schema"], run["status"], run["reply"][:16]) == ("andon/run/v1", "done", "berthing: Aurora")
    chat = andon("chat", "-p", "Where is V-1?", "--json").json
    assert set(chat) >= RUN | {"session"}
    assert chat["schema"] == "andon/chat/v1"


def test_verdicts_of_a_run(andon: Program) -> None:
    run = andon("run", "Sound B3 from 2026-05-07 08:00", "--json").json
    (verdict,) = run["verdicts"]
    assert set(verdict) >= {"action", "agent", "resource", "verdict", "reason", "key"}
    assert (verdict["verdict"], verdict["agent"]) == ("committed", "fairway")


def test_question_back_is_done_and_says_that_it_clarifies(andon: Program) -> None:
    done = andon("run", "Move a ship", "--json")
    assert (done.code, done.json["status"], done.json["clarify"]) == (0, "done", True)


def test_inbox_and_show(andon: Program) -> None:
    escalation = andon.ask_a_person()
    inbox = andon("inbox", "--json").json
    assert (inbox["schema"], inbox["next"]) == ("andon/inbox/v1", None)
    (item,) = inbox["items"]
    assert set(item) >= ITEM and item["id"] == escalation
    assert item["action"]["kind"] == "shift_visit"
    show = andon("show", escalation, "--json").json
    assert set(show) >= ITEM | {"state", "diff", "decisions"}
    assert {k: show[k] for k in ITEM} == {k: item[k] for k in ITEM}
    assert show["may_sign"] == ["k.maes"] and show["you"] == {"person": "guest", "role": None}
    assert show["untrusted"]["request"] == ASKS_A_PERSON


def test_cases_pages_and_filters(andon: Program) -> None:
    andon("chat", "-p", "Where is V-1?", "-p", ASKS_A_PERSON, "-p", "Where is V-2?", "--json")
    everything = andon("cases", "--json").json
    assert (everything["schema"], len(everything["items"]), everything["next"]) == ("andon/cases/v1", 3, None)
    assert [i["status"] for i in everything["items"]] == ["done", "waiting", "done"]
    (waiting,) = andon("cases", "--status", "waiting", "--json").json["items"]
    assert waiting["waiting"] == [i["id"] for i in andon("inbox", "--json").json["items"]]
    page = andon("cases", "--limit", "2", "--json").json
    assert [i["id"] for i in page["items"]] == [i["id"] for i in everything["items"][:2]]
    assert page["next"] == everything["items"][2]["id"]


def test_resume(andon: Program) -> None:
    assert andon("resume", "--json").json == {"schema": "andon/resume/v1", "cases": []}
    andon.ask_a_person()
    case = andon("cases", "--json").json["items"][0]["id"]
    done = andon("resume", case, "--json")
    assert (done.code, done.json["schema"]) == (75, "andon/resume/v1")
    assert set(done.json["cases"][0]) >= RUN


def test_agents(andon: Program) -> None:
    shape = andon("agents", "--json").json
    assert (shape["schema"], [a["agent"] for a in shape["agents"]]) == (
        "andon/agents/v1",
        ["berthing", "fairway"],
    )
    (one,) = andon("agents", "fairway", "--json").json["agents"]
    assert one["authority"]["level"] == 4 and one["manifest_hash"].startswith("sha256:")
    assert one["input_schema"]["requests"]["sound_berth"]["from"] == ["person"]


def test_check(andon: Program) -> None:
    check = andon("check", "--json").json
    assert set(check) >= {"schema", "ok", "problems", "proof"}
    assert (check["schema"], check["ok"], check["proof"]) == ("andon/check/v1", True, None)
    for problem in check["problems"]:
        assert set(problem) >= {"code", "file", "line", "message", "severity"}
        assert problem["severity"] == "warning"


def test_audit(andon: Program) -> None:
    andon("run", "Sound B3 from 2026-05-07 08:00")
    done = andon("audit", "--json")
    assert done.code == 0
    assert set(done.json) >= {"schema", "ok", "violations", "counts", "head"}
    assert set(done.json["counts"]) >= {"cases", "actions", "events", "decisions", "audit_entries"}
    assert (done.json["schema"], done.json["ok"], done.json["counts"]["actions"]) == (
        "andon/audit/v1",
        True,
        1,
    )


@pytest.mark.parametrize(
    "words", [("run", "Where is V-1?"), ("chat", "-p", "Where is V-1?"), ("inbox",), ("agents",)]
)
def test_json_mode_says_nothing_else(andon: Program, words: tuple[str, ...]) -> None:
    done = andon(*words, "--json")
    assert done.err == ""
    assert len(done.out.splitlines()) == 1
    assert done.out.isascii()
