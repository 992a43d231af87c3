"""What calls of models take, in SQL: the port Spending."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from checkpoints.dialect import Cursor
from protocol.spending import Reservation, Spend, Spent, plain


class SqlSpending:
    """Spending. ``do`` runs a statement on the transaction's connection."""

    def __init__(self, do: Callable[..., Cursor], sql: Mapping[str, str]) -> None:
        self._do = do
        self._sql = sql

    def spent(self, scope: str) -> Spent:
        found = self._do(self._sql["spent"], (scope,)).fetchone()
        if found is None:
            return Spent()
        tokens, usd, wall_ms, exhausted = found
        return Spent(Spend(int(tokens), Decimal(usd), int(wall_ms)), exhausted)

    def put(self, scope: str, spent: Spent) -> None:
        total = spent.total
        values = (scope, total.tokens, plain(total.usd), total.wall_ms, spent.exhausted)
        self._do(self._sql["put_spent"], values)

    def reservations(self, case: str) -> Sequence[Reservation]:
        return [_reservation(columns) for columns in self._do(self._sql["reservations"], (case,))]

    def reserve(self, row: Reservation) -> bool:
        amount = row.amount
        values = (row.id, row.case, row.agent, row.day, amount.tokens, plain(amount.usd), row.made_s)
        return self._do(self._sql["reserve"], values).rowcount == 1

    def take(self, reservation: str) -> Reservation | None:
        found = self._do(self._sql["take_reservation"], (reservation,)).fetchone()
        return None if found is None else _reservation(found)


def _reservation(columns: Sequence[Any]) -> Reservation:
    identifier, case, agent, day, tokens, usd, made_s = columns
    return Reservation(identifier, case, agent, day, Spend(int(tokens), Decimal(usd)), float(made_s))
