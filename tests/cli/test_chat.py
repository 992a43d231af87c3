"""The chat through a pipe: a line, a case; what waits blocks nothing; decisions inside the conversation."""

import json

import pytest

from cli.slash import COMMANDS
from tests.cli.program import ASKS_A_PERSON, SIGNER, Program


def test_each_line_is_a_case_of_one_session(andon: Program) -> None:
    done = andon("chat", "--json", typed="Where is V-1?\n\nWhere is V-2?\n")
    assert done.code == 0
    assert [line["status"] for line in done.lines] == ["done", "done"]
    assert len({line["case"] for line in done.lines}) == 2
    assert len({line["session"] for line in done.lines}) == 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("Where is V-1?",), 0),
        (("Where is V-1?", ASKS_A_PERSON), 75),
        ((ASKS_A_PERSON, "Bake a cake", "Where is V-1?"), 1),
    ],
)
def test_exit_code_of_several_lines(andon: Program, lines: tuple[str, ...], code: int) -> None:
    assert andon("chat", typed="\n".join(lines)).code == code
    afresh = Program(andon.data / "afresh")  # on the first ledger the same question is asked already
    assert afresh("chat", *(word for line in lines for word in ("-p", line))).code == code


def test_nothing_on_stdin_is_nothing_to_do(andon: Program) -> None:
    assert andon("chat", "--json").code == 0
    assert andon("chat", "--json").out == ""


def test_only_blank_lines_are_an_empty_text(andon: Program) -> None:
    done = andon("chat", "--json", typed="\n  \n")
    assert (done.code, done.error["code"]) == (2, "empty_text")


def test_waiting_approval_is_announced_and_other_cases_go_on(andon: Program) -> None:
    done = andon("chat", typed=f"{ASKS_A_PERSON}\nWhere is V-2?\n")
    waiting = next(line for line in done.err.splitlines() if line.startswith("waiting for a person"))
    assert "berth_master" in waiting and "Mon 2026-05-04 06:15 CEST" in waiting and "esc_" in waiting
    assert "Bolder waits for a berth." in done.out


def test_who_works_is_told_on_stderr_and_the_offline_model_in_one_line(andon: Program) -> None:
    done = andon("chat", typed="Where is V-1?\n")
    assert sum("offline" in line for line in done.err.splitlines()) == 1
    assert any(line.startswith("berthing ") and line.endswith("s") for line in done.err.splitlines())
    assert done.out == "berthing: Aurora has B1 until 2026-05-05T06:00:00Z.\n"
    assert andon("chat", "-q", typed="Where is V-1?\n").err == ""


def test_session_is_printed_and_continued(andon: Program) -> None:
    first = andon("chat", "-p", "Where is V-1?")
    session = (
        next(line for line in first.err.splitlines() if line.startswith("session ")).split()[1].rstrip(",")
    )
    again = andon("chat", "-r", session, "--json", typed="Where is V-2?\n")
    assert again.json["session"] == session
    assert [i["session"] for i in andon("cases", "--json").json["items"]] == [session, session]


def test_person_of_the_chat_decides_in_it(andon: Program) -> None:
    escalation = andon.ask_a_person()
    typed = (
        f"/approvals\n/show {escalation}\n/approve {escalation} high water\n/trace\n/exit\nWhere is V-1?\n"
    )
    done = andon("chat", "--as", SIGNER, "--json", typed=typed)
    assert done.code == 2, "there is no case to trace in this session yet"
    inbox, page, approved = done.lines
    assert [inbox["items"][0]["id"], page["id"], approved["id"]] == [escalation] * 3
    assert (approved["decision"], approved["by"], approved["status"]) == ("approved", SIGNER, "done")
    decision = andon("show", escalation, "--json").json["decisions"][0]
    assert (decision["reason"], decision["channel"]) == ("high water", "chat")


def test_guest_of_a_chat_may_not_decide(andon: Program) -> None:
    escalation = andon.ask_a_person()
    done = andon("chat", "--json", typed=f"/approve {escalation}\n")
    assert (done.code, done.error["code"]) == (77, "not_authorised")


def test_reject_in_a_chat_needs_its_reason(andon: Program) -> None:
    escalation = andon.ask_a_person()
    assert andon("chat", "--as", SIGNER, typed=f"/reject {escalation}\n").code == 2
    done = andon("chat", "--as", SIGNER, "--json", typed=f"/reject {escalation} not today\n")
    assert (done.code, done.json["decision"]) == (0, "rejected")


@pytest.mark.parametrize("line", ["/approve", "/reject", "/answer", "/trace", "/nothing", "/"])
def test_slash_command_that_lacks_something_is_told(andon: Program, line: str) -> None:
    done = andon("chat", "--json", typed=f"{line}\n")
    assert done.code == 2
    assert done.error["hint"]


def test_near_slash_command_is_suggested(andon: Program) -> None:
    assert "/approvals" in andon("chat", typed="/aprovals\n").err


def test_every_slash_command_is_in_the_help(andon: Program) -> None:
    shape = andon("chat", "-p", "/help", "--json").json
    assert [c["usage"].split()[0] for c in shape["commands"]] == list(COMMANDS)
    assert set(COMMANDS) >= {
        "/help",
        "/agents",
        "/approvals",
        "/approve",
        "/reject",
        "/answer",
        "/trace",
        "/cases",
        "/resume",
        "/exit",
    }


def test_lists_and_traces_of_a_chat_are_those_of_the_verbs(andon: Program) -> None:
    done = andon("chat", "--json", typed="Where is V-1?\n/trace\n/cases\n/agents\n/resume\n")
    run, trace, cases, agents, resumed = done.lines
    assert trace == andon("trace", run["case"], "--json").json
    assert cases == andon("cases", "--limit", "20", "--json").json
    assert agents == andon("agents", "--json").json
    assert resumed == {"schema": "andon/resume/v1", "cases": []}


def test_human_chat_can_do_the_same(andon: Program) -> None:
    done = andon(
        "chat", typed="/agents\n/agents fairway\n/cases\n/approvals\n/help\n/resume\nWhere is V-1?\n/trace\n"
    )
    assert done.code == 0
    for expected in (
        "berthing",
        "No case yet.",
        "Nothing waits for a person.",
        "/approve ID",
        "Nothing can go on",
    ):
        assert expected in done.out


def test_two_chats_on_one_ledger_answer_side_by_side(andon: Program) -> None:
    first = andon("chat", "-p", "Where is V-1?", "--json")
    second = andon.process("chat", "--json", typed=b"Where is V-1?\n")
    assert json.loads(second.out)["reply"] == first.json["reply"]
    assert json.loads(second.out)["session"] != first.json["session"]
