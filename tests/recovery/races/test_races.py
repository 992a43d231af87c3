"""Two processes want to decide a case, or go on with it, at the same instant: one does, one is told."""

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.app import open_app
from tests.agents.floor_copies import Edit, copy_harbour
from tests.graph.harbour_app import SOUND, dump, violations
from tests.postgres import drop_database, new_database
from tests.recovery.programs import halted
from tests.recovery.races.clocks import RIGHT, SKEWS, Skew
from tests.recovery.races.racers import LIMIT_S, Racer, Site, pair
from tests.recovery.races.rounds import (
    Orders,
    Told,
    decided,
    one_person,
    race_decisions,
    race_resumes,
    race_with,
    signed,
    two_people,
    yes_and_no,
)

pytestmark = pytest.mark.long

SHARE, SOAK = 6, 1000
LADDER_S = 900 + 1800
OF_SYSTEM = Edit("floor.yaml", "clock: floor\nclock_start: 2026-05-04T06:00+02:00\n", "clock: system\n")
BOTH = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
TURNED_AWAY = frozenset({"expired", "clock_stepped"})
"""What else an attempt meets when clocks differ: a host an hour ahead has ended a ladder, once; one whose
clock was set signs nothing.
"""


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    url = new_database() if request.param == "postgres" else None
    yield url
    if url is not None:
        drop_database(url)


def skewed(tmp_path: Path, database: str | None, skews: tuple[Skew, Skew]) -> Site:
    """The harbour on the system's clock, and two processes whose clocks are wrong."""
    return Site(tmp_path / "data", database, copy_harbour(tmp_path / "floor", OF_SYSTEM), skews=skews)


@BOTH
@pytest.mark.parametrize("orders", [two_people, one_person, yes_and_no])
async def test_one_decision_stands_and_the_loser_is_told(
    tmp_path: Path, database: str | None, orders: Orders
) -> None:
    told = await race_decisions(Site(tmp_path, database), SHARE, orders)
    assert all("already_decided" in pair_ for pair_ in told.answers)
    assert sum(told.answers.values()) == SHARE


@BOTH
async def test_two_who_go_on_with_a_case_act_once(tmp_path: Path, database: str | None) -> None:
    assert (await race_resumes(Site(tmp_path, database), SHARE)).effects == {1: SHARE}


@BOTH
async def test_signature_or_expiry(tmp_path: Path, database: str | None) -> None:
    site = Site(tmp_path, database)
    told = await race_with(site, SHARE, lambda *_: {"do": "wait", "seconds": LADDER_S})
    assert set(told.answers) <= {("approved", "waited"), ("expired", "waited")}


@BOTH
async def test_signature_flows_though_the_cord_is_pulled(tmp_path: Path, database: str | None) -> None:
    told = await race_with(Site(tmp_path, database), SHARE, lambda *_: {"do": "pull", "person": "a.vos"})
    assert told.answers == {("approved", "standing"): SHARE}
    assert told.effects == {1: SHARE}


@BOTH
@pytest.mark.parametrize("skews", [SKEWS["ten minutes"], SKEWS["steps of an hour"]])
async def test_wrong_clocks_let_nothing_act_twice(
    tmp_path: Path, database: str | None, skews: tuple[Skew, Skew]
) -> None:
    site = skewed(tmp_path, database, skews)
    told = await race_decisions(site, SHARE, yes_and_no, refusals=TURNED_AWAY)
    assert set(told.effects) <= {0, 1}


def wait_until_halted(racer: Racer) -> None:
    """A condition; the limit only ends a test that has failed."""
    ends = time.monotonic() + LIMIT_S
    while not halted(racer.process.pid):
        assert time.monotonic() < ends, "it never came there"
        time.sleep(0.002)


@BOTH
@pytest.mark.parametrize("where", ["GATE_REACHED", "REPLIED"])
async def test_worker_stopped_past_its_lease_commits_nothing(
    tmp_path: Path, database: str | None, where: str
) -> None:
    """It is stopped between its checkpoint and the round's transaction, and goes on when all is done."""
    site = Site(tmp_path, database, lease_s=0.6)
    async with open_app(site.settings) as app:
        case = (await app.enqueue(SOUND, person="guest"))["case"]
        with pair(site) as racers:
            first, second = racers.racers
            racers.start({"do": "resume", "case": case, "stops": where}, {"do": "nothing"})
            assert second.says() == {"done": "nothing"}
            wait_until_halted(first)
            try:
                while (await app.resume(case))[0]["status"] == "open":
                    time.sleep(0.02)  # noqa: ASYNC251 - nothing else runs here
                before = await dump(app)
            finally:
                os.kill(first.process.pid, signal.SIGCONT)
            assert first.says()["done"] == ["done"], "it tells what became of the case all the same"
            assert await dump(app) == before
            assert await violations(app) == []


async def race_with_pauses(site: Site, rounds: int, seed: int) -> Told:
    """Two go on with one signed case, and are stopped and continued at random, past their leases too."""
    told, chance = Told(), random.Random(seed)
    async with open_app(site.settings) as app:
        with pair(site) as racers:
            for number in range(rounds):
                row = await signed(app, number)
                order = {"do": "resume", "case": row.case}
                racers.start(order, order)
                for _ in range(chance.randrange(1, 4)):
                    time.sleep(chance.uniform(0, 0.02))  # noqa: ASYNC251 - the others run elsewhere
                    pid = chance.choice(racers.racers).process.pid
                    os.kill(pid, signal.SIGSTOP)
                    time.sleep(chance.choice((0.001, 0.01, 2 * site.lease_s)))  # noqa: ASYNC251 - as above
                    os.kill(pid, signal.SIGCONT)
                one, two = (racer.says() for racer in racers.racers)
                await app.resume(row.case)
                _, effects = await app.ledger.read(lambda tx, row=row: decided(tx, row))  # type: ignore[misc]
                told.note((one, two), effects)
                assert effects == 1, (one, two)
        assert await violations(app) == []
    return told


@BOTH
async def test_pauses_at_random_let_nothing_act_twice(tmp_path: Path, database: str | None) -> None:
    assert (await race_with_pauses(Site(tmp_path, database, lease_s=0.06), SHARE, 1)).effects == {1: SHARE}


@pytest.mark.soak
@BOTH
@pytest.mark.parametrize("clocks", ["right", *SKEWS])
async def test_thousand_double_approvals_and_resumes(
    tmp_path: Path, database: str | None, clocks: str, capsys: pytest.CaptureFixture[str]
) -> None:
    skews, right = SKEWS.get(clocks, (RIGHT, RIGHT)), clocks == "right"
    refusals, told, resumed = frozenset[str]() if right else TURNED_AWAY, Told(), Told()
    for number, orders in enumerate((two_people, one_person, yes_and_no, yes_and_no)):
        site = skewed(tmp_path / str(number), database if number == 0 else again(database), skews)
        await race_decisions(site, SOAK // 4, orders, told, refusals)
    site = skewed(tmp_path / "resumed", again(database), skews)
    await race_resumes(site, SOAK, resumed, refusals)
    with capsys.disabled():
        where = "SQLite" if database is None else "PostgreSQL"
        print(f"\n{where}, clocks {clocks}: {SOAK} double decisions {dict(told.answers)},")
        print(f"  effects of a round {dict(told.effects)};")
        print(f"  {SOAK} double resumes {dict(resumed.answers)}, effects {dict(resumed.effects)}")
    assert set(told.effects) <= {0, 1}
    assert set(resumed.effects) <= {0, 1}


def again(database: str | None) -> str | None:
    """Another empty database of the same kind."""
    return None if database is None else new_database()


@pytest.mark.soak
@BOTH
async def test_two_hundred_races_with_pauses(
    tmp_path: Path, database: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await race_with_pauses(Site(tmp_path, database, lease_s=0.06), 200, 7)
    with capsys.disabled():
        print(
            f"\n{'SQLite' if database is None else 'PostgreSQL'}: 200 races with pauses {dict(told.answers)}"
        )
