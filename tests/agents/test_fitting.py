"""Prompts stay within their budget, and what there was no room for is told (R16)."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.messages.utils import count_tokens_approximately

from agents.fitting import fit, fit_answer
from agents.parsing import InvalidTurnError
from agents.prompts import Prompt
from agents.provenance import CUT, UNTRUSTED, mark, quoted
from agents.view import CHARS_PER_TOKEN
from protocol.turns import Context
from tests.agents.floor_copies import BERTHING, Edit, copy_harbour
from tests.graph.harbour_app import Models, announced, opened


def view(text: str = "short", **more: Any) -> dict[str, Any]:
    line = {"type": "person", "text": mark(text, "person guest, line"), "recent": []}
    return {"triggers": [line], "resources": {}, "versions": {}, **more}


def test_the_longest_text_loses_its_end_and_says_how_much() -> None:
    shown = view("Move V-1. " + "x" * 50_000)
    (dropped,) = fit(shown, 500)
    text = shown["triggers"][0]["text"][UNTRUSTED]
    assert len(quoted(shown)) <= 500 * CHARS_PER_TOKEN
    assert text.startswith("Move V-1. xxx")
    left_out = dropped.removeprefix("text: ").partition(" of ")[0]
    assert text.endswith(f" [{left_out} are left out here]")


def test_text_that_is_shown_as_escapes_is_cut_as_well() -> None:
    shown = view("\u202e" * 20_000)
    fit(shown, 500)
    assert len(quoted(shown)) <= 500 * CHARS_PER_TOKEN


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([{"n": n} for n in range(1000)], "items"),
        ({"runs": [{"n": n} for n in range(1000)], "of": "M7"}, "items of runs"),
        ("x" * 10_000, "characters"),
        ({"x" * 10_000: 1}, "characters"),
    ],
)
def test_an_answer_is_cut_to_the_room_there_is_and_says_so(answer: Any, told: str) -> None:
    shown, cut = fit_answer("look", answer, 200)
    body = json.loads(shown)
    assert len(shown) <= 200 * CHARS_PER_TOKEN
    assert told in body[CUT]
    assert cut is not None
    assert cut.removeprefix("query look: ") in body[CUT]


def test_an_answer_with_room_is_whole() -> None:
    answer = [{"n": n} for n in range(10)]
    shown, cut = fit_answer("look", answer, 200)
    assert (json.loads(shown)[UNTRUSTED], cut) == (answer, None)


def test_a_prompt_with_queries_stays_within_its_budget_to_the_last() -> None:
    prompt = Prompt("You are.", view("x" * 9000), "no turn: " + "y" * 400, 4000, queries=True)
    asked = 0
    while _ask(prompt, asked):
        asked += 1
        assert count_tokens_approximately(prompt.messages) <= 4000
    assert 1 < asked < 100
    assert sum(d.startswith("query look: ") for d in prompt.dropped) == asked


def _ask(prompt: Prompt, n: int) -> bool:
    """One more query, with a long answer; False when there is no room for it."""
    call = {"name": "look", "args": {"n": n}, "id": f"c{n}", "type": "tool_call"}
    try:
        prompt.add(AIMessage("", tool_calls=[call]), 1)
    except InvalidTurnError:
        return False
    prompt.answer(f"c{n}", "look", [{"n": n} for n in range(1000)])
    return True


@pytest.mark.parametrize(("tokens", "full"), [(799, False), (800, True), (0, False)])
def test_from_80_per_cent_a_budget_is_nearly_full(tokens: int, full: bool) -> None:
    assert Context(tokens, 1000).is_nearly_full is full
    assert not Context(0, 0).is_nearly_full


def test_a_providers_count_is_kept_as_such_and_any_other_is_an_estimate() -> None:
    prompt = Prompt("You are.", view(), "", 1000, queries=False)
    usage = {"input_tokens": 321, "output_tokens": 1, "total_tokens": 322}
    said = AIMessage("", usage_metadata=usage)
    prompt.called(said, is_told=False)
    assert prompt.context == Context(count_tokens_approximately(prompt.messages), 1000, "estimated")
    prompt.called(said, is_told=True, tools_tokens=300)
    assert prompt.context.counted == "estimated"  # 21 are fewer than those estimated before
    prompt.called(said, is_told=True)
    assert prompt.context == Context(321, 1000, "provider")


def test_definitions_of_tools_are_no_part_of_a_prompt() -> None:
    prompt = Prompt("You are.", view(), "", 1000, queries=False)
    usage = {"input_tokens": 900, "output_tokens": 1, "total_tokens": 901}
    prompt.called(AIMessage("", usage_metadata=usage), is_told=True, tools_tokens=600)
    assert prompt.context == Context(300, 1000, "provider")


BUDGET = 900


@pytest.mark.parametrize("lines", [50, pytest.param(1000, marks=pytest.mark.soak)])
async def test_a_long_session_keeps_every_prompt_within_its_budget(lines: int, tmp_path: Path) -> None:
    """Some lines are as long as can be; the session's cases are asked of two agents in turn."""
    floor = copy_harbour(
        tmp_path / "floor",
        *(
            Edit(BERTHING.replace("berthing", agent), "", f"context:\n  budget_tokens: {BUDGET}\n")
            for agent in ("berthing", "fairway")
        ),
    )
    sizes: list[int] = []

    class Measured(Models):
        async def seen(self, agent: str, messages: Any) -> None:
            sizes.append(count_tokens_approximately(messages))

    async with opened(tmp_path / "data", floor=floor, models=Measured(floor=floor)) as app:
        for n in range(lines):
            text = ("Where is V-1?", "Sound B3 please", f"Where is V-2? {'so ' * 40}")[n % 3]
            text += " why" * 15_000 if n % 25 == 24 else ""
            await app.ask(f"{text} {n}", person="guest", session="s1")
        await app.accept([announced(ship="x" * 80)])
        await app.drain()
        rows = await app.ledger.read(
            lambda tx: [t for c in tx.session_cases("s1", 5) for _, t in tx.turns(c.id)]
        )
        warned = await app.ledger.read(lambda tx: len(tx.events(None, "context.nearly_full")))
    assert len(sizes) > lines
    assert max(sizes) <= BUDGET
    assert any(row.get("dropped") for row in rows)
    assert warned > 0
