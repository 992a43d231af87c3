"""How much a floor's manifests shrink what could happen: permutations without rules, and states with them."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from evals.proving.matters import Matter, questions
from evals.proving.scenes import PLAIN
from evals.proving.search import Search
from protocol import arbitration, exchange, ladder
from protocol.world import World

MOST_AGENTS = 12


@dataclass(frozen=True, slots=True)
class StateTable:
    """``per_agent``: states one agent's business can be in. ``reachable``: by matter, what can be reached."""

    agents: int
    pairs: int
    per_agent: int
    reachable: tuple[tuple[Matter, int], ...]

    def permutations(self, agents: int) -> int:
        """What so many agents can be in together when nothing holds them."""
        return int(self.per_agent**agents)

    @property
    def total(self) -> int:
        """States that can be reached, over all matters."""
        return sum(states for _, states in self.reachable)

    def to_json(self) -> dict[str, Any]:
        """The field ``states`` of ``andon matrix --states``."""
        return {
            "pairs": self.pairs,
            "per_agent": self.per_agent,
            "unconstrained": [
                {"agents": n, "permutations": self.permutations(n)} for n in range(1, MOST_AGENTS + 1)
            ],
            "matters": [{"matter": str(m), "reachable": states} for m, states in self.reachable],
            "reachable": self.total,
            "shrinks_by": self.permutations(self.agents) // self.total if self.total else None,
        }


def state_table(world: World, progress: Callable[[str], None] = lambda _: None) -> StateTable:
    """Search every matter between its asker and its owner, and count.

    An agent's business is an exchange, an action and an escalation, each in any state of its machine:
    without manifests nothing would keep one agent's from any other's.
    """
    machines = (exchange.MACHINE, arbitration.MACHINE, ladder.MACHINE)
    reachable: dict[Matter, int] = {}
    for question, alike in questions(world, 2):
        progress(str(question))
        states = Search(world, question, PLAIN).run().states
        reachable |= dict.fromkeys(alike, states)
    pairs = {(m.asker, m.owner) for m in reachable}
    return StateTable(
        agents=len(world.manifests),
        pairs=len(pairs),
        per_agent=prod(len(m.states) for m in machines),
        reachable=tuple(sorted(reachable.items(), key=lambda x: str(x[0]))),
    )
