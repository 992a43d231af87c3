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
from .talk import FORMS, PROPOSALS, ROUNDS, TALKS, Conversation, Talkers, conversations
from .yard import CASE, Yard

NUMBER = 1000
SEEDS = (11, 12)


@cache
def settled(seed: int) -> list[tuple[Yard, Talkers]]:
    """A thousand conversations over as many cases as they take, on one store."""
    rolls, store = random.Random(seed), MemoryStore()
    made = ring_world(rolls.sample((3, 4), 2))
    left = list(conversations(seed, NUMBER, agents_of(2)))
    for conversation in left:
        store.seed(f"part_{conversation.kind[-1]}", conversation.part, start=None)
    cases: list[tuple[Yard, Talkers]] = []
    while left:
        talkers = Talkers(left, most=rolls.randint(1, 12))
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


def each(seed: int) -> Iterator[tuple[Yard, Conversation]]:
    """Every conversation with the case it was had in."""
    for y, talkers in settled(seed):
        yield from ((y, conversation) for conversation in talkers.opened)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_conversation_is_cut_and_no_limit_is_reached(seed: int) -> None:
    found = {e.type for y, _ in settled(seed) for e in y.events}
    assert {t for t in found if t.startswith(("loop.", "limit."))} == set()
    assert {"request.repeated", "request.refused", "answer.ignored"} & found == set()
    assert all(y.position.cuts == 0 for y, _ in settled(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_no_person_is_asked(seed: int) -> None:
    assert all(not y.store.escalation_rows for y, _ in settled(seed))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_conversation_ends_as_its_parties_said(seed: int) -> None:
    told = 0
    for y, talkers in settled(seed):
        ends = [str(x.state) for x in y.position.exchanges.values()]
        assert sorted(ends) == sorted(str(c.ends) for c in talkers.opened)
        told += len(ends)
    assert told == NUMBER


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_agreed_is_committed_as_agreed_and_nothing_else_is(seed: int) -> None:
    for y, conversation in each(seed):
        for agent in agents_of(2):
            record = y.store.get(f"part_{agent}", conversation.part)
            own = conversation.kind == f"fit_{agent}"
            assert record is None or record["start"] == (conversation.start if own else None)


def test_conversations_use_what_the_limits_allow() -> None:
    """Otherwise these tests would say little: the last answer, the last round, the last proposal are used."""
    cases = [case for seed in SEEDS for case in settled(seed)]
    exchanges = [x for y, _ in cases for x in y.position.exchanges.values()]
    assert max(x.answers for x in exchanges) == 3
    assert max(y.position.round for y, _ in cases) == ROUNDS
    assert max(y.position.proposals for y, _ in cases) == PROPOSALS
    assert max(len(talkers.opened) for _, talkers in cases) > PROPOSALS
    assert {(c.form, c.talk) for seed in SEEDS for _, c in each(seed)} == {
        (f, t) for f in FORMS for t in TALKS
    }
