"""Facts about machines that appear, stop and come back, in whatever order the reports arrive.

A breakdown is one downtime, known by its machine and the instant it began: two sources that tell of it
make one record.
"""

from collections.abc import Sequence
from typing import Any

from protocol.effects import Effects, Emit, Release
from protocol.fields import Flag, KeyOf, ListOf, Maybe, Shape, Text
from protocol.ids import derive_key
from protocol.records import Record, Snapshot
from protocol.times import micros
from protocol.toolbox import Fact, FactKind, create, put

from .events import MACHINE_STATE
from .machine_time import earlier
from .maintenance_actions import closed_event, downtime_claim, downtime_record, opened_data

_ADDED: Shape = {
    "machine": KeyOf("machine"),
    "line": Text(16),
    "abilities": ListOf(Text(64)),
    "asset": Maybe(Text(64)),
}
_STATE: Shape = {
    **MACHINE_STATE,
    "order": Maybe(KeyOf("order")),
    "worker": Maybe(Text(64)),
    "rework": Maybe(Flag()),
    "flags": Maybe(ListOf(Text(64))),
}


def machine_added(fact: Fact, snapshot: Snapshot) -> Effects:
    """A machine that the floor does not know yet, up until somebody says otherwise."""
    data = fact.data
    if snapshot.get("machine", data["machine"]) is not None:
        return Effects()
    told: dict[str, Any] = {name: data.get(name) for name in ("line", "abilities", "asset")}
    made = create("machine", data["machine"], **told, state="Up", since=None, reason=None, locks=[])
    return Effects(puts=(made,))


def machine_down(fact: Fact, snapshot: Snapshot) -> Effects:
    """A machine has stopped. Told late, it changes what was, not what the machine is now."""
    at, machine = fact.data["at"], snapshot.get("machine", fact.data["machine"])
    if machine is None:
        return Effects()
    told = [d for d in snapshot.find("downtime", machine=machine.key) if d["kind"] == "breakdown"]
    if any(d["start"] == at for d in told):
        return Effects()
    if ended := _unmatched_up(told, at):
        made = {**{n: ended[n] for n in ("machine", "kind", "end", "maintenance_order")}, "start": at}
        opened = Emit("downtime.opened", str(ended.ref), {"downtime": ended.key, **made, "forced": True})
        return Effects(puts=(put("downtime", ended.key, start=at),), events=(opened,))
    downtime = downtime_record(
        derive_key("D-", "breakdown", machine.key, at), machine.key, "breakdown", at, None
    )
    puts = [downtime]
    if machine["state"] == "Up" and not _before(at, machine["since"]):
        puts.append(put("machine", machine.key, state="Down", since=at, reason=_reason(fact)))
    return Effects(
        puts=tuple(puts),
        claims=(downtime_claim(downtime.ref, downtime.fields),),
        events=(Emit("downtime.opened", str(downtime.ref), opened_data(downtime, forced=True)),),
    )


def machine_up(fact: Fact, snapshot: Snapshot) -> Effects:
    """A machine is back: what it was down for ends. A lock outlasts any report.

    Without a breakdown to end, its report is on the way: a downtime without length keeps the instant.
    """
    at, machine = fact.data["at"], snapshot.get("machine", fact.data["machine"])
    if machine is None:
        return Effects()
    found = [d for d in snapshot.find("downtime", machine=machine.key) if d["kind"] != "lockout"]
    over = [d for d in found if d["state"] == "open" and not earlier(at, d["start"])]
    puts = [put("downtime", d.key, state="closed", end=at) for d in over]
    if not over and not any(d["end"] == at for d in found):
        mark = derive_key("D-", "up", machine.key, at)
        puts.append(
            create(
                "downtime",
                mark,
                machine=machine.key,
                kind="breakdown",
                start=at,
                end=at,
                maintenance_order=None,
                state="closed",
            )
        )
    if machine["state"] == "Down" and not machine["locks"] and not _before(at, machine["since"]):
        puts.append(put("machine", machine.key, state="Up", since=at, reason=None))
    return Effects(
        puts=tuple(puts),
        releases=tuple(Release(d.ref) for d in over),
        events=tuple(closed_event(d, at) for d in over),
    )


def _unmatched_up(told: Sequence[Record], at: str) -> Record | None:
    """The first report after ``at`` that the machine is back and whose breakdown nobody had told of."""
    marks = [d for d in told if d["start"] == d["end"] and earlier(at, d["end"])]
    return min(marks, key=lambda d: micros(d["end"]), default=None)


def _before(at: str, since: str | None) -> bool:
    return since is not None and earlier(at, since)


def _reason(fact: Fact) -> str | None:
    reason = fact.data.get("reason")
    return str(reason)[:200] if reason else None


BREAKDOWN_FACTS = (
    FactKind("machine.added", "maintenance", _ADDED, machine_added),
    FactKind("machine.down", "maintenance", _STATE, machine_down),
    FactKind("machine.up", "maintenance", _STATE, machine_up),
)
