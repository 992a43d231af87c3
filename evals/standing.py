"""How the ledger of an attempt stands between two steps: what a step did is the difference."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from protocol.errors import UsageError
from protocol.ports import ReadTx
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Standing:
    """``cases``: those that no other case opened, oldest first. ``next_event``: the number that the next
    event gets at least. ``versions``: of every record, by name. ``scripted``: the turns (case, round,
    agent) of agents that have scripts.
    """

    cases: Sequence[str]
    next_event: int
    versions: Mapping[str, int]
    scripted: Collection[tuple[str, int, str]]

    @classmethod
    def read(cls, tx: ReadTx, world: World, scripted: Collection[str]) -> Self:
        """As it is now. ``scripted``: the agents that have scripts."""
        rows = tx.cases()
        turns = ((row.id, number, turn["agent"]) for row in rows for number, turn in tx.turns(row.id))
        return cls(
            cases=[row.id for row in reversed(rows) if row.cause is None],
            next_event=max((event.seq for event in tx.events()), default=0) + 1,
            versions={str(record.ref): record.version for kind in world.types for record in tx.find(kind)},
            scripted={turn for turn in turns if turn[-1] in scripted} if scripted else (),
        )

    def opened_since(self, before: "Standing") -> tuple[str, ...]:
        """Cases that came in since ``before``."""
        return tuple(case for case in self.cases if case not in set(before.cases))

    def changed_since(self, before: "Standing") -> tuple[str, ...]:
        """Records made or written since ``before``."""
        return tuple(ref for ref, version in self.versions.items() if before.versions.get(ref) != version)


def check_unscripted(before: Standing, after: Standing) -> None:
    """A fresh process has no scripts: a turn it took for a scripted agent was that of the agent's policy.

    Raises UsageError for such a turn between the two.
    """
    agents = sorted({agent for *_, agent in set(after.scripted) - set(before.scripted)})
    if agents:
        raise UsageError(
            f"A fresh process has no scripts, and a turn of {', '.join(agents)} was taken there.",
            hint="Leave out process: new, or script no turn that follows the decision.",
            code="unscripted_turn",
        )
