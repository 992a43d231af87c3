"""The watch for anomalies: at every sweep the ledger's figures are held against the floor's thresholds (R10).

Figures and alerts are of the ledger clock, which every process shares, so whoever sweeps sees the same.
What is right where a floor clock stands or jumps:

- Events are counted over the last minute of business time. A feed of a week's reports is no storm however
  fast it is read, and facts of one instant are one however slowly. A person's line does not move the
  clock, so there the count begins anew with each line; else a day of talk at one hour would be a storm.
- Rates and cuts are of the last turns and depth is of the last events, whatever the clock did meanwhile.
- A case's age is business time, as its deadlines are: after a jump of a day its people have waited a day.
"""

from protocol.anomalies import AlertState, Change, watch
from protocol.ids import derive
from protocol.ports import ReadTx, Tx
from protocol.rows import AlertRow, EventRow
from protocol.world import SUPERVISOR, World


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


def _tell(tx: Tx, change: Change) -> None:
    raised = change.state is AlertState.RAISED
    alert = [row for row in tx.alerts() if row.name == change.anomaly][-1]
    identifier = derive("evt", "alert", alert.seq, change.state)
    tx.put_event(
        EventRow(
            id=identifier,
            type="alert.raised" if raised else "alert.cleared",
            source=SUPERVISOR,
            source_id=identifier,
            occurred=tx.now,
            recorded=tx.now,
            subject=change.anomaly,
            data={"figure": change.figure, "limit": change.limit, "advice": change.advice if raised else ""},
        )
    )
