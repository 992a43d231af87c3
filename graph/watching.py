"""The watch for anomalies: at every sweep the ledger's figures are held against the floor's thresholds (R10).

Figures and alerts are of the ledger clock, which every process shares, so whoever sweeps sees the same.
What is right where a floor clock stands or jumps:

- Events are counted over the last minute of business time. A feed of a week's reports is no storm however
  fast it is read, and facts of one instant are one however slowly. A person's line does not move the
  clock, so there the count begins anew with each line; else a day of talk at one hour would be a storm.
- Rates and cuts are of the last turns and depth is of the last events, whatever the clock did meanwhile.
- A case's age is business time, as its deadlines are: after a jump of a day its people have waited a day.
"""

from checkpoints.steady_clock import BOUND_S
from graph.noting import note
from protocol.anomalies import CLOCK_ADVICE, CLOCK_STEP, AlertState, Change, watch
from protocol.ids import derive
from protocol.ports import ReadTx, Tx
from protocol.rows import AlertRow
from protocol.times import plus
from protocol.world import World

CALM_S = 3600
"""Seconds of the ledger clock after which a process that sees no jump clears what another has raised."""


def anomalies(tx: ReadTx, world: World) -> tuple[Change, ...]:
    """The alerts that would be raised or cleared now."""
    thresholds = world.config.watch
    standing = {row.name for row in tx.alerts(open_only=True)}
    return watch(tx.figures(thresholds.window_turns), thresholds, standing)


def watch_floor(tx: Tx, world: World) -> tuple[Change, ...]:
    """Raise and clear alerts, each once, with its event."""
    changes = anomalies(tx, world)
    for change in changes:
        if change.state is AlertState.RAISED:
            tx.put_alert(AlertRow(change.anomaly, change.figure, change.limit, tx.now))
        else:
            tx.clear_alert(change.anomaly, tx.now, change.figure)
        _tell(tx, change)
    return changes


def clock_changed(tx: ReadTx) -> bool:
    """Whether the alert of a clock that jumped is to be raised, or cleared."""
    alert = next((row for row in tx.alerts(open_only=True) if row.name == CLOCK_STEP), None)
    if alert is None:
        return tx.clock_step_s != 0
    return tx.clock_step_s == 0 and tx.now >= plus(alert.raised_at, seconds=CALM_S)


def watch_clock(tx: Tx) -> None:
    """Raise it as soon as a process has seen the jump; an hour later whoever sees none clears it."""
    if not clock_changed(tx):
        return
    raised = tx.clock_step_s != 0
    figure = f"the clock jumped by {tx.clock_step_s} s" if raised else "the clock is steady"
    limit = f"{BOUND_S} s"
    if raised:
        tx.put_alert(AlertRow(CLOCK_STEP, figure, limit, tx.now))
    else:
        tx.clear_alert(CLOCK_STEP, tx.now, figure)
    _put(tx, CLOCK_STEP, figure, limit, CLOCK_ADVICE if raised else "", raised=raised)


def _tell(tx: Tx, change: Change) -> None:
    raised = change.state is AlertState.RAISED
    _put(tx, change.anomaly, change.figure, change.limit, change.advice if raised else "", raised=raised)


def _put(tx: Tx, name: str, figure: str, limit: str, advice: str, *, raised: bool) -> None:
    alert = [row for row in tx.alerts() if row.name == name][-1]
    identifier = derive("evt", "alert", alert.seq, AlertState.RAISED if raised else AlertState.CLEARED)
    kind = "alert.raised" if raised else "alert.cleared"
    note(kind, tx, identifier, name, {"figure": figure, "limit": limit, "advice": advice})
