"""A case on the harbour from request to end: outcome, rounds, events, other lanes, limits, failures."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.build import recursion_limit
from graph.gate import PassResult
from graph.nodes import targets
from protocol.errors import UsageError
from protocol.position import Route
from protocol.rows import Verdict
from tests.agents.floor_copies import BERTHING, CONFIG, FAIRWAY, Edit, copy_harbour
from tests.floors_loaded import harbour
from tests.graph.harbour_app import (
    LAY,
    SHIFT,
    SOUND,
    WHERE,
    Models,
    announced,
    dump,
    events,
    opened,
    propose,
    reply,
    violations,
    waiting,
)


def test_conditional_edge_is_total_over_routes() -> None:
    world = harbour().world
    nodes = {f"agent.{agent}" for agent in world.manifests} | {"escalate", "reply"}
    for route in Route:
        found = targets(PassResult(route, tuple(world.manifests), ("esc_1",), 1))
        assert found
        assert set(found) <= nodes


async def test_path_map_names_every_outcome_and_no_other(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        drawn = app.driver._graphs.cached.get_graph()
        after = {
            source: {e.target for e in drawn.edges if e.source == source} for source in ("intake", "gate")
        }
        agents = {f"agent.{agent}" for agent in app.world.manifests}
        assert after["gate"] == after["intake"] == agents | {"escalate", "reply"}
        assert {e.target for e in drawn.edges if e.source in agents} == {"gate"}


async def test_question_is_answered_in_one_round_without_a_write(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        before = await dump(app)
        shape = await app.ask(WHERE, person="guest")
        assert (shape["status"], shape["rounds"], shape["verdicts"]) == ("done", 1, [])
        assert shape["reply"] == "berthing: Aurora has B1 until 2026-05-05T06:00:00Z."
        after = await dump(app)
        assert (after["resources"], after["claims"]) == (before["resources"], before["claims"])


async def test_case_tells_all_it_did(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        shape = await app.ask(SOUND, person="guest")
        assert (shape["status"], shape["rounds"], shape["usage"]["model_calls"]) == ("done", 2, 3)
        assert [v["verdict"] for v in shape["verdicts"]] == ["asked", "committed"]
        assert await events(app, shape["case"]) == [
            "case.opened",
            "turn.taken",
            "action.asked",
            "request.asked",
            "turn.taken",
            "request.answered",
            "action.committed",
            "sounding.booked",
            "case.ended",
        ]
        assert await violations(app) == []


async def test_request_that_concerns_nobody_is_refused_without_a_round(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        shape = await app.ask("Bake a cake", person="guest")
        assert (shape["status"], shape["code"], shape["rounds"]) == ("refused", "out_of_scope", 0)


@pytest.mark.parametrize("text", ["", "  \n", "a\x00b", "x" * 70000, "\ud800"])
async def test_malformed_text_leaves_no_trace(tmp_path: Path, text: str) -> None:
    async with opened(tmp_path) as app:
        before = await dump(app)
        with pytest.raises(UsageError):
            await app.ask(text, person="guest")
        assert await dump(app) == before


async def test_case_waits_in_one_application_and_is_decided_in_another(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
    async with opened(tmp_path) as other:
        assert await other.resume() == []
        told: list[dict[str, Any]] = []
        assert (await other.resume(case, told.append))[0]["status"] == "waiting"
        assert told == []
        shape = await other.decide(escalation, "approve", person="k.maes")
        assert (shape["status"], shape["verdicts"][-1]["verdict"]) == ("done", "committed")
        assert shape["signatures"] == {"have": 1, "need": 1}


async def test_decision_wakes_no_model(tmp_path: Path) -> None:
    models = Models()
    async with opened(tmp_path, models=models) as app:
        _, escalation = await waiting(app)
        assert models.calls == ["berthing"]
        await app.decide(escalation, "approve", person="k.maes")
        assert models.calls == ["berthing"]


async def test_fact_opens_one_case_for_all_who_hear_it(tmp_path: Path) -> None:
    models = Models()
    async with opened(tmp_path, models=models) as app:
        first, again = await app.accept([announced(), announced()])
        assert (first.status, again.status, again.case) == ("accepted", "duplicate", None)
        assert await app.drain() == [first.case]
        assert sorted(models.calls) == ["berthing"] * 2 + ["fairway"] * 2
        shape = await app.outcome(str(first.case))
        assert (shape["status"], shape["rounds"]) == ("done", 1)
        assert [v["agent"] for v in shape["verdicts"] if v["verdict"] == "committed"] == [
            "fairway",
            "berthing",
        ]
        assert [r.status for r in await app.accept([announced()])] == ["duplicate"]
        assert await app.drain() == []
        told = await app.ledger.read(lambda tx: tx.events())
        cause = next(e.id for e in told if e.type == "ship.announced")
        assert [(e.case, e.data) for e in told if e.type == "case.opened"] == [(first.case, {"fact": cause})]


@pytest.mark.parametrize(
    ("occurred", "status"),
    [
        ("2026-05-03T03:59:59Z", "history"),
        ("2026-05-03T04:00:00Z", "accepted"),
        ("2026-05-04T04:00:00Z", "accepted"),
        ("2026-05-09T04:00:00Z", "accepted"),
    ],
)
async def test_fact_older_than_a_day_is_history(tmp_path: Path, occurred: str, status: str) -> None:
    async with opened(tmp_path) as app:
        (result,) = await app.accept([announced(occurred=occurred)])
        assert (result.status, result.case is None) == (status, status == "history")
        assert await app.ledger.read(lambda tx: tx.get("visit", "V-3")) is not None, "recorded all the same"
        assert (await events(app))[0] == "ship.announced"
        assert len(await app.ledger.read(lambda tx: tx.runnable())) == (status == "accepted")


async def test_fact_moves_the_floor_clock_and_never_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        await app.accept([announced("1", "2026-05-04T05:00:00Z")])
        await app.accept([announced("2", "2026-05-04T04:30:00Z", visit="V-4")])
        assert await app.ledger.read(lambda tx: tx.now) == "2026-05-04T05:00:00Z"


async def test_event_heard_in_another_lane_opens_one_case_with_its_cause(tmp_path: Path) -> None:
    """fairway hears what berthing does; it is woken in a case of its own, once."""
    floor = copy_harbour(
        tmp_path / "floor",
        Edit(FAIRWAY, "hear: [ship.announced", "hear: [berth.assigned, visit.shifted, ship.announced"),
        Edit(FAIRWAY, "project: [visit.shifted]", "project: []"),
    )
    async with opened(tmp_path / "data", floor) as app:
        shape = await app.ask(LAY, person="guest")
        (child,) = await app.ledger.read(lambda tx: tx.children(shape["case"]))
        assert (child.origin, child.cause, child.depth, child.status) == ("event", shape["case"], 1, "done")
        assert [t["agent"] for _, t in await app.ledger.read(lambda tx: tx.turns(child.id))] == ["fairway"]
        published = await app.ledger.read(lambda tx: tx.event(str(child.event)))
        assert published is not None and (published.type, published.case) == ("berth.assigned", shape["case"])
        assert [s["status"] for s in await app.resume(shape["case"])] == ["done"]
        assert len(await app.ledger.read(lambda tx: tx.cases())) == 2
        assert await violations(app) == []


async def test_chain_of_causes_ends_at_the_bound_with_a_person(tmp_path: Path) -> None:
    floor = copy_harbour(
        tmp_path / "floor",
        Edit(FAIRWAY, "hear: [ship.announced", "hear: [berth.assigned, ship.announced"),
        Edit(BERTHING, "hear: [ship.announced]", "hear: [ship.announced, pilot.booked]"),
        Edit(CONFIG, new="limits: {causal_depth: 1}\n"),
    )
    script = {
        "berthing": [[propose("assign_berth", visit="V-2", berth="B3", start="2026-05-04T10:00:00Z")]],
        "fairway": [[propose("book_pilot", visit="V-2", pilot="P1", start="2026-05-04T10:00:00Z")]],
    }
    async with opened(tmp_path / "data", floor, scripts=script) as app:
        shape = await app.ask(LAY, person="guest")
        (child,) = await app.ledger.read(lambda tx: tx.children(shape["case"]))
        assert (child.depth, child.status) == (1, "waiting")
        assert await app.ledger.read(lambda tx: tx.children(child.id)) == []
        (row,) = await app.ledger.read(lambda tx: tx.escalations(child.id))
        assert (row.reason, row.type) == ("causal_depth", "question")


SPAN = {"earliest": "2026-05-04T06:00:00Z", "latest": "2026-05-05T06:00:00Z"}


def ask_gap(minutes: int) -> dict[str, Any]:
    """A matter of its own for each number of minutes."""
    params = {"berth": f"B{minutes}", "minutes": minutes, **SPAN}
    return {"move": "ask", "to": "berthing", "request": "find_gap", "params": params}


async def test_rounds_end_at_their_bound_and_what_is_open_escalates(tmp_path: Path) -> None:
    """fairway asks for another gap for ever; every answer makes it ask again."""
    floor = copy_harbour(tmp_path / "floor", Edit(CONFIG, new="limits: {rounds: 4}\n"))
    agree = {
        "move": "answer",
        "exchange": "$request",
        "kind": "agree",
        "values": {"start": "2026-05-04T06:00:00Z", "end": "2026-05-04T07:00:00Z"},
    }
    scripts = {"fairway": [[ask_gap(n)] for n in range(1, 40)], "berthing": [[agree]]}
    async with opened(tmp_path / "data", floor, scripts=scripts) as app:
        shape = await app.ask(SOUND, person="guest")
        assert (shape["status"], shape["rounds"]) == ("waiting", 4)
        assert "limit.reached" in await events(app, shape["case"])
        (row,) = await app.ledger.read(lambda tx: tx.escalations(shape["case"]))
        assert row.reason == "limit_rounds"
        done = await app.decide(
            row.id, "answer", person="a.vos" if row.role == "harbour_master" else "j.smit", option=0
        )
        assert done["status"] != "open"
        assert await app.ledger.read(lambda tx: tx.runnable()) == []


async def test_proposals_end_at_their_bound(tmp_path: Path) -> None:
    floor = copy_harbour(tmp_path / "floor", Edit(CONFIG, new="limits: {proposals: 2}\n"))
    moves = [propose("assign_berth", visit="V-9", berth="B3", start="2026-05-04T10:00:00Z")] * 3
    async with opened(tmp_path / "data", floor, scripts={"berthing": [moves]}) as app:
        shape = await app.ask(LAY, person="guest")
        assert [v["code"] for v in shape["verdicts"]] == ["limit_proposals", "not_waiting", "not_waiting"]


def test_recursion_limit_leaves_room_for_every_round_and_every_open_escalation() -> None:
    world = harbour().world
    limits = world.config.limits
    assert recursion_limit(world) > 2 * limits.rounds + 2 * limits.open_escalations + 2


async def test_failing_agent_is_a_value_and_cancels_nobody(tmp_path: Path) -> None:
    """berthing fails at once, while fairway is still thinking."""
    failed = asyncio.Event()

    async def before(agent: str) -> None:
        if agent == "berthing":
            failed.set()
            raise RuntimeError("down")
        await failed.wait()

    models = Models(before)
    async with opened(tmp_path, models=models) as app:
        (result,) = await app.accept([announced()])
        await app.drain()
        shape = await app.outcome(str(result.case))
        assert shape["status"] == "waiting"
        assert [(v["agent"], v["verdict"]) for v in shape["verdicts"]] == [("fairway", "committed")]
        assert models.calls.count("berthing") == 3, "after_retries: 2"
        assert [e for e in await events(app, shape["case"]) if e.startswith("turn.")] == [
            "turn.failed",
            "turn.taken",
        ]
        (row,) = await app.ledger.read(lambda tx: tx.escalations(shape["case"]))
        assert (row.agent, row.reason, row.role) == ("berthing", "error", "berth_master")
        await app.decide(row.id, "answer", person="k.maes", option=0)
        ended = await app.outcome(shape["case"])
        assert (ended["status"], ended["code"]) == ("failed", "berthing: error")
        assert await violations(app) == []


async def test_invalid_agent_is_a_value_too(tmp_path: Path) -> None:
    bad = [{"move": "answer", "exchange": "x1", "kind": "agree", "values": {"start": 1.5}}]
    async with opened(tmp_path, scripts={"berthing": [bad]}) as app:
        shape = await app.ask(LAY, person="guest")
        assert shape["status"] == "waiting"
        ((_, turn),) = [t for t in await app.ledger.read(lambda tx: tx.turns(shape["case"])) if t[0] == 1]
        assert (turn["failure"], turn["attempts"]) == ("invalid", 3)


async def test_proposal_of_what_it_may_not_do_is_refused_with_the_stated_boundary(tmp_path: Path) -> None:
    moves = [propose("book_sounding", berth="B1", start="2026-05-04T10:00:00Z", end="2026-05-04T11:00:00Z")]
    async with opened(tmp_path, scripts={"berthing": [[*moves, reply("done it")]]}) as app:
        shape = await app.ask(LAY, person="guest")
        (verdict,) = shape["verdicts"]
        assert (verdict["verdict"], verdict["code"]) == (Verdict.REFUSED, "out_of_scope")
        assert "states that it cannot" in verdict["reason"]
        assert shape["status"] == "refused"


async def test_two_requests_at_once_are_two_cases_that_do_not_wait_for_each_other(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        shapes = await asyncio.gather(*(app.ask(t, person="guest") for t in (LAY, SHIFT, SOUND, WHERE)))
        assert [s["status"] for s in shapes[1:2] + shapes[3:]] == ["waiting", "done"]
        assert "done" in {shapes[0]["status"], shapes[2]["status"]}, "both want B3: the first gets it"
        assert await violations(app) == []
