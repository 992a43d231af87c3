"""Faults planted in copies of the gate's functions: the search finds each, and tells how it happens.

What only goes wrong in time (probes, leases, rungs) is planted for the search by ticks.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from agents.floor_loader import load_floor
from evals.proving.proof import Job, plan
from evals.proving.search import Search
from protocol import commit, deciding, escalating, exchange, hearing
from protocol.exchange import ExchangeState, Say
from protocol.world import World
from tests.mutation import mutated

SCENES = ("a change from outside, or by a person", "asked again")


@pytest.fixture(scope="module")
def plant() -> World:
    return load_floor(Path()).world


@contextmanager
def without_timeout_at_the_last_defer() -> Iterator[None]:
    table = {k: v for k, v in exchange.TABLE.items() if k != (ExchangeState.INSISTED, Say.FAIL)}
    with patch.dict(exchange.MACHINE.table, table, clear=True):
        yield


PLANTED = {
    "grant while held": (
        mutated(commit.perform, "if not is_fact and (held := _overlap(store, claim)):", "if (held := None):"),
        "claims_apart",
    ),
    "a tie commits both": (
        mutated(commit._overlap, "held.holder != claim.holder and", "held.start != claim.start and"),
        "claims_apart",
    ),
    "no timeout at the last defer": (without_timeout_at_the_last_defer(), "no_error"),
    "stale approval commits": (
        mutated(deciding.moved, "if record is None or record.version != version:", "if record is None:"),
        "approval_binds",
    ),
    "counter not counted": (
        mutated(exchange.speak, "exchange.answers + 1", 'exchange.answers + (answer.kind != "counter")'),
        "bounded",
    ),
    "approval never expires": (
        mutated(deciding.unsigned, "if p.now >= row.expires_at:", "if False:"),
        "approval_binds",
    ),
    "authority read from the payload": (
        mutated(hearing._propose, "        level,\n", '        move.params.get("level", level),\n'),
        "authority",
    ),
    "escalation to an absent role": (
        mutated(escalating.ask_question, '{"role": r, "answer_s"', '{"role": "nobody", "answer_s"'),
        "people_can",
    ),
}


def found_in(world: World, jobs: list[Job]) -> tuple[str, tuple[str, ...]] | None:
    for job in jobs:
        for violation in Search(world, job.question, job.scene).run(limit=1500).violations:
            return violation.invariant, violation.story
    return None


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_with_its_story(plant: World, name: str) -> None:
    fault: AbstractContextManager[None]
    fault, invariant = PLANTED[name]
    jobs = [job for job in plan(plant) if job.scene.name in SCENES and job.question.matter.kind is not None]
    with fault:
        found = found_in(plant, jobs[:8])
    assert found is not None, "the search did not see it"
    broken, story = found
    assert broken == invariant
    assert len(story) >= 2
    assert story[-1].startswith(f"{invariant}: ")
