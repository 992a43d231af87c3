"""The real files: every total that the reference names, once, and nothing on the second time."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from checkpoints.audit import audit
from graph.app import App
from graph.feed import feed
from protocol.rows import EventRow
from protocol.times import minutes_between
from protocol.toolbox import Fact
from tests.graph.feed_floor import opened, silent_plant

pytestmark = pytest.mark.long

Find = Callable[[str], Path]
LOG = "production_log_levy/Production_Data.csv"
MACHINES = "nist_sms/feed_20161031_20161111.csv"


async def types(app: App) -> Counter[str]:
    """How often each event was published."""
    return Counter(e.type for e in await events(app))


async def events(app: App) -> Sequence[EventRow]:
    return await app.ledger.read(lambda tx: tx.events())


async def violations(app: App) -> Any:
    return (await app.ledger.read(lambda tx: audit(tx, app.world)))["violations"]  # type: ignore[arg-type]


async def test_production_log_comes_to_its_totals(tmp_path: Path, shared_data: Find) -> None:
    async with opened(silent_plant(tmp_path / "floor")) as app:
        shape = await feed(app, shared_data(LOG))
        counted = {
            name: shape[name] for name in ("rows", "accepted", "duplicates", "history", "cases", "waiting")
        }
        assert counted == {
            "rows": 4543, "accepted": 4471, "duplicates": 22, "history": 4471, "cases": 1, "waiting": 1,
        }  # fmt: skip
        assert Counter(r["code"] for r in shape["rejected"]) == {"machine_mismatch": 50}
        assert shape["flags"] == {
            "time_assumed": 642, "span_mismatch": 36, "span_unreadable": 1, "zero_length": 9,
            "rejects_exceed_good": 18,
        }  # fmt: skip
        found = await types(app)
        wanted = {
            "run.reported": 2298, "inspection.recorded": 1156, "setup.reported": 694, "order.packed": 277,
            "machine.down": 46, "machine.up": 46, "order.released": 225, "data.gap_detected": 4,
        }  # fmt: skip
        assert {name: found[name] for name in wanted} == wanted
        orders = await app.ledger.read(lambda tx: [o for o in tx.find("order") if o.key.startswith("CASE-")])
        assert len(orders) == 225
        asked = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
        assert sorted(int(e.summary.split()[0]) for e in asked) == [1, 1, 1, 47]
        assert await violations(app) == []


async def test_production_log_answers_like_the_reference(tmp_path: Path, shared_data: Find) -> None:
    async with opened(silent_plant(tmp_path / "floor")) as app:
        await feed(app, shared_data(LOG))
        told = await events(app)
        down = await app.ledger.read(lambda tx: tx.find("downtime", machine="M8"))
    closed = [d for d in down if d["kind"] == "breakdown"]
    assert {d["state"] for d in closed} == {"closed"}
    assert (len(closed), sum(minutes_between(d["start"], d["end"]) for d in closed)) == (15, 2998)
    named = [
        e.data
        for e in told
        if "Final Inspection Q.C." in (e.data.get("characteristic"), e.data.get("operation"))
    ]
    final = [data for data in named if "inspection" in data]
    assert len(named) == 549
    assert [sum(d[n] for d in final) for n in ("accepted", "rejected", "mrb")] == [12053, 233, 26]
    counted = ("run.reported", "setup.reported", "inspection.recorded", "order.packed")
    week = [e for e in told if "2012-03-12" <= began(e) < "2012-03-19"]
    reports = [e for e in week if e.type in counted]
    stops = [e for e in week if e.type == "machine.down"]
    made = [e.data.get("good", e.data.get("accepted", e.data.get("quantity"))) for e in reports]
    set_up = sum(int(e.data["good"]) for e in reports if e.type == "setup.reported")
    assert (len(reports) + len(stops), sum(made), set_up) == (381, 8907, 82)
    assert [sum(e.data[n] for e in reports) for n in ("rejected", "mrb")] == [79, 1]


def began(event: EventRow) -> str:
    """When what an event reports began."""
    return str(event.data.get("start") or event.occurred)


async def test_machine_events_come_to_their_totals(tmp_path: Path, shared_data: Find) -> None:
    async with opened(silent_plant(tmp_path / "floor")) as app:
        shape = await feed(app, shared_data(MACHINES))
        assert (shape["rows"], shape["accepted"], shape["history"]) == (4376, 4376, 4376)
        assert shape["flags"] == {"repeated": 3}
        found = await types(app)
        wanted = {
            "machine.cycle_started": 340, "machine.cycle_resumed": 447, "machine.cycle_finished": 247,
            "machine.cycle_interrupted": 540, "machine.cycle_aborted": 102, "machine.mode_changed": 346,
            "machine.program_changed": 40, "machine.fault": 64, "machine.warning": 192,
            "machine.fault_cleared": 12 + 233, "machine.emergency_stop": 1 + 5, "machine.added": 3,
            "maintenance.due": 1,
        }  # fmt: skip
        assert {name: found[name] for name in wanted} == wanted
        assert found["machine.down"] == 0
        signals = await app.ledger.read(lambda tx: {s.key: s for s in tx.find("signal")})
        still_open = {m: signals[m]["open_faults"] for m in ("GFAGIE01", "MAZAK01", "MAZAK03")}
        assert still_open == {"GFAGIE01": [], "MAZAK01": ["system_cond:442"], "MAZAK03": ["system_cond:442"]}
        assert await violations(app) == []


async def test_feeding_again_writes_nothing(tmp_path: Path, shared_data: Find) -> None:
    ledger = tmp_path / "data" / "ledger.db"
    renamed = tmp_path / "another name.csv"
    copyfile(shared_data(LOG), renamed)
    async with opened(silent_plant(tmp_path / "floor")) as app:
        await feed(app, shared_data(LOG))
    before = ledger.read_bytes()
    async with opened(tmp_path / "floor") as app:
        again = await feed(app, renamed)
    assert (again["accepted"], again["duplicates"], len(again["rejected"])) == (0, 4493, 50)
    assert ledger.read_bytes() == before


async def test_late_breakdown_is_closed_by_the_report_that_came_first(
    tmp_path: Path, shared_data: Find
) -> None:
    """S10: M8, 6 March 2012: up at 10:18 is delivered before down at 09:10, and the log tells of it too."""
    down, up = "2012-03-06T09:10:00Z", "2012-03-06T10:18:00Z"
    async with opened(silent_plant(tmp_path / "floor")) as app:
        for kind, at in (("machine.up", up), ("machine.down", down)):
            await app.accept([Fact(kind, "operator", kind, at, "machine/M8", {"machine": "M8", "at": at})])
        shape = await feed(app, shared_data(LOG))
        assert (shape["accepted"], shape["duplicates"]) == (4471, 22)
        machine = await app.ledger.read(lambda tx: tx.get("machine", "M8"))
        found = await app.ledger.read(lambda tx: tx.find("downtime", machine="M8", state="closed"))
    that = [d for d in found if d["start"] == down]
    assert [(d["end"], minutes_between(d["start"], d["end"])) for d in that] == [(up, 68)]
    assert machine is not None
    assert machine["state"] == "Up"
    assert len(found) == 15
