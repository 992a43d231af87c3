"""What stands over the whole floor: where agents are stopped, and what the watch has raised."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from protocol.ports import ReadTx
from protocol.rows import AlertRow, PullRow
from protocol.times import local


@dataclass(frozen=True, slots=True)
class Notices:
    """Oldest first."""

    pulls: Sequence[PullRow] = ()
    alerts: Sequence[AlertRow] = ()

    @classmethod
    def read(cls, tx: ReadTx) -> "Notices":
        """Those that stand now."""
        return cls(tx.pulls(open_only=True), tx.alerts(open_only=True))

    def to_json(self) -> dict[str, Any]:
        """The fields ``pulls`` and ``alerts`` of an answer."""
        return {"pulls": [_pull_json(row) for row in self.pulls], "alerts": alerts_json(self.alerts)}

    def lines(self, zone: str) -> Iterator[str]:
        """A line for each pull, and one for all alerts."""
        yield from (pull_line(_pull_json(row), zone) for row in self.pulls)
        if self.alerts:
            yield alerts_line(alerts_json(self.alerts))

    def since(self, before: "Notices", zone: str) -> Iterator[str]:
        """What is new, and what no longer stands, a line each."""
        new = Notices([p for p in self.pulls if p not in before.pulls], ())
        yield from new.lines(zone)
        yield from (f"{p.scope} is released" for p in before.pulls if p not in self.pulls)
        if raised := [a for a in self.alerts if a not in before.alerts]:
            yield alerts_line(alerts_json(raised))
        yield from (f"no longer: {a.figure}" for a in before.alerts if a not in self.alerts)


def pull_line(shape: Mapping[str, Any], zone: str) -> str:
    """A standing pull in one line."""
    since = local(shape["at"], zone)
    return f"{shape['scope']} is pulled by {shape['by']} ({shape['role']}) since {since}: {shape['reason']}"


def alerts_line(shapes: Sequence[Mapping[str, Any]]) -> str:
    """All standing alerts in one line."""
    return "alert: " + "; ".join(f"{shape['figure']} (limit {shape['limit']})" for shape in shapes)


def alerts_json(rows: Sequence[AlertRow]) -> list[dict[str, Any]]:
    """Alerts as other programs read them."""
    return [
        {"name": row.name, "figure": row.figure, "limit": row.limit, "raised_at": row.raised_at}
        for row in rows
    ]


def _pull_json(row: PullRow) -> dict[str, Any]:
    return {"scope": row.scope, "by": row.by, "role": row.role, "at": row.at, "reason": row.reason}
