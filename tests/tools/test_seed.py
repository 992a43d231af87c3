"""The plant opens in a state that its own rules would have allowed."""

from collections import Counter

import pytest

from agents.floor_seed import Seed, read_seed
from agents.yaml_source import read_yaml
from protocol.records import Claimed, Record
from tools.laying import _day
from tools.machine_time import run_claims, takes_time

from .plant_world import ROOT, plant
from .snapshot_fake import FakePlant


@pytest.fixture(scope="module")
def seed() -> Seed:
    return read_seed(read_yaml(ROOT / "seed.yaml", ROOT), plant().types)


@pytest.fixture
def store(seed: Seed) -> FakePlant:
    made = FakePlant()
    for ref, body in seed.records:
        made.records[ref] = Record(ref, 0, body)
    for claim in seed.claims:
        made.claim(claim)
    return made


def test_seed_reads_without_problems(seed: Seed) -> None:
    assert [p.message for p in seed.problems] == []


def test_every_invariant_holds_from_the_start(store: FakePlant) -> None:
    found = [i.check(r, store) for i in plant().toolbox.invariants for r in store.find(i.type)]
    assert [f for f in found if f] == []


def test_every_run_and_downtime_holds_exactly_its_time(seed: Seed, store: FakePlant) -> None:
    wanted: list[Claimed] = []
    for run in filter(takes_time, store.find("run")):
        wanted += run_claims(run.ref, run["machine"], run["start"], run["end"], run["setup_min"])
    for d in store.find("downtime"):
        wanted.append(Claimed(f"machine/{d['machine']}", d["start"], d["end"], d.ref, shared=True))
    assert Counter(seed.claims) == Counter(wanted)


def test_calendar_shows_exactly_what_is_booked(store: FakePlant) -> None:
    booked = Counter(b["holder"] for day in store.find("calendar") for b in day["bookings"])
    held = Counter(str(c.holder) for c in store.claimed if c.resource.startswith("machine/"))
    assert booked == held
    for day in store.find("calendar"):
        for b in day["bookings"]:
            holder = next(c.holder for c in store.claimed if str(c.holder) == b["holder"])
            place = {"machine": day["machine"], "start": b["start"], "end": b["end"]}
            assert _day(store, day["machine"], day.key.partition("@")[2], holder, place) is None


def test_machines_are_those_of_the_four_lines(store: FakePlant) -> None:
    assert Counter(m["line"] for m in store.find("machine")) == {"L1": 5, "L2": 10, "L3": 9, "L4": 7}


def test_something_is_held_something_is_due_and_something_is_short(store: FakePlant) -> None:
    assert store.ask("alternatives_for", order="O-500")["lots"]
    assert store.ask("hold_status", subject="run/R-500")["holds"][0]["kind"] == "compliance"
    assert store.ask("get_stock", item="HN-4402")["below_reorder"] is True
    assert [o["maintenance_order"] for o in store.ask("due_list", days=3)] == ["MO-71"]
