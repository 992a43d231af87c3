"""An interrupt is a doorbell: whatever is sent through it or around it, no case acts without a decision."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from checkpoints.leases import hold_lease
from graph.app import App
from graph.build import CaseGraph
from graph.state import Context
from tests.graph.harbour_app import opened, violations, waiting
from tests.recovery.programs import SIGNER

DEEP: list[Any] = []
for _ in range(30):
    DEEP = [DEEP]
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**63, 1.0, float("nan"), float("inf"), "", "yes", "no", "approve",
    "approved", "y", "true", "null", "\x00", "\u202eevorppa", "a" * 100_000, b"approve", [], ["approve"],
    [True], [None], DEEP, {}, {"decision": "approve"}, {"decisions": [{"type": "approve"}]},
    [{"type": "accept", "args": None}], {"type": "approve", "by": SIGNER},
    {"approved": True, "person": SIGNER, "role": "berth_master"}, {"state": "approved"}, {"next": ["gate"]},
    {"case": "case_other"}, {"waiting": []}, {"__interrupt__": []}, (), {"resume": True},
]  # fmt: skip
"""What people and programs have been seen to answer an interrupt with, and what they might."""


async def around(
    app: App, case: str, step: Callable[[CaseGraph, RunnableConfig, Context], Awaitable[Any]]
) -> None:
    """Do something to the graph of a case, as whoever holds it could; what it raises, it may raise."""
    graph = app.driver._graphs.cached
    async with hold_lease(app.ledger, case) as lease:
        assert lease is not None
        with suppress(Exception):  # langgraph refuses some of it, each in its own way
            await step(graph, app.driver._config(case), Context(lease.token))


async def assert_untouched(app: App, case: str, asked: str) -> None:
    """It waits as before, and goes on when somebody really signs."""
    row, commits = await app.ledger.read(lambda tx: (tx.escalation(asked), tx.commits(case)))
    assert row is not None
    assert (str(row.state), commits) == ("pending", [])


def test_there_are_forty_of_them() -> None:
    assert len(VALUES) == 40


async def test_no_resume_value_is_a_decision(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        for value in VALUES:
            await around(app, case, lambda g, c, x, v=value: g.ainvoke(Command(resume=v), c, context=x))  # type: ignore[misc]
            await assert_untouched(app, case, asked)
        assert (await app.decide(asked, "approve", person=SIGNER))["status"] == "done"
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == 1
        assert await violations(app) == []


@pytest.mark.parametrize("name", ["0" * 32, "gate", "", "case_other"])
async def test_wrong_interrupt_resumes_nothing(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        await around(app, case, lambda g, c, x: g.ainvoke(Command(resume={name: "approve"}), c, context=x))
        await assert_untouched(app, case, asked)


async def test_finished_case_does_nothing_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        await app.decide(asked, "approve", person=SIGNER)
        for value in (True, "approve", {"decision": "approve"}):
            await around(app, case, lambda g, c, x, v=value: g.ainvoke(Command(resume=v), c, context=x))  # type: ignore[misc]
            await around(
                app, case, lambda g, c, x: g.ainvoke({"schema_version": 1, "case": case}, c, context=x)
            )
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == 1
        assert await violations(app) == []


@pytest.mark.parametrize("node", ["gate", "escalate", "intake"])
async def test_stepping_past_the_gate_does_nothing(tmp_path: Path, node: str) -> None:
    """``update_state(as_node=…)`` makes langgraph believe that a node has run."""

    async def past(graph: CaseGraph, config: RunnableConfig, context: Context) -> None:
        for named in (["gate"], ["reply"], []):
            await graph.aupdate_state(config, {"next": named}, as_node=node)
            await graph.ainvoke(None, config, context=context)

    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        await around(app, case, past)
        await assert_untouched(app, case, asked)
        assert (await app.decide(asked, "approve", person=SIGNER))["status"] == "done"
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == 1


async def test_going_back_in_time_acts_no_second_time(tmp_path: Path) -> None:
    async def back(graph: CaseGraph, config: RunnableConfig, context: Context) -> None:
        for old in olds:
            await graph.ainvoke(None, old, context=context)
            await graph.ainvoke(Command(resume="approve"), old, context=context)

    async with opened(tmp_path) as app:
        case, asked = await waiting(app)
        graph, config = app.driver._graphs.cached, app.driver._config(case)
        olds = [s.config async for s in graph.aget_state_history(config)]
        assert olds, "there is a time to go back to"
        await app.decide(asked, "approve", person=SIGNER)
        await around(app, case, back)
        assert len(await app.ledger.read(lambda tx: tx.commits(case))) == 1
        assert len(await app.ledger.read(lambda tx: tx.decisions(asked))) == 1
        assert await violations(app) == []
