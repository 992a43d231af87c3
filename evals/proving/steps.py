"""What each move leads to, worked out once for all states that have the same rows.

The gate reads rows. What may still begin or change from outside decides which moves there are, not where
they lead; so states that differ only in that share their steps, and so do the scenes of one question that
start from the same rows: about a quarter of the steps of a question of two agents.

Rows are the same when their key is, taken as if everything that a scene allows could still happen: it is
finer than the key of any state with those rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evals.proving.budgets import Budget
from evals.proving.invariants import Step, violations
from evals.proving.model_ledger import ModelLedger, Told
from evals.proving.moves import Model, Move
from evals.proving.state import Packer, State
from protocol.floor import Limits


@dataclass(frozen=True, slots=True)
class Led:
    """Where a move led: the number of the rows after it, or the first invariant that did not hold then."""

    rows: int
    wrong: tuple[str, str] | None = None


class Steps:
    """Rows by number, and the steps between them. ``most``: what the scenes allow, all together."""

    def __init__(self, limits: Limits, agents: Sequence[str], most: Sequence[Budget]) -> None:
        self.packer = Packer(limits, agents)
        starts = tuple(max(found) for found in zip(*(s for s, _ in most), strict=True))
        self._most = (starts, max(changes for _, changes in most))
        self._numbers: dict[bytes, int] = {}
        self._rows: list[ModelLedger] = []
        self._led: list[dict[Move, list[Led]]] = []
        """By rows: where each move led, once it was made."""

    def number(self, rows: ModelLedger) -> int:
        """The number of these rows, and of all that are the same."""
        key = self.packer.key(State(rows, *self._most))
        number = self._numbers.setdefault(key, len(self._rows))
        if number == len(self._rows):
            self._rows.append(rows)
            self._led.append({})
        return number

    def rows(self, number: int) -> ModelLedger:
        """The first rows that had this number."""
        return self._rows[number]

    def led(self, model: Model, number: int, move: Move) -> Led:
        """Where a move leads from these rows."""
        made = self._led[number].setdefault(move, [])  # a move is long, and hashed but once so
        if not made:
            made.append(self._make(model, number, move))
        return made[0]

    def _make(self, model: Model, number: int, move: Move) -> Led:
        after, wrong = checked(model, self._rows[number], move)
        after.told = Told()
        return Led(self.number(after), wrong)


def checked(model: Model, before: ModelLedger, move: Move) -> tuple[ModelLedger, tuple[str, str] | None]:
    """The rows after a move, and the first invariant that does not hold then; after an error those before."""
    try:
        after, entry = model.rows_after(before, move)
    except Exception as error:  # noqa: BLE001 - whatever the gate raises is what is looked for
        return before, ("no_error", f"{type(error).__name__}: {error}")
    return after, next(violations(Step(model.world, before, entry, after)), None)
