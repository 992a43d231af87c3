"""Agents that keep leaving a decision to one another are cut, whatever they call it (R4, R14)."""

import itertools
import random
from collections.abc import Callable, Sequence

import pytest

from protocol.exchange import Exchange, ExchangeState
from protocol.rows import Verdict

from .ring import Ended, Manner, play, ring_world
from .yard import Yard

LENGTHS = range(2, 9)
ROUNDS = 8
LEVELS: dict[str, Callable[[int], Sequence[int]]] = {
    "equal": lambda n: [3] * n,
    "falling": lambda n: [max(1, 5 - place) for place in range(n)],
    "rising": lambda n: [min(5, 1 + place) for place in range(n)],
    "alternating": lambda n: [(4, 2)[place % 2] for place in range(n)],
}
ASKS = ("propose", "own", "theirs", "third", "question")
SAID = ("defer", "counter", "pass", "defer+pass", "counter+pass")
MANNERS = {
    "each leaves it to the next": Manner("own", "defer", "defer"),
    "each asks the next instead": Manner("propose", "pass", "pass"),
    "each passes on a question": Manner("question", "pass", "pass"),
    "each leaves it and asks the next": Manner("theirs", "defer+pass", "defer+pass"),
    "offers go back and forth": Manner("own", "counter", "counter"),
    "offers go back and forth and are passed on": Manner("theirs", "counter+pass", "counter+pass"),
    "offers are met with deference": Manner("propose", "counter", "defer"),
    "somebody is asked who owns none of it": Manner("third", "counter+pass", "pass"),
}
VARIANTS = list(itertools.product(LENGTHS, ASKS, SAID, SAID, (True, False), (1, 2, 3), LEVELS, (3, 9)))


def assert_cut(ended: Ended, agents: int, bound: int) -> None:
    """What holds of every ring that was cut."""
    y = ended.yard
    assert ended.turns < ROUNDS * agents
    assert y.position.round <= ROUNDS
    assert y.count("loop.cut") == y.position.cuts >= 1
    for identifier, exchange in y.position.exchanges.items():
        assert not exchange.state.open, f"{identifier} is still open"
        assert exchange.answers <= bound
        if exchange.carries is not None:
            assert_decided(y, exchange)
    taken = any(x.state is ExchangeState.ACCEPTED for x in y.position.exchanges.values())
    assert taken or y.store.commit_rows or y.position.waiting, "nobody decided, and no person is asked"


def assert_decided(y: Yard, exchange: Exchange) -> None:
    """The action is done as the owner offered last or the asker stated last, or a person is asked."""
    last = [v for v in y.verdicts if v.key == exchange.key][-1]
    if last.verdict is not Verdict.COMMITTED:
        assert last.verdict in (Verdict.ESCALATED, Verdict.REFUSED)
        assert last.code in ("undecided", "limit_escalations", "already_asked"), last
        return
    exchanges = [x for x in y.position.exchanges.values() if x.key == exchange.key]
    offers = [x.offer["start"] for x in exchanges if x.offer]
    asked = [p["start"] for x in exchanges if (p := x.asked_params()) is not None]
    assert last.params["start"] in offers + asked


@pytest.mark.parametrize("manner", MANNERS.values(), ids=MANNERS.keys())
@pytest.mark.parametrize("length", LENGTHS)
def test_ring_of_politeness_is_cut(length: int, manner: Manner) -> None:
    assert_cut(play(ring_world([3] * length), manner), length, 3)


@pytest.mark.parametrize("reword", [False, True])
@pytest.mark.parametrize("positions", [1, 2, 3])
def test_offers_that_go_round_are_cut_at_the_first_repetition(positions: int, reword: bool) -> None:
    """A, B, A, B, however many more answers the bound would leave, and whatever each offer is called."""
    manner = Manner("own", "counter", "counter", reword, positions)
    y = play(ring_world([3, 3], answers_per_exchange=20, rounds=50), manner).yard
    exchange = y.position.exchanges["x1"]
    assert (exchange.cut_by, exchange.answers) == ("repeat", 2 * positions + 1)


@pytest.mark.parametrize("seed", range(8))
def test_ring_is_cut_in_every_variant(seed: int) -> None:
    """Sampled: lengths, what is asked, what is said, reworded or not, positions, levels, bounds."""
    for variant in random.Random(seed).sample(VARIANTS, 100):
        length, asks, owner, asker, reword, positions, levels, bound = variant
        made = ring_world(LEVELS[levels](length), answers_per_exchange=bound)
        ended = play(made, Manner(asks, owner, asker, reword, positions))
        try:
            assert_cut(ended, length, bound)
        except AssertionError as error:
            raise AssertionError(f"{variant}: {error}") from error
