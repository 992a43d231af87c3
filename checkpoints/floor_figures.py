"""The figures of the watch for anomalies, read from the ledger: counts that stay cheap however long it is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from protocol.anomalies import Figures
from protocol.times import parse, plus

MINUTE_S = 60
LAST_EVENTS = 1000
"""Among how many of the last events the deepest chain is looked for."""

Ask = Callable[[str, Sequence[Any]], Any]
"""Runs one SELECT with its values; a cursor."""


def read_figures(
    ask: Ask, sql: Mapping[str, str], now: str, window_turns: int, *, clock_stands: bool
) -> Figures:
    """The figures at the ledger clock ``now``, by the queries ``sql``.

    Rates are of the last ``window_turns`` turns, not of a time.

    ``clock_stands``: the ledger has a floor clock. A person's line does not move it, so what people ask
    for at one hour would add up to a storm; each line then begins a minute of its own.
    """

    def one(name: str, *values: Any) -> Any:
        return ask(sql[name], values).fetchone()

    counted, since = ("events_since_line", one("last_line")[0]) if clock_stands else ("events_since", 0)
    calls, retries, first_turn = one("turns", window_turns)
    oldest = one("oldest_open")[0]
    return Figures(
        events=one(counted, plus(now, seconds=-MINUTE_S), since)[0],
        depth=one("deepest", LAST_EVENTS)[0],
        calls=calls,
        retries=retries,
        loops_cut=one("loops_since", first_turn)[0],
        open_breakers=one("not_closed")[0],
        oldest_case_s=None if oldest is None else int((parse(now) - parse(oldest)).total_seconds()),
    )
