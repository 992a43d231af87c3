"""Keeping calls of models within their budgets, over all processes of a ledger (R14).

A call is reserved before it begins, by an estimate, and settled when it has ended, with what it took. One
that was broken off, or whose process died, stays reserved: it may have been made, and is paid for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from agents.pricing import PriceBook
from agents.telling import tell
from protocol.errors import InvalidFloorError
from protocol.floor import Limits
from protocol.manifest import Budget, Manifest
from protocol.ports import Ledger, Tx
from protocol.rows import CaseRow
from protocol.spending import (
    Reservation,
    Spend,
    agent_scope,
    beyond,
    case_scope,
    day_scope,
)
from protocol.times import day_of
from protocol.world import World
from telemetry.prices import Tokens

OUTPUT_TOKENS = 1000
"""What a call is taken to write before it has: more than nearly all turns do."""


def check_money(world: World, chains: Mapping[str, Sequence[str]], prices: PriceBook) -> None:
    """Raise InvalidFloorError when money is bounded for a model whose price nobody knows."""
    if (found := unpriced(world.config.limits, world.manifests, chains, prices)) is not None:
        raise InvalidFloorError(
            f"Money is bounded, and the price of {found} is unknown: the bound could not hold.",
            hint=f"Write its price under models.prices.{found} in floor.yaml, or take the bound away.",
            code="money_unpriced",
        )


def unpriced(
    limits: Limits,
    manifests: Mapping[str, Manifest],
    chains: Mapping[str, Sequence[str]],
    prices: PriceBook,
) -> str | None:
    """A backend whose calls are bounded in money and have no price; None when there is none."""
    of_all = any(budget.usd is not None for budget in (limits.per_case, limits.per_day))
    for agent, chain in sorted(chains.items()):
        own = manifests[agent].budget if agent in manifests else None
        of_agent = limits.per_agent if own is None else own
        if of_all or of_agent.usd is not None:
            for backend in chain:
                if prices.table_of(backend) is None:
                    return backend
    return None


class BudgetExhaustedError(Exception):
    """The budget of a case, an agent or a day is used up: no model is called."""


@dataclass(frozen=True, slots=True)
class Calling:
    """A call that is about to begin. ``backend``: as prices have it; ``input_tokens``: our estimate."""

    case: CaseRow
    agent: str
    round: int
    backend: str
    input_tokens: int


class Budgets:
    """Reserves and settles calls. ``shared``: wall seconds, the clock that processes share."""

    def __init__(self, world: World, ledger: Ledger, prices: PriceBook, shared: Callable[[], float]) -> None:
        self._world = world
        self._ledger = ledger
        self._prices = prices
        self._shared = shared

    def bound(self, agent: str) -> bool:
        """Whether any budget bounds calls of the agent's models."""
        return any(budget.bounds for _, budget in self._scopes("", agent, ""))

    async def reserve(self, call: Calling) -> Reservation:
        """Reserve a call. BudgetExhaustedError when it may not be made."""
        made = await self._ledger.write(lambda tx: self._reserve(tx, call))
        if isinstance(made, str):
            raise BudgetExhaustedError(made)
        return made

    async def settle(self, made: Reservation, took: Spend) -> None:
        """Put what a call took in the place of what was reserved for it."""
        await self._ledger.write(lambda tx: self._settle(tx, made.id, took))

    def _reserve(self, tx: Tx, call: Calling) -> Reservation | str:
        now_s = self._shared()
        day = day_of(now_s, self._world.config.zone)
        why = tx.spending.spent(case_scope(call.case.id)).exhausted
        if why is not None:
            return why
        tokens = Tokens(call.input_tokens, OUTPUT_TOKENS)
        cost = self._prices.cost(call.backend, tokens)
        wanted = Spend(tokens.input + tokens.output, cost or Decimal(0))
        for scope, budget in self._scopes(call.case.id, call.agent, day):
            if budget.usd is not None and cost is None:
                why = f"money is bounded, and the price of {call.backend} is unknown"
            else:
                why = beyond(scope, budget, tx.spending.spent(scope).total, wanted)
            if why is not None:
                self._exhaust(tx, call, scope, why)
                return why
        return self._keep(tx, call, day, wanted, now_s)

    def _exhaust(self, tx: Tx, call: Calling, scope: str, why: str) -> None:
        """From now on the case calls no model any more, whatever is left elsewhere."""
        of_case = case_scope(call.case.id)
        tx.spending.put(of_case, replace(tx.spending.spent(of_case), exhausted=why))
        data = {"scope": scope, "model": call.backend, "why": why}
        tell(tx, self._world, call.case, call.agent, "budget.exhausted", call.agent, data)

    def _keep(self, tx: Tx, call: Calling, day: str, amount: Spend, now_s: float) -> Reservation:
        number = len(tx.spending.reservations(call.case.id))
        while True:
            identifier = f"{call.case.id}/{call.round}/{call.agent}/{number}"
            made = Reservation(identifier, call.case.id, call.agent, day, amount, now_s)
            if tx.spending.reserve(made):
                break
            number += 1
        for scope, _ in self._scopes(made.case, made.agent, day):
            spent = tx.spending.spent(scope)
            tx.spending.put(scope, replace(spent, total=spent.total.plus(amount)))
        return made

    def _settle(self, tx: Tx, identifier: str, took: Spend) -> None:
        made = tx.spending.take(identifier)
        if made is None:
            return
        for scope, _ in self._scopes(made.case, made.agent, made.day):
            spent = tx.spending.spent(scope)
            tx.spending.put(scope, replace(spent, total=took.instead_of(made.amount, spent.total)))

    def _scopes(self, case: str, agent: str, day: str) -> Iterator[tuple[str, Budget]]:
        """The scopes a call counts for, each with its budget."""
        limits, manifest = self._world.config.limits, self._world.manifests.get(agent)
        own = manifest.budget if manifest is not None else None
        yield case_scope(case), limits.per_case
        yield agent_scope(agent, day), limits.per_agent if own is None else own
        yield day_scope(day), limits.per_day
