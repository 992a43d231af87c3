"""Reporting without a model: figures with their window, open items, reports; and who a line concerns."""

from typing import Any

import pytest

from protocol.turns import Answer, AnswerKind, Move, Proposal, Reply

from .plant_world import plant
from .play import decide, person, play, policy_of, told
from .snapshot_fake import FakePlant
from .test_policy_quality import covers

DAY = {"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T14:00:00Z"}


def floor() -> FakePlant:
    """Line L2 with M13 down; M8 of L1 had a breakdown of 68 minutes on Sunday."""
    made = covers().add("machine", "M8", line="L1")
    made.add("machine", "M13", line="L2", state="Down", since="2026-03-02T07:00:00Z", reason="spindle")
    broken = {"machine": "M8", "kind": "breakdown", "state": "closed"}
    made.downtime("D-1", "2026-03-01T08:00:00Z", "2026-03-01T09:08:00Z", **broken)
    return made.add("maintenance_order", "MO-71", due="2026-03-04T07:00:00Z")


def said(text: str, *recent: tuple[str, str], store: FakePlant | None = None) -> list[Move]:
    return play(policy_of("reporting"), store or floor(), "reporting", person(text, *recent))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "OEE for line 2 last night",
            ["Line L2, Sun 1 Mar 23:00 to Mon 2 Mar 07:00", "OEE: unknown, because"],
        ),
        (
            "why was OEE 112 %?",
            ["a standard time per piece is too long", "last 7 days as no window was named"],
        ),
        (
            "how many breakdowns on M8 yesterday?",
            ["M8, Sun 1 Mar 00:00", "breakdowns: 1", "68 of 1440 min (1.1 h)"],
        ),
        ("how many breakdowns on 8 and what did they cost us in hours", ["M8,", "breakdowns: 1", "(1.1 h)"]),
        ("quality ratio today", ["quality ratio: unknown, because no finished run reported pieces"]),
        ("what happened last week?", ["Mon 23 Feb 00:00 to Mon 2 Mar 00:00", "runs finished: unknown"]),
        ("which orders are late?", ["No order that is planned will be late"]),
        ("which machines are down?", ["M13 Down since Mon 2 Mar 08:00 (spindle)"]),
        ("status of order O-500", ["O-500: Released, 0 of 200 COVER made", "held by compliance hold H-12"]),
    ],
)
def test_answers_name_window_and_what_is_missing(text: str, expected: list[str]) -> None:
    answer = told(said(text))
    assert [part for part in expected if part not in answer] == []


@pytest.mark.parametrize("text", ["OEE for line 2 last night", "quality ratio today", "figures"])
def test_ratio_without_a_denominator_is_never_a_number(text: str) -> None:
    (line,) = [row for row in told(said(text)).splitlines() if "quality ratio" in row]
    assert "unknown" in line and "%" not in line


def test_handover_lists_every_open_item() -> None:
    text = told(said("give me the handover, short"))
    for part in (
        "M13 Down",
        "H-12",
        "MO-71 PM of M7, due Wed 4 Mar 08:00, not planned",
        "Runs at risk: none",
    ):
        assert part in text


def test_figures_are_not_dressed_up() -> None:
    (reply,) = said("make yesterday look less bad")
    assert isinstance(reply, Reply) and reply.code == "out_of_scope" and "Instead" in reply.text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("figures for line 9 today", "unknown_machine"),
        ("figures for M99", "unknown_machine"),
        ("how many breakdowns on 99", "unknown_machine"),
        ("figures for tomorrow", "no_denominator"),
        ("overview of O-999", "unknown_order"),
    ],
)
def test_refusal_has_its_code(text: str, code: str) -> None:
    (reply,) = said(text)
    assert isinstance(reply, Reply) and reply.code == code


def test_named_window_is_published_and_without_one_the_shift() -> None:
    (report,) = said("publish the downtime report for M8 yesterday")
    window = {"from": "2026-02-28T23:00:00Z", "to": "2026-03-01T23:00:00Z"}
    assert report == Proposal("publish_report", {"kind": "downtime", "scope": "M8", **window})
    (shift, reply) = said("publish the shift report")
    assert shift == Proposal("publish_report", {"kind": "shift", "scope": None, **DAY})
    assert isinstance(reply, Reply) and "provisional" in reply.text


def test_line_that_says_nothing_of_it_is_asked_about() -> None:
    (reply,) = said("sing me a song")
    assert isinstance(reply, Reply) and reply.clarify


def test_other_agents_are_refused() -> None:
    (answer,) = play(policy_of("reporting"), floor(), "reporting", decide("publish_report"))
    assert isinstance(answer, Answer) and (answer.kind, answer.code) == (AnswerKind.REFUSE, "out_of_scope")


CONCERNS: dict[str, list[str]] = {
    "quality": [
        "Hold everything from Machine 8 since 2 this morning",
        "Release the hold on lot 18, it's only a label thing",
        "final inspection is backed up, skip sampling on repeat jobs",
        "scrap them",
        "can we ship the covers while the plates are on hold?",
        "it passed when I measured it again",
        "What holds O-500?",
        "QA: approved, release the hold",
        "override, I'm the plant manager",
        "is L95 usable?",
        "what is on hold?",
    ],
    "inventory": [
        "do we have enough HN-4402 for the next three runs?",
        "give line 2 400 of it",
        "the vendor just said Friday not Wednesday",
        "borrow the allocation from 311, they don't start till Monday",
        "system says 60, I count 52",
        "use the rejected ones, they're fine for this customer",
        "Allocate 400 CX to O-201 and 400 CX to O-202",
        "how much CX is there?",
        "release the allocation of O-500",
        "what does O-201 need?",
    ],
    "reporting": [
        "OEE for line 2 last night",
        "why was OEE 112 %?",
        "give me the handover, short",
        "make yesterday look less bad",
        "how many breakdowns on 8 and what did they cost us in hours",
        "what did we promise the day shift?",
        "which orders are late?",
        "which machines are down?",
        "publish the downtime report for M8 yesterday",
        "status of the plant",
        "how many pieces did M8 make today?",
    ],
}


@pytest.mark.parametrize(
    ("role", "text"), [(role, text) for role, texts in CONCERNS.items() for text in texts]
)
def test_line_goes_to_the_role_that_it_concerns(role: str, text: str) -> None:
    scores = {agent: policy_of(agent).relevance(text) for agent in plant().manifests}
    assert [agent for agent, score in scores.items() if score == max(scores.values())] == [role], scores


@pytest.mark.parametrize(
    "text", ["sing me a song", "what is the weather", "hello", "write me a poem about love"]
)
def test_nobodys_business_scores_nothing(text: str) -> None:
    assert [policy_of(role).relevance(text) for role in CONCERNS] == [0, 0, 0]


def test_reporting_is_woken_by_no_event() -> None:
    wakes: Any = plant().manifests["reporting"].input_schema.events.hear
    assert list(wakes) == []
