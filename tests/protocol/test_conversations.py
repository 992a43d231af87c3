"""Agents that have much to settle are left to settle it: no matter of its own is ever cut (R4)."""

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from protocol.position import Route
from protocol.rows import CaseStatus

from .memory_store import MemoryStore
from .ring import agents_of, ring_world
from .talk import FORMS, Conversation, Talkers, conversations, talks
from .yard import CASE, Yard

NUMBER, PROPOSALS = 1000, 20
BOUNDS = {3: 8, 7: 12}
"""Answers of an exchange, and rounds of a case: the defaults, and more."""
bounds = pytest.mark.parametrize("answers", BOUNDS)


@cache
def settled(answers: int) -> list[tuple[Yard, Talkers]]:
    """A thousand conversations over as many cases as they take, on one store."""
    rolls, store = random.Random(answers), MemoryStore()
    made = ring_world(
        rolls.sample((3, 4), 2),
        answers_per_exchange=answers,
        rounds=BOUNDS[answers],
        proposals=PROPOSALS,
    )
    left = list(conversations(answers, NUMBER, agents_of(2), answers))
    for conversation in left:
        store.seed(f"part_{conversation.kind[-1]}", conversation.part, start=None)
    cases: list[tuple[Yard, Talkers]] = []
    while left:
        talkers = Talkers(left, rolls.randint(1, 12), BOUNDS[answers], PROPOSALS)
        y = Yard(made, store, replace(CASE, id=f"case_{len(cases):016}")).wake(*agents_of(2))
        while y.position.active:
            active, round_no = y.position.active, y.position.round
            said = {a: talkers.moves(a, round_no, triggers) for a, triggers in active.items()}
            ended = y.round(**said)
        assert (ended.route, ended.status) == (Route.REPLY, CaseStatus.DONE)
        assert len(talkers.waiting) < len(left), "a case that settles nothing would go on for ever"
        cases.append((y, talkers))
        left = talkers.waiting
    return cases


def each(answers: int) -> Iterator[tuple[Yard, Conversation]]:
    """Every conversation with the case it was had in."""
    for y, talkers in settled(answers):
        yield from ((y, conversation) for conversation in talkers.opened)


@bounds
def test_no_conversation_is_cut_and_no_limit_is_reached(answers: int) -> None:
    found = {e.type for y, _ in settled(answers) for e in y.events}
    assert {t for t in found if t.startswith(("loop.", "limit."))} == set()
    assert {"request.repeated", "request.refused", "answer.ignored"} & found == set()
    assert all(y.position.cuts == 0 for y, _ in settled(answers))


@bounds
def test_no_person_is_asked(answers: int) -> None:
    assert all(not y.store.escalation_rows for y, _ in settled(answers))


@bounds
def test_every_conversation_ends_as_its_parties_said(answers: int) -> None:
    told = 0
    for y, talkers in settled(answers):
        ends = [str(x.state) for x in y.position.exchanges.values()]
        assert sorted(ends) == sorted(str(c.ends) for c in talkers.opened)
        told += len(ends)
    assert told == NUMBER


@bounds
def test_what_was_agreed_is_committed_as_agreed_and_nothing_else_is(answers: int) -> None:
    for y, conversation in each(answers):
        for agent in agents_of(2):
            record = y.store.get(f"part_{agent}", conversation.part)
            own = conversation.kind == f"fit_{agent}"
            assert record is None or record["start"] == (conversation.start if own else None)


@bounds
def test_conversations_use_what_the_limits_allow(answers: int) -> None:
    """Otherwise these tests would say little: the last answer, the last round, the last proposal are used."""
    cases = settled(answers)
    assert max(x.answers for y, _ in cases for x in y.position.exchanges.values()) == answers
    assert max(y.position.round for y, _ in cases) == BOUNDS[answers]
    assert max(y.position.proposals for y, _ in cases) == PROPOSALS
    assert max(len(talkers.opened) for _, talkers in cases) > PROPOSALS
    had = {(c.form, c.talk) for _, c in each(answers)}
    assert had == {(form, talk) for form in FORMS for talk in talks(answers)}
