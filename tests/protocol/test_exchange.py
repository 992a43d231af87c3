"""The exchange's table: what may be said when, and that every path ends."""

import itertools
from dataclasses import replace

import pytest

from protocol.deference import Deference
from protocol.exchange import (
    TABLE,
    Exchange,
    ExchangeState,
    IllegalSayError,
    Say,
    advance,
    exchange_from,
    exchange_json,
    fail,
    speak,
)
from protocol.machine import IllegalStepError
from protocol.turns import Answer, AnswerKind, Carried

ASKED = Exchange("m", "a", "b", "find", {}, Carried("lift", {"crate": "C"}, ("start",)), "case/1/a/0", 3, 1)


def answer(kind: str, **values: str) -> Answer:
    return Answer("x1", AnswerKind(kind), values)


def test_ended_states_accept_nothing() -> None:
    for state, say in itertools.product(ExchangeState, Say):
        if not state.open:
            with pytest.raises(IllegalStepError, match=f"{say} is not possible .* exchange is {state}"):
                advance(state, say)


def test_open_states_accept_everything() -> None:
    assert set(TABLE) == {(s, e) for s in ExchangeState if s.open for e in Say}


def test_only_the_awaited_party_may_speak() -> None:
    with pytest.raises(IllegalSayError):
        speak(ASKED, "a", answer("agree", start="x"), {}, 3)


def test_agreement_that_leaves_a_hole_is_a_defer() -> None:
    assert speak(ASKED, "b", answer("agree"), {}, 3).state is ExchangeState.INSISTED


def test_agreement_fills_the_holes() -> None:
    agreed = speak(ASKED, "b", answer("agree", start="t1"), {}, 3)
    assert agreed.settled_params() == {"crate": "C", "start": "t1"}


def test_yes_to_something_else_is_an_offer() -> None:
    stated = replace(ASKED, carries=Carried("lift", {"crate": "C", "start": "x"}))
    heard = speak(stated, "b", answer("agree", start="y"), {}, 3)
    assert (heard.state, heard.offer) == (ExchangeState.OFFERED, {"start": "y"})


def test_offer_that_calls_itself_a_yes_is_known_when_it_is_repeated() -> None:
    stated = replace(ASKED, carries=Carried("lift", {"crate": "C", "start": "x"}))
    offered = speak(stated, "b", answer("agree", start="y"), {}, 9)
    insisted = speak(offered, "a", answer("counter", start="x"), {}, 9)
    assert speak(insisted, "b", answer("counter", start="y"), {}, 9).cut_by == "repeat"


def test_yes_to_a_counter_takes_the_askers_word_and_not_the_offer_before() -> None:
    offered = speak(ASKED, "b", answer("counter", start="x"), {}, 9)
    countered = speak(offered, "a", answer("counter", start="y"), {}, 9)
    agreed = speak(countered, "b", answer("agree"), {}, 9)
    assert agreed.state is ExchangeState.AGREED
    assert agreed.settled_params() == {"crate": "C", "start": "y"}


def test_accepting_an_offer_settles_on_it() -> None:
    offered = speak(ASKED, "b", answer("counter", start="t2"), {}, 3)
    assert speak(offered, "a", answer("agree"), {}, 3).settled_params() == {"crate": "C", "start": "t2"}


def test_repetition_on_changed_reads_is_no_repetition() -> None:
    offered = speak(ASKED, "b", answer("counter", start="t2"), {"slot/S": 1}, 9)
    back = speak(offered, "a", answer("counter", start="t1"), {}, 9)
    same = speak(back, "b", answer("counter", start="t2"), {"slot/S": 1}, 9)
    changed = speak(back, "b", answer("counter", start="t2"), {"slot/S": 2}, 9)
    assert (same.state, same.cut_by) == (ExchangeState.CUT, "repeat")
    assert changed.state is ExchangeState.OFFERED


def test_wording_never_makes_a_position_new() -> None:
    offered = speak(ASKED, "b", answer("counter", start="t2"), {}, 9)
    back = speak(offered, "a", answer("counter", start="t1"), {}, 9)
    reworded = Answer("x1", AnswerKind.COUNTER, {"start": "t2"}, None, "after you, I insist")
    assert speak(back, "b", reworded, {}, 9).cut_by == "repeat"


def test_every_conversation_ends_within_the_bound_of_answers() -> None:
    for bound in (1, 2, 3, 5):
        for kinds in itertools.product(AnswerKind, repeat=bound + 1):
            exchange, said = ASKED, 0
            for n, kind in enumerate(kinds):
                if exchange.speaker is None:
                    break
                exchange = speak(
                    exchange, exchange.speaker, Answer("x1", kind, {"start": f"t{n}"}), {}, bound
                )
                said += 1
            assert not exchange.state.open
            assert said <= bound


def test_second_deference_of_the_owner_ends_the_exchange() -> None:
    told = speak(ASKED, "b", answer("defer"), {}, 9)
    ended = speak(told, "b", answer("defer"), {}, 9)
    assert [x.deference for x in (ASKED, told, ended)] == list(Deference)
    assert (ended.state, ended.cut_by) == (ExchangeState.CUT, "defer")


def test_offer_in_between_does_not_start_deference_anew() -> None:
    told = speak(ASKED, "b", answer("defer"), {}, 9)
    offered = speak(told, "b", answer("counter", start="t1"), {}, 9)
    back = speak(offered, "a", answer("counter", start="t2"), {}, 9)
    assert (back.state, back.deference) == (ExchangeState.ASKED, Deference.TOLD)
    assert speak(back, "b", answer("defer"), {}, 9).deference is Deference.ENDED


def test_matter_deferred_before_is_cut_at_the_first_deference() -> None:
    anew = replace(ASKED, defers=2)
    assert exchange_from(exchange_json(anew)).deference is Deference.TOLD
    assert speak(anew, "b", answer("defer"), {}, 9).deference is Deference.ENDED


def test_failure_decides_nothing() -> None:
    failed = fail(ASKED, "timeout")
    assert (failed.state, failed.settled_params()) == (ExchangeState.FAILED, None)


def test_stored_form_comes_back_the_same() -> None:
    offered = speak(ASKED, "b", answer("counter", start="t2"), {"slot/S": 1}, 3)
    assert exchange_from(exchange_json(offered)) == offered
