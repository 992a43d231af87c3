"""The cord through the real graph: what it stops, what flows, and who may pull or release it."""

from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from protocol.errors import AndonError, NotAuthorisedError, NotFoundError
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.graph.harbour_app import LAY, SOUND, Models, announced, events, opened, violations

MASTER, SIGNER = "a.vos", "k.maes"


async def pull(app: App, scope: str = "floor", person: str = MASTER) -> dict[str, Any]:
    return await app.pull(scope, person=person, reason="a diver is down")


async def test_facts_flow_and_what_agents_make_of_them_waits(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await pull(app)
        (done,) = await app.accept([announced()])
        assert done.case is not None
        await app.drain()
        shape = await app.outcome(done.case)
        assert {v["verdict"] for v in shape["verdicts"]} == {"escalated"}
        assert (shape["status"], len(shape["waiting"])) == ("waiting", len(shape["verdicts"]))
        assert await app.ledger.read(lambda tx: len(tx.commits(str(done.case)))) == 0
        assert await app.ledger.read(lambda tx: tx.get("visit", announced().data["visit"])) is not None


async def test_pull_that_comes_while_an_agent_thinks_is_met_at_its_commit(tmp_path: Path) -> None:
    apps: list[App] = []

    async def pulling(agent: str) -> None:
        await pull(apps[0])

    async with opened(tmp_path, models=Models(pulling)) as app:
        apps.append(app)
        shape = await app.ask(LAY, person="guest")
    assert [v["verdict"] for v in shape["verdicts"]] == ["escalated"]


async def test_settled_exchange_of_two_agents_waits_for_a_person_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await pull(app, "book_sounding")
        shape = await app.ask(SOUND, person="guest")
        assert [v["verdict"] for v in shape["verdicts"]] == ["asked", "escalated"]
        (item,) = shape["waiting"]
        assert item["role"] == "pilot_master"
        answered = await app.decide(item["id"], "answer", person="j.smit", option=0)
        assert [v["verdict"] for v in answered["verdicts"]] == ["asked", "escalated", "committed"]
        assert await violations(app) == []


async def test_pass_records_the_pull_it_went_by(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await pull(app, "berthing")
        shape = await app.ask(LAY, person="guest")
        (first,) = await app.ledger.read(lambda tx: tx.passes(shape["case"]))
    assert first.reads["pull/berthing"] == 1


async def test_pulls_are_told_as_events_with_how_long_they_stood(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await pull(app, "quay")
        await app.wait(90)
        done = await app.release("quay", person=SIGNER, reason="he is up")
        told = await app.ledger.read(lambda tx: [e for e in tx.events() if e.type.startswith("pull.")])
    assert [(e.type, e.subject, e.data["by"]) for e in told] == [
        ("pull.set", "quay", MASTER),
        ("pull.released", "quay", SIGNER),
    ]
    assert told[1].data["stood_s"] == done["stood_s"] == 90


async def test_deadlines_fire_before_the_cord_is_pulled(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await pull(app, "quay")
        shape = await app.ask(LAY, person="guest")
        await app.ledger.write(lambda tx: tx.advance_clock("2026-05-04T20:00:00Z"))
        await pull(app, "water")
        assert (await events(app, shape["case"]))[-1] == "question.expired"


async def test_off_shift_one_may_pull_and_not_release(tmp_path: Path) -> None:
    """It is six in the morning; stopping is always safe."""
    shift = 'roles: [pilot_master], hours: {from: "07:00", to: "15:00"}}'
    floor = copy_harbour(tmp_path / "floor", Edit(CONFIG, "roles: [pilot_master]}", shift))
    async with opened(tmp_path / "data", floor) as app:
        assert (await pull(app, "quay", "j.smit"))["role"] == "pilot_master"
        with pytest.raises(NotAuthorisedError, match="holds no role at this hour"):
            await app.release("quay", person="j.smit", reason="so")
        await app.wait(3600)
        assert (await app.release("quay", person="j.smit", reason="so"))["state"] == "released"


async def test_refused_attempts_stay_in_the_audit_log(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        for move in (app.pull, app.release):
            with pytest.raises(NotAuthorisedError):
                await move("quay", person="nobody", reason="so")
        bodies = await app.ledger.read(lambda tx: list(tx.rows("SELECT body FROM audit ORDER BY seq")))  # type: ignore[attr-defined]
    assert ['"pull_refused"' in bodies[-2][0], '"release_refused"' in bodies[-1][0]] == [True, True]


async def test_case_of_a_question_whose_agent_has_left_the_floor_lies_nowhere(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        await pull(app, "floor")
        case = (await app.ask(LAY, person="guest"))["case"]
        assert (await pull(app, "floor"))["open_cases"] == [case]
    renamed = copy_harbour(tmp_path / "floor", Edit("tools/actions.py", '"assign_berth"', '"give_berth"'))
    assert renamed  # the kind is gone: what waited over it is no longer told of
    for file in (
        "agents/berthing/manifest.yaml",
        "agents/berthing/policy.py",
        "tools/queries.py",
        "tools/floor.py",
    ):
        path = renamed / file
        path.write_text(path.read_text("utf-8").replace("assign_berth", "give_berth"), "utf-8")
    async with opened(tmp_path / "data", renamed) as app:
        assert (await pull(app, "floor"))["open_cases"] == []


@pytest.mark.parametrize(
    ("scope", "reason", "code"),
    [
        ("quay/NOWHERE", "so", "unknown_scope"),
        ("Quay", "so", "unknown_scope"),
        ("no_such_thing", "so", "unknown_scope"),
        ("quay", " ", "reason_missing"),
    ],
)
async def test_only_what_lies_on_the_floor_is_pulled_and_for_a_reason(
    tmp_path: Path, scope: str, reason: str, code: str
) -> None:
    async with opened(tmp_path) as app:
        with pytest.raises(AndonError) as refused:
            await app.pull(scope, person=MASTER, reason=reason)
        assert refused.value.error_code == code
        assert await app.ledger.read(lambda tx: tx.pulls()) == []


async def test_only_what_is_pulled_is_released(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await pull(app, "quay")
        await app.release("quay", person=SIGNER, reason="he is up")
        with pytest.raises(NotFoundError) as refused:
            await app.release("quay", person=SIGNER, reason="again")
        assert refused.value.error_code == "not_pulled"
