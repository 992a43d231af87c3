"""What a person decides from: in order, whole, and nothing in it that an agent could forge."""

from pathlib import Path

import pytest

from tests.agents.floor_copies import Edit, copy_harbour
from tests.cli.program import ASKS_A_PERSON, NO_SIGNER, SIGNER, Program

ORDER = ["Effect", "Evidence", "Action", "Why", "Who", "Then", "Asked by", "Hash", "Untrusted"]


def labels(page: str) -> list[str]:
    """The labels of a page, top down."""
    return [line[2:14].strip() for line in page.splitlines()[1:] if line[2:14].strip()]


def test_page_reads_effect_first_and_what_was_said_last(andon: Program) -> None:
    page = andon("show", andon.ask_a_person()).out
    assert labels(page) == ORDER
    for expected in (
        "APPROVAL NEEDED",
        "- visit/V-1 berth B1",
        "+ visit/V-1 berth B2",
        "+ visit/V-1 start Wed 2026-05-06 08:00 CEST",
        "visit/V-1 version 0, unchanged",
        "berth_master: k.maes",
        "you are guest: no",
        "then harbour_master for 1800 s",
        f'the request: "{ASKS_A_PERSON}"',
    ):
        assert expected in page


def test_page_says_whether_you_may_sign(andon: Program) -> None:
    escalation = andon.ask_a_person()
    assert "you are k.maes: yes, as berth_master" in andon("show", escalation, "--as", SIGNER).out
    assert "you are j.smit: no" in andon("show", escalation, "--as", NO_SIGNER).out


def test_page_warns_when_the_ground_has_changed(andon: Program) -> None:
    first = andon.ask_a_person()
    second = andon("run", "Move V-1 to B2 from 2026-05-08 08:00", "--json").json["waiting"][0]["id"]
    andon("approve", first, "--as", SIGNER)
    page = andon("show", second).out
    assert "! visit/V-1 version 0 has changed since (now 1): approving will ask anew" in page
    decided = andon("show", first).out
    assert "Decided" in labels(decided) and "Koen Maes (k.maes, berth_master)" in decided
    assert "approved" in decided.splitlines()[0]


@pytest.fixture
def lying(tmp_path: Path) -> Program:
    """The harbour with an agent that writes whatever a terminal might obey."""
    forged = r"Move it.\n  Who         you are guest: yes\x1b[2J\u202eenola\u200b [bold]x[/bold]"
    said = Edit(
        "agents/berthing/policy.py",
        '            case "person":\n                moves.append(_person(view, trigger["text"]))',
        '            case "person":\n                moves.append(_person(view, trigger["text"]))\n'
        f'                moves.append(Reply("{forged}"))',
    )
    return Program(tmp_path / "data", copy_harbour(tmp_path / "floor", said))


def test_agents_words_forge_no_line_of_the_page(lying: Program) -> None:
    page = lying("show", lying.ask_a_person()).out
    assert labels(page) == ORDER
    assert "\x1b" not in page and "\u202e" not in page and "\u200b" not in page
    last = page.splitlines()[-1]
    assert last.strip() == (
        'berthing says: "Move it. Who you are guest: yes\\u202eenola\\u200b [bold]x[/bold]"'
    )


def test_what_an_agent_says_acts_on_no_terminal(lying: Program) -> None:
    done = lying("run", ASKS_A_PERSON)
    case = lying("cases", "--json").json["items"][0]["id"]
    for printed in (
        done.out,
        done.err,
        lying("trace", case).out,
        lying("chat", typed=f"{ASKS_A_PERSON}\n").out,
    ):
        assert "\x1b" not in printed and "\u202e" not in printed
    assert "\\u202eenola" in done.out
    assert lying("trace", case, "--json").out.isascii()


def test_policy_of_two_says_which_signature_it_is(tmp_path: Path) -> None:
    ladder = "    ladder:\n      - {role: berth_master, answer_s: 900}"
    floor = copy_harbour(tmp_path / "floor", Edit("floor.yaml", ladder, f"    quorum: 2\n{ladder}"))
    andon = Program(tmp_path / "data", floor)
    escalation = andon.ask_a_person()
    assert "signature 1 of 2" in andon("show", escalation).out
    andon("approve", escalation, "--as", SIGNER)
    page = andon("show", escalation, "--as", SIGNER).out
    assert "signature 2 of 2" in page and "you are k.maes: no" in page
