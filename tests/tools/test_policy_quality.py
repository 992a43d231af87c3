"""Quality without a model: holds, releases that a role signs, inspections, gauges."""

from typing import Any

import pytest

from protocol.times import plus
from protocol.turns import Answer, AnswerKind, Move, Proposal, Reply

from .play import decide, event, overruled, person, play, policy_of, request, reread, told
from .snapshot_fake import NOW, FakePlant

WHY = "Measured with gauge G12 after its calibration expired"
RELEASE = "The words of m.ito; nothing was inspected for it"


def covers() -> FakePlant:
    """O-500 waits for L95, which a compliance hold covers; R-320 runs on M8."""
    made = FakePlant().add("machine", "M7").add("machine", "M8").add("stock", "PLATE", on_hand=260)
    made.add("lot", "L95", item="PLATE", quantity=160).add("lot", "L96", item="PLATE", quantity=100)
    made.add("gauge", "G12", valid_until="2026-02-27T17:00:00Z")
    made.add("gauge", "G14", valid_until="2026-08-31T17:00:00Z")
    made.add("inspection", "I-9", subject="lot/L95", gauge="G12", at="2026-03-02T07:15:00Z")
    made.add(
        "hold",
        "H-12",
        subject="lot/L95",
        kind="compliance",
        reason=WHY,
        release_role="qa_manager",
        placed=NOW,
    )
    made.order("O-500", item="COVER", materials=[{"item": "PLATE", "quantity": 120}])
    made.order("O-310").order("O-320")
    made.add("allocation", "A-5", order="O-500", item="PLATE", lot="L95", quantity=120)
    made.run("R-500", plus(NOW, minutes=60), plus(NOW, minutes=120), order="O-500", lots=["L95"])
    busy = {"order": "O-320", "machine": "M8", "state": "Running"}
    return made.run("R-320", plus(NOW, minutes=-120), plus(NOW, minutes=240), **busy)


def moves(*triggers: Any, store: FakePlant | None = None) -> list[Move]:
    return play(policy_of("quality"), store or covers(), "quality", *triggers)


def said(text: str, *recent: tuple[str, str], **who: Any) -> list[Move]:
    return moves(person(text, *recent, **who))


def proposals(found: list[Move]) -> list[tuple[str, str]]:
    return [
        (m.kind, str(m.params.get("subject") or m.params["hold"])) for m in found if isinstance(m, Proposal)
    ]


def test_question_about_a_held_order_names_hold_role_and_alternatives() -> None:
    text = told(said("What holds O-500?"))
    assert "H-12" in text and WHY in text and "qa_manager" in text
    assert "L96 (100 PLATE free)" in text and "G14" in text and "O-310" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is L95 usable?", "L95 may not be used: compliance hold H-12"),
        ("can I use L96", "Nothing holds L96; it may be used."),
        ("Is M8 held?", "Nothing holds M8."),
        ("what is on hold?", "Compliance hold H-12"),
        ("who can release H-12?", "released by qa_manager only"),
        ("don't release L95", "L95 may not be used"),
        ("is G12 valid?", "its calibration ended Fri 27 Feb 18:00"),
        ("can we ship O-310?", "0 of 200 pcs of O-310 are made"),
        ("release the hold on O-310", "No hold covers O-310"),
    ],
)
def test_what_asks_writes_nothing(text: str, expected: str) -> None:
    assert expected in told(said(text))


def test_bought_lot_without_inspection_is_unknown_not_usable() -> None:
    store = covers().add("lot", "L99", item="PLATE", quantity=5, purchase="PO-1")
    found = moves(person("is L99 usable?"), request("is_usable", subject="lot/L99"), store=store)
    assert isinstance(found[0], Reply) and "unknown" in found[0].text
    assert found[1] == Answer(
        "x1", AnswerKind.AGREE, {"usable": "unknown", "hold": None, "release_role": None}
    )


@pytest.mark.parametrize(
    ("text", "subject", "quantity", "kind"),
    [
        ("Hold L96 because it looks odd", "lot/L96", None, "in_process"),
        ("could you hold L96?", "lot/L96", None, "in_process"),
        ("hold 20 of L96", "lot/L96", 20, "in_process"),
        ("Hold L96, Machine 8 scratched it", "lot/L96", None, "in_process"),
        ("quarantine L96", "lot/L96", None, "quarantine"),
        ("Hold Machine 8, it scratches", "machine/M8", None, "in_process"),
        ("Hold L96, I measured it with G14 and it is off", "lot/L96", None, "in_process"),
        ("Hold everything from Machine 8 since 2 this morning", "run/R-320", None, "in_process"),
    ],
)
def test_hold_is_proposed_at_once(text: str, subject: str, quantity: int | None, kind: str) -> None:
    (hold, *_) = said(text)
    assert isinstance(hold, Proposal)
    named = {name: hold.params[name] for name in ("subject", "quantity", "kind")}
    assert named == {"subject": subject, "quantity": quantity, "kind": kind}
    assert isinstance(covers().would("place_hold", hold.params).result["hold"], str)  # type: ignore[union-attr]


LINES = [
    "release the hold on L95",
    "Release H-12, it's only a label thing",
    "release it on O-500",
    "QA: approved, release the hold on L95",
    "override H-12, I'm the plant manager",
    "I'll take responsibility for L95",
]


@pytest.mark.parametrize("text", LINES)
@pytest.mark.parametrize("roles", [(), ("plant_manager",), ("qa_manager",)])
def test_no_wording_and_no_role_releases_a_hold_itself(text: str, roles: tuple[str, ...]) -> None:
    (release, reply) = said(text, roles=roles)
    assert release == Proposal("release_hold", {"hold": "H-12", "reason": text, "evidence": RELEASE})
    assert isinstance(reply, Reply) and "qa_manager signs or it stays" in reply.text
    assert ("somebody else's" in reply.text) == (roles == ("qa_manager",))


@pytest.mark.parametrize(
    "recent",
    [
        [("What holds O-500?", "O-500 may not be used: compliance hold H-12 on lot/L95")],
        [("What holds O-500?", ""), ("thanks", "")],
        [("What's next on Machine 7?", "R-500, held: compliance hold H-12 on lot/L95")],
    ],
)
def test_release_it_means_what_was_spoken_of(recent: list[tuple[str, str]]) -> None:
    assert proposals(said("release it", *recent)) == [("release_hold", "H-12")]


def test_alternatives_are_those_of_the_order_that_the_hold_blocks() -> None:
    recent = [("What's next on Machine 8?", "R-320"), ("What holds O-500?", "H-12"), ("and O-310?", "")]
    (_, reply) = said("release H-12", *recent)
    assert isinstance(reply, Reply) and "L96 (100 PLATE free)" in reply.text


def test_key_in_the_line_wins_over_what_was_spoken_of() -> None:
    assert "No hold covers O-310" in told(said("release O-310", ("What holds O-500?", "H-12")))


def test_two_holds_are_asked_about_and_nothing_is_written() -> None:
    store = covers().add("hold", "H-13", subject="lot/L95")
    (reply,) = moves(person("release the hold on L95"), store=store)
    assert isinstance(reply, Reply) and reply.clarify and "H-12" in reply.text and "H-13" in reply.text


@pytest.mark.parametrize(
    "text",
    [
        "release it",
        "QA: approved, release the hold",
        "override, I'm the plant manager",
        "hold it",
        "quality?",
    ],
)
def test_missing_reference_is_asked_about(text: str) -> None:
    (reply,) = said(text)
    assert isinstance(reply, Reply) and reply.clarify and reply.code is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Release the hold on lot 18, it's only a label thing", "unknown_subject"),
        ("release H-99", "unknown_hold"),
        ("hold -5 of L96", "bad_quantity"),
        ("hold 1e9 of L96", "bad_quantity"),
        ("Inspected L96: 98 accepted, -2 rejected", "bad_quantity"),
        ("final inspection is backed up, skip sampling on repeat jobs", "needs_signature"),
        ("scrap them", "needs_signature"),
        ("can we scrap L95?", "needs_signature"),
    ],
)
def test_refusal_has_its_code_and_proposes_nothing(text: str, code: str) -> None:
    (reply,) = said(text)
    assert isinstance(reply, Reply) and reply.code == code


def test_released_hold_is_not_released_again() -> None:
    store = covers().add("hold", "H-12", subject="lot/L95", state="released", released=NOW)
    (reply,) = moves(person("release H-12"), store=store)
    assert isinstance(reply, Reply) and reply.code == "unknown_hold"


def test_inspection_is_recorded_with_its_counts() -> None:
    (made,) = said("Inspected L96: 98 accepted, 2 rejected with G14")
    want = {"subject": "lot/L96", "accepted": 98, "rejected": 2, "mrb": 0, "gauge": "G14"}
    assert made == Proposal("record_inspection", want)


def test_measured_length_is_kept_with_four_places() -> None:
    (made,) = said("inspected L96 characteristic BORE1 11.03 mm with G14: 1 accepted")
    assert isinstance(made, Proposal)
    assert (made.params["characteristic"], made.params["measured"]) == ("BORE1", "11.0300")


def test_result_of_an_expired_gauge_is_said_to_count_for_nothing() -> None:
    (_, reply) = said("Inspected L96: 98 accepted with G12")
    assert isinstance(reply, Reply) and "counts for nothing" in reply.text


def test_second_measurement_without_counts_is_asked_about() -> None:
    (reply,) = said("it passed when I measured it again", ("Is L95 usable?", ""))
    assert isinstance(reply, Reply) and reply.clarify and "the first one stands" in reply.text


def test_expired_gauge_puts_a_compliance_hold_on_lots_that_have_none() -> None:
    expired = event("calibration.expired", "gauge/G12", gauge="G12", valid_until="2026-02-27T17:00:00Z")
    assert moves(expired) == []
    store = covers().add("inspection", "I-10", subject="lot/L96", gauge="G12", at="2026-03-02T08:00:00Z")
    (hold,) = moves(expired, store=store)
    want = {"subject": "lot/L96", "quantity": None, "kind": "compliance", "reason": WHY, "release_role": None}
    assert hold == Proposal("place_hold", want)


@pytest.mark.parametrize(
    ("text", "held"), [("burrs on every part, scrap", 1), ("need a break", 0), (None, 0)]
)
def test_andon_holds_only_for_a_quality_reason(text: str | None, held: int) -> None:
    found = moves(event("andon.raised", "machine/M8", machine="M8", by="g.ohara", at=NOW, text=text))
    assert proposals(found) == [("place_hold", "run/R-320")] * held


def test_recorded_inspection_is_left_to_the_reflex() -> None:
    assert moves(event("inspection.recorded", "lot/L95", inspection="I-9", subject="lot/L95")) == []


@pytest.mark.parametrize(
    ("asked", "kind", "given"),
    [
        (request("is_usable", subject="lot/L96"), "agree", "yes"),
        (request("is_usable", subject="order/O-500"), "agree", "no"),
        (request("is_usable", subject="lot/L97"), "refuse", "unknown_subject"),
        (request("is_usable", subject="the plates"), "refuse", "unknown_subject"),
        (request("review_hold", hold="H-99"), "refuse", "unknown_hold"),
        (decide("place_hold", subject="lot/L96", kind="in_process", reason="odd"), "agree", None),
        (decide("release_hold", hold="H-12", evidence="", reason=""), "refuse", "needs_signature"),
        (decide("plan_run", order="O-500"), "refuse", "out_of_scope"),
    ],
)
def test_every_request_gets_a_decision(asked: dict[str, Any], kind: str, given: str | None) -> None:
    (answer,) = moves(asked)
    assert isinstance(answer, Answer) and str(answer.kind) == kind
    assert (answer.values.get("usable") or answer.code) == given


def test_review_puts_the_release_before_its_role_with_the_askers_words() -> None:
    (release, answer) = moves(request("review_hold", hold="H-12", reason="customer is screaming"))
    assert isinstance(release, Proposal) and release.params["reason"] == "customer is screaming"
    assert answer == Answer("x1", AnswerKind.AGREE, {"release_role": "qa_manager"})


@pytest.mark.parametrize("again", [reread, overruled])
def test_what_is_still_wanted_is_proposed_again(again: Any) -> None:
    wanted = {
        "subject": "lot/L96",
        "quantity": None,
        "kind": "quality",
        "reason": "odd",
        "release_role": None,
    }
    assert moves(again("place_hold", **wanted)) == [Proposal("place_hold", wanted)]
    held = covers().add("hold", "H-13", subject="lot/L96")
    assert moves(again("place_hold", **wanted), store=held) == []
    release = {"hold": "H-12", "evidence": "none", "reason": "x"}
    assert moves(again("release_hold", **release)) == [Proposal("release_hold", release)]
