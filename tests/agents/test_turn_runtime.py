"""Taking a turn: whatever a model does, what comes back is a Turn, within its deadline (R5)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from agents.floor_loader import Floor, load_floor
from agents.retrying import FIRST_WAIT_S, KEEP_SHARE, LATE_SHARE, SLOW_SHARE, decide
from agents.turn_runtime import MAX_STEPS, Job, TurnRuntime
from checkpoints.sqlite_ledger import SqliteLedger
from protocol.position import Trigger
from protocol.rows import CaseRow
from protocol.turns import Proposal, Reply, Turn, from_json, to_json
from tests.agents.floor_copies import BERTHING, TOOLBOX, Edit, copy_harbour
from tests.floors_loaded import harbour
from tests.virtual_time import VirtualLoop, in_virtual_time

NOW = "2026-05-04T04:00:00Z"
CALL_S, RETRIES = 20, 2
"""Of berthing's manifest."""
PERSON = {"type": "person", "person": "guest", "roles": [], "text": "Where is V-1?"}
CASE = CaseRow("case_aaaaaaaaaaaaaaaa", 1, "text", "line", "1", NOW, person="guest", text=PERSON["text"])  # type: ignore[arg-type]

Step = Callable[[Sequence[BaseMessage]], Awaitable[AIMessage]]


class Speaking(BaseChatModel):
    """Says one thing after another; ``heard``: the messages it got each time."""

    steps: list[Any]
    heard: list[list[BaseMessage]]

    @property
    def _llm_type(self) -> str:
        return "speaking"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.heard.append(list(messages))
        step = self.steps[min(len(self.heard), len(self.steps)) - 1]
        return ChatResult(generations=[ChatGeneration(message=await step())])


def calls(*named: tuple[str, dict[str, Any]], tokens: int = 7) -> Step:
    """An answer that makes these calls."""
    made = [{"name": n, "args": a, "id": f"c{i}", "type": "tool_call"} for i, (n, a) in enumerate(named)]

    async def step() -> AIMessage:
        usage = {"input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1}
        return AIMessage(content="", tool_calls=made, usage_metadata=usage)

    return step  # type: ignore[return-value]


def fails(error: Exception, after_s: float = 0.0) -> Step:
    """A model that is down."""

    async def step() -> AIMessage:
        await asyncio.sleep(after_s)
        raise error

    return step  # type: ignore[return-value]


async def _never() -> AIMessage:
    await asyncio.Event().wait()
    raise AssertionError


SAYS = calls(("reply", {"text": "at B1"}))
WRONG = calls(("reply", {"words": "at B1"}))
GAPS = {"minutes": 60, "earliest": NOW, "latest": "2026-05-06T04:00:00Z"}


def take(
    tmp_path: Path, *steps: Any, floor: Floor | None = None, trigger: Trigger | None = None
) -> tuple[Turn, Speaking, float]:
    """One turn of berthing on these answers: the turn, the model, and the virtual seconds it took."""
    model, chosen = Speaking(steps=list(steps), heard=[]), floor or harbour()

    async def work(loop: VirtualLoop) -> tuple[Turn, float]:
        async with _ledger(tmp_path, chosen) as ledger:
            runtime = TurnRuntime(chosen.world, ledger, _One(model), chosen.prompts, loop.time)
            turn = await runtime.take(Job(CASE, "berthing", 1, (trigger or PERSON,)))
            return turn, loop.time()

    turn, took_s = in_virtual_time(work)
    assert from_json(to_json(turn)) == turn
    return turn, model, took_s


class _One:
    def __init__(self, model: BaseChatModel) -> None:
        self._model = model

    def model_of(self, agent: str) -> BaseChatModel:
        return self._model

    def endpoint_of(self, agent: str) -> str | None:
        return None


@asynccontextmanager
async def _ledger(tmp_path: Path, floor: Floor) -> AsyncIterator[SqliteLedger]:
    ledger = await SqliteLedger.open(
        tmp_path / "ledger.db",
        floor="harbour",
        clock=None,
        clock_start=NOW,
        world_types=floor.world.types,
        inline=True,
    )
    await ledger.write(lambda tx: tx.put_seed(floor.seed, lambda kind: floor.world.owners[kind]))
    yield ledger
    await ledger.close()


def test_answer_is_a_turn_with_what_was_read_for_it(tmp_path: Path) -> None:
    turn, _, _ = take(tmp_path, SAYS)
    assert turn.moves == (Reply("at B1"),)
    assert (turn.failure, turn.attempts, turn.reads) == (None, 1, {"visit/V-1": 0})
    assert (turn.usage.model_calls, turn.usage.input_tokens) == (1, 7)


def test_queries_are_answered_at_once_and_what_they_read_is_remembered(tmp_path: Path) -> None:
    turn, model, _ = take(tmp_path, calls(("free_gaps", GAPS)), SAYS)
    answered = model.heard[1][-1]
    assert isinstance(answered, ToolMessage) and '"berth":"B3"' in str(answered.content)
    assert set(turn.reads) == {"visit/V-1", "berth/B1", "berth/B2", "berth/B3"}
    assert turn.usage.model_calls == 2


def test_moves_made_beside_a_query_are_not_taken_and_every_call_is_answered(tmp_path: Path) -> None:
    turn, model, _ = take(tmp_path, calls(("free_gaps", GAPS), ("reply", {"text": "too soon"})), SAYS)
    assert turn.moves == (Reply("at B1"),)
    answered = [m.tool_call_id for m in model.heard[1] if isinstance(m, ToolMessage)]
    assert answered == ["c0", "c1"]


def test_error_is_retried_and_its_use_is_counted(tmp_path: Path) -> None:
    turn, model, took_s = take(tmp_path, calls(("free_gaps", GAPS)), fails(RuntimeError("down")), SAYS)
    assert (turn.moves, turn.failure, turn.attempts) == ((Reply("at B1"),), None, 2)
    assert len(model.heard) == 3
    assert (turn.usage.model_calls, turn.usage.input_tokens) == (2, 14)
    assert FIRST_WAIT_S / 2 <= took_s <= FIRST_WAIT_S


def test_invalid_answer_is_asked_for_again_with_what_was_wrong(tmp_path: Path) -> None:
    turn, model, _ = take(tmp_path, WRONG, SAYS)
    assert (turn.failure, turn.attempts, turn.usage.model_calls) == (None, 2, 2)
    said = [str(m.content) for m in model.heard[1] if isinstance(m, HumanMessage)]
    assert "unknown field 'words'" in said[1]
    assert len([m for m in model.heard[0] if isinstance(m, HumanMessage)]) == 1


@pytest.mark.parametrize(
    ("step", "failure", "part"),
    [
        (fails(RuntimeError("down")), "error", "RuntimeError: down"),
        (fails(TimeoutError("connect")), "error", "TimeoutError: connect"),
        (fails(ValueError("a lone \ud800 surrogate")), "error", "a lone ? surrogate"),
        (WRONG, "invalid", "unknown field 'words'"),
        (calls(("free_gaps", {"minutes": 0})), "invalid", "free_gaps"),
        (calls(("free_pilots", {"visit": "V-1", "start": NOW})), "invalid", "may not read"),
        (calls(("free_gaps", GAPS)), "invalid", "no moves after 8 steps"),
    ],
)
def test_failure_is_a_value_after_all_retries(tmp_path: Path, step: Any, failure: str, part: str) -> None:
    turn, _, took_s = take(tmp_path, step)
    assert (turn.failure, turn.attempts, turn.moves) == (failure, RETRIES + 1, ())
    assert part in turn.detail
    assert took_s < CALL_S


async def _torn() -> AIMessage:
    call = {"name": "reply", "args": '{"text": ', "id": "c0", "error": None, "type": "invalid_tool_call"}
    return AIMessage(content="", invalid_tool_calls=[call])


def test_call_whose_arguments_are_torn_is_no_turn(tmp_path: Path) -> None:
    turn, _, _ = take(tmp_path, _torn)
    assert turn.failure == "invalid"
    assert turn.detail == "the arguments of a call cannot be read: they are not JSON"


def test_attempt_that_only_queries_ends_at_its_bound_of_steps(tmp_path: Path) -> None:
    turn, model, _ = take(tmp_path, calls(("free_gaps", GAPS)))
    assert (turn.failure, turn.detail) == ("invalid", f"no moves after {MAX_STEPS} steps of queries")
    assert len(model.heard) == MAX_STEPS * (RETRIES + 1)


def test_timeout_comes_at_the_deadline_and_is_not_retried(tmp_path: Path) -> None:
    turn, model, took_s = take(tmp_path, _never)
    assert (turn.failure, turn.attempts, len(model.heard)) == ("timeout", 1, 1)
    assert took_s == CALL_S


async def _blocking() -> AIMessage:
    """Work that nothing can cancel: the clock goes on while nobody else does anything."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.now += LATE_SHARE * CALL_S + 1
    return await SAYS()  # type: ignore[call-arg]


async def _slowly(share: float) -> AIMessage:
    await asyncio.sleep(share * CALL_S)
    return await SAYS()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("step", "failure", "pace"),
    [
        (lambda: _slowly(0.5), None, ""),
        (lambda: _slowly(SLOW_SHARE - 0.01), None, ""),
        (lambda: _slowly(SLOW_SHARE), None, "slow"),
        (lambda: _slowly(0.99), None, "slow"),
        (_never, "timeout", "slow"),
        (_blocking, "timeout", "late"),
    ],
)
def test_turn_says_how_it_took_its_time(tmp_path: Path, step: Any, failure: str | None, pace: str) -> None:
    turn, _, _ = take(tmp_path, step)
    assert (turn.failure, turn.pace) == (failure, pace)


def test_no_retry_once_too_little_of_the_deadline_is_left(tmp_path: Path) -> None:
    turn, model, took_s = take(tmp_path, fails(RuntimeError("slowly down"), after_s=CALL_S * 0.85), SAYS)
    assert (turn.failure, turn.attempts, len(model.heard)) == ("error", 1, 1)
    assert took_s < CALL_S


def test_second_attempt_has_only_what_the_first_left_over(tmp_path: Path) -> None:
    turn, _, took_s = take(tmp_path, fails(RuntimeError("down"), after_s=10.0), _never)
    assert (turn.failure, turn.attempts) == ("timeout", 2)
    assert took_s == pytest.approx(CALL_S)


@pytest.mark.parametrize(
    ("attempt", "left_s", "again"),
    [(1, 20.0, True), (2, 20.0, True), (3, 20.0, False), (1, 3.9, False), (1, 4.1, False), (1, 4.3, True)],
)
def test_retry_rule(attempt: int, left_s: float, again: bool) -> None:
    decision = decide(attempt, 3, 20.0, left_s, 1.0)
    assert decision.again is again
    assert not again or left_s - decision.wait_s >= KEEP_SHARE * 20.0


def test_waits_grow_and_differ_by_turn(tmp_path: Path) -> None:
    waits = [decide(n, 9, 100.0, 100.0, 1.0).wait_s for n in (1, 2, 3)]
    assert waits == [0.2, 0.4, 0.8]
    assert decide(1, 9, 100.0, 100.0, 0.0).wait_s == 0.1


REFLEX = """
from protocol.toolbox import Reflex


def lay(emit, snapshot):
    if emit.data["hours"] == 99:
        raise KeyError("reflex")
    return {"visit": emit.data["visit"], "berth": "B3", "start": emit.data["arrives"]}


TOOLBOX = __import__("dataclasses").replace(TOOLBOX, reflexes=(Reflex("assign_berth", lay),))
"""


@pytest.fixture(scope="module")
def reflexive(tmp_path_factory: pytest.TempPathFactory) -> Floor:
    """A harbour whose berthing lays an announced ship by reflex, and hears of it as well."""
    floor = copy_harbour(
        tmp_path_factory.mktemp("reflexive") / "floor",
        Edit(BERTHING, new="reflexes: {ship.announced: assign_berth}\n"),
        Edit(TOOLBOX, new=REFLEX),
    )
    return load_floor(floor)


def _announced(hours: int) -> dict[str, Any]:
    data = {"visit": "V-2", "hours": hours, "arrives": "2026-05-04T10:00:00Z"}
    return {"type": "event", "id": "e", "event": "ship.announced", "subject": "visit/V-2", "data": data}


@pytest.mark.parametrize(("step", "failure"), [(SAYS, None), (fails(RuntimeError("down")), "error")])
def test_reflex_proposes_whatever_becomes_of_the_model(
    tmp_path: Path, reflexive: Floor, step: Any, failure: str | None
) -> None:
    turn, _, _ = take(tmp_path, step, floor=reflexive, trigger=_announced(6))
    assert turn.failure == failure
    assert turn.moves[0] == Proposal(
        "assign_berth", {"visit": "V-2", "berth": "B3", "start": "2026-05-04T10:00:00Z"}
    )


def test_reflex_that_raises_is_a_failed_turn(tmp_path: Path, reflexive: Floor) -> None:
    turn, model, _ = take(tmp_path, SAYS, floor=reflexive, trigger=_announced(99))
    assert (turn.failure, turn.detail, model.heard) == ("error", "KeyError: 'reflex'", [])
