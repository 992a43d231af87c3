"""What a scene lets happen at most: initiatives of each agent, and changes from outside."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evals.proving.matters import Question
from evals.proving.model_ledger import ModelLedger
from evals.proving.scenes import Scene
from protocol.exchange import OPEN

Budget = tuple[tuple[int, ...], int]
"""What is left: initiatives by agent in name order, and changes from outside."""
AGAIN = frozenset({"overruled", "reread"})
"""What tells an agent that its action came to nothing: it may try again."""


def budget(question: Question, scene: Scene) -> Budget:
    """What a scene lets happen from its start."""
    begins = {question.matter.asker: scene.asker_starts, question.matter.owner: scene.owner_starts}
    return tuple(begins.get(a, scene.other_starts) for a in question.agents), scene.changes


def usable(ledger: ModelLedger, agents: Sequence[str], left: Budget, scene: Scene) -> Budget:
    """What of a budget can still be used: without the initiatives of agents that get no turn for one.

    An agent begins something in the first round, or when an action of its own came to nothing. For that
    one must be under way: it was told so, it asks somebody, or a person decides on an action of its own.
    Where cases in other lanes are followed, each of them has a first round.
    """
    starts, changes = left
    if scene.late or scene.follows or not any(starts):
        return left
    going = [c for c in ledger.cases.values() if not c.status.ended]
    if any(c.position["round"] == 1 for c in going):
        return left
    can = {agent for c in going for agent in _with_actions(ledger, c.position)}
    return tuple(n if a in can else 0 for a, n in zip(agents, starts, strict=True)), changes


def _with_actions(ledger: ModelLedger, position: Mapping[str, Any]) -> Iterator[str]:
    """The agents of a case that have an action under way."""
    yield from (a for a, triggers in position["active"].items() if any(t["type"] in AGAIN for t in triggers))
    yield from (x["asker"] for x in position["exchanges"].values() if x["state"] in OPEN)
    for identifier, item in position["waiting"].items():
        options = (option["item"] for option in ledger.escalation_rows[identifier].options)
        yield from (found["agent"] for found in (item, *options) if found is not None)
