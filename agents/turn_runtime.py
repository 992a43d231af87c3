"""Taking one turn: view, model, queries, parsing, retries, deadline. What comes back is always a Turn."""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage

from agents.budgets import BudgetExhaustedError, Budgets
from agents.endpoints import EndpointCall, EndpointDownError, Endpoints, is_endpoints
from agents.models import ModelAccess, calls_of
from agents.parsing import InvalidTurnError, check_answers, check_message, check_spoken, parse_moves
from agents.players import Player, Players
from agents.pricing import PriceBook
from agents.prompting import system_prompt
from agents.prompts import NOTHING_SHOWN, Prompt
from agents.rates import Rates
from agents.retrying import KEEP_SHARE, CaseRetries, decide, pace
from agents.speaking import Listener, ask_aloud
from agents.spent import Meter, Spent
from agents.telling import tell
from agents.tracking import TrackedSnapshot
from agents.view import build_view
from protocol.breaker import CallResult
from protocol.calling import BUDGET, RATE
from protocol.canonical import legible
from protocol.effects import Emit
from protocol.fields import check_shape
from protocol.ids import derive
from protocol.ports import Ledger, ReadTx, Tx
from protocol.position import Trigger
from protocol.rows import CaseRow
from protocol.turns import Move, Proposal, Turn
from protocol.world import World
from telemetry.clock import shared_clock

MAX_STEPS = 8
"""Model calls of one attempt: queries come first, the moves last."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Job:
    """One turn to take. ``listener``: told what the agent writes while it writes, where that is streamed."""

    case: CaseRow
    agent: str
    round: int
    triggers: tuple[Trigger, ...]
    listener: Listener | None = None


class TurnRuntime:
    """Takes turns on the model a role is given.

    ``clock``: the process clock; ``shared``: the one that processes share; both in seconds.
    """

    def __init__(
        self,
        world: World,
        ledger: Ledger,
        models: ModelAccess,
        prompts: Mapping[str, str],
        clock: Callable[[], float],
        shared: Callable[[], float] = shared_clock,
        prices: PriceBook | None = None,
    ) -> None:
        self._world = world
        self._ledger = ledger
        self._clock = clock
        self._prompts = {a: system_prompt(prompts[a], m) for a, m in world.manifests.items()}
        self._players = Players(world, models)
        self._endpoints = Endpoints(world, ledger, shared)
        self._prices = prices or PriceBook(world.config.models.prices)
        self._meter = Meter(Budgets(world, ledger, self._prices, shared), clock)
        self._rates = Rates(world, ledger, shared)
        self._retries = CaseRetries(world, ledger)

    async def take(self, job: Job) -> Turn:
        """One turn, within its deadline. Never raises for what a model or a floor's function does.

        What reflexes propose stands whatever becomes of the model: a failed turn carries it too.
        """
        try:
            reflexes, left = await self._reflexes(job)
        except Exception as error:  # noqa: BLE001 - a floor's function that fails is a value for the gate
            return Turn(job.agent, failure="error", detail=_told(error), attempts=0)
        if not left:
            return Turn(job.agent, reflexes)
        turn = await self._within_rate(replace(job, triggers=left), self._deadline_s(job))
        return replace(turn, moves=(*reflexes, *turn.moves))

    async def _within_rate(self, job: Job, deadline_s: float) -> Turn:
        """The turn once its agent's rate allows it: a wait within the deadline, that leaves some of it."""
        waited_s = await self._rates.wait(job.case, job.agent, (1 - KEEP_SHARE) * deadline_s)
        if waited_s is None:
            detail = f"{job.agent} takes no more turns than its rate allows, and no slot is free in time"
            return Turn(job.agent, failure=RATE, detail=detail, attempts=0)
        return await self._by_whom_it_can(job, deadline_s, deadline_s - waited_s)

    async def _by_whom_it_can(self, job: Job, deadline_s: float, allowed_s: float) -> Turn:
        """The turn of the first model of the role whose endpoint is up, while there is time for another."""
        started, spent, attempts = self._clock(), _Spent(self._prices), 0
        players = self._players.of(job.agent, job.case, job.triggers)
        for player, following in zip(players, (*players[1:], None), strict=True):
            left_s = allowed_s - (self._clock() - started) if attempts else allowed_s
            turn = await self._through(spent.play(player), job, (deadline_s, left_s), spent)
            turn = replace(turn, attempts=turn.attempts + attempts, usage=spent.usage, model=spent.model)
            if following is None or turn.endpoint is None or turn.failure == "timeout":
                break
            attempts = turn.attempts
            if attempts and allowed_s - (self._clock() - started) < KEEP_SHARE * deadline_s:
                break
            if attempts and not await self._may_retry(job, spent):
                break
            await self._fall_back(job, player, following, turn)
        return turn

    async def _fall_back(self, job: Job, player: Player, following: Player, failed: Turn) -> None:
        data = {"from": player.name, "to": following.name, "why": failed.detail[:500]}

        def told(tx: Tx) -> None:
            tell(tx, self._world, job.case, job.agent, "model.fell_back", job.agent, data)

        await self._ledger.write(told)

    async def _through(self, player: Player, job: Job, times_s: tuple[float, float], spent: "_Spent") -> Turn:
        """The turn, if its model's endpoint may be called; what came of that is recorded.

        ``times_s``: the deadline, and what of it is left.
        """
        deadline_s, allowed_s = times_s
        if player.endpoint is None:
            return await self._attempts(job, deadline_s, allowed_s, spent)
        call = EndpointCall(player.endpoint, job.case, job.agent, job.round, allowed_s)
        if why := await self._endpoints.refuses(call):
            return Turn(job.agent, failure="error", detail=why, attempts=0, endpoint=player.endpoint)
        turn = await self._attempts(job, deadline_s, allowed_s, spent)
        if turn.endpoint is not None:
            result = CallResult.TIMEOUT if turn.failure == "timeout" else CallResult.ERROR
        else:
            result = CallResult.GOOD if spent.has_answered else CallResult.UNKNOWN
        await self._endpoints.came_to(call, result)
        return turn

    async def _attempts(self, job: Job, deadline_s: float, allowed_s: float, spent: "_Spent") -> Turn:
        """The turn after its attempts. ``allowed_s``: what is left of the deadline."""
        started = self._clock()
        rolls = random.Random(derive("retry", job.case.id, job.round, job.agent))
        attempt, complaint = 0, ""
        while True:
            attempt += 1
            left_s = allowed_s - (self._clock() - started)
            spent.is_hopeless, spent.retry_after_s = False, 0.0
            turn = await self._attempt(job, complaint, spent, max(left_s, 0.001))
            took_s = self._clock() - started
            turn = replace(turn, attempts=attempt, usage=spent.usage, pace=pace(took_s, allowed_s))
            turn = replace(turn, dropped=spent.prompt.dropped, context=spent.prompt.context)
            if turn.failure in (None, "timeout", BUDGET):
                return turn
            retries = self._world.manifests[job.agent].escalation_path.after_retries
            attempts = attempt if spent.is_hopeless else retries + 1
            again = decide(
                attempt, attempts, deadline_s, allowed_s - took_s, rolls.random(), least_s=spent.retry_after_s
            )
            if not again.again or not await self._may_retry(job, spent):
                return turn
            complaint = turn.detail if turn.failure == "invalid" else ""
            await asyncio.sleep(again.wait_s)

    async def _may_retry(self, job: Job, spent: "_Spent") -> bool:
        return await self._retries.allows(job.case, job.agent, job.round, spent.retried_before)

    def _deadline_s(self, job: Job) -> float:
        policy = self._world.manifests[job.agent].timeout_policy
        called = any(t["type"] != "event" for t in job.triggers)
        return float(policy.call_s if called else policy.event_s)

    async def _reflexes(self, job: Job) -> tuple[tuple[Move, ...], tuple[Trigger, ...]]:
        """Proposals made by plain functions, and the triggers that still need the model."""
        manifest = self._world.manifests[job.agent]
        hears = set(manifest.input_schema.events.hear)
        moves: list[Move] = []
        left: list[Trigger] = []
        for trigger in job.triggers:
            kind = manifest.reflexes.get(trigger["event"]) if trigger["type"] == "event" else None
            if kind is not None:
                emit = Emit(trigger["event"], trigger["subject"], trigger["data"])
                params = await self._ledger.read(_with(self._world.reflexes[kind].params, emit))
                if params is not None:
                    moves.append(Proposal(kind, params))
            if kind is None or trigger["event"] in hears:
                left.append(trigger)
        return tuple(moves), tuple(left)

    async def _attempt(self, job: Job, complaint: str, spent: "_Spent", timeout_s: float) -> Turn:
        """One attempt. ``complaint``: what was wrong with the last answer, for the model to mend."""
        try:
            async with asyncio.timeout(timeout_s) as limit:
                return await self._converse(job, complaint, spent)
        except InvalidTurnError as error:
            return Turn(job.agent, failure="invalid", detail=legible(str(error)))
        except BudgetExhaustedError as error:
            return Turn(job.agent, failure=BUDGET, detail=str(error))
        except EndpointDownError as error:
            endpoint = spent.endpoint
            spent.is_hopeless, spent.retry_after_s = error.is_hopeless, error.retry_after_s
            return Turn(job.agent, failure="error", detail=legible(str(error)), endpoint=endpoint)
        except Exception as error:  # noqa: BLE001 - a failing agent is a value for the gate, and cancels nobody
            if isinstance(error, TimeoutError) and limit.expired():
                # A model that never answered in this turn is down; one that did is only asked for too much.
                endpoint = spent.endpoint if spent.is_waiting_in_vain else None
                detail = f"no answer within {timeout_s:.0f} s"
                return Turn(job.agent, failure="timeout", detail=detail, endpoint=endpoint)
            return Turn(job.agent, failure="error", detail=_told(error))

    async def _converse(self, job: Job, complaint: str, spent: "_Spent") -> Turn:
        view, reads, spent.retried_before = await self._ledger.read(
            lambda tx: build_view(tx, self._world, job.case, job.agent, job.triggers)
        )
        budget = self._world.manifests[job.agent].context.budget_tokens
        queries = bool(self._world.queries_of(job.agent))
        prompt = spent.prompt = Prompt(self._prompts[job.agent], view, complaint, budget, queries=queries)
        reads = {ref: version for ref, version in reads.items() if ref not in prompt.dropped}
        for _ in range(MAX_STEPS):
            answer = await self._bounded(job, prompt.messages, spent)
            check_message(answer)
            calls = list(calls_of(answer))
            if not any(c["name"] in self._world.queries for c in calls):
                moves = parse_moves(self._world, job.agent, calls)
                check_answers(self._world, job.agent, moves, _asked(job))
                check_spoken(moves, {str(t["type"]) for t in job.triggers})
                return Turn(job.agent, moves, reads)
            prompt.add(answer, len(calls))
            for call in calls:
                await self._answer(job.agent, call, reads, prompt)
        raise InvalidTurnError(f"no moves after {MAX_STEPS} steps of queries")

    async def _bounded(self, job: Job, messages: list[BaseMessage], spent: "_Spent") -> BaseMessage:
        who = job.case, job.agent, job.round
        return await self._meter.call(who, messages, spent, lambda: self._call(job, messages, spent))

    async def _call(self, job: Job, messages: list[BaseMessage], spent: "_Spent") -> BaseMessage:
        """The model's answer. Raises EndpointDownError for a failure of the endpoint that serves it."""
        assert spent.player is not None
        spent.is_calling = True
        listener = None if spent.endpoint is None else job.listener
        try:
            answer = await ask_aloud(spent.player.model, messages, listener)
        except Exception as error:
            spent.is_calling = False
            if spent.endpoint is None or not is_endpoints(error):
                raise
            raise EndpointDownError(f"{spent.endpoint}: {_told(error)}") from error
        spent.is_calling = False
        spent.add(messages, answer)
        is_told, tools = spent.endpoint is not None, spent.player.tools_tokens
        spent.prompt.called(answer, is_told=is_told, tools_tokens=tools)
        return answer

    async def _answer(
        self, agent: str, call: Mapping[str, Any], reads: dict[str, int], prompt: Prompt
    ) -> None:
        """Answer one call of a message that queries: whatever else it calls is not a turn yet."""
        if call["name"] in self._world.queries:
            prompt.answer(call["id"], call["name"], await self._query(agent, call, reads))
        else:
            prompt.not_yet(call["id"])

    async def _query(self, agent: str, call: Mapping[str, Any], reads: dict[str, int]) -> Any:
        query = self._world.queries[call["name"]]
        if query not in self._world.queries_of(agent):
            raise InvalidTurnError(f"{agent} may not read what {query.name} reads")
        if problems := check_shape(query.params, call["args"]):
            raise InvalidTurnError(f"{query.name}: {'; '.join(problems)}")

        def run(tx: ReadTx) -> tuple[Any, dict[str, int]]:
            seen: dict[str, int] = {}
            return query.answer(call["args"], TrackedSnapshot(tx, seen)), seen

        answer, seen = await self._ledger.read(run)
        types = self._world.types
        reads.update({t: v for t, v in seen.items() if types[t.partition("/")[0]].versioned})
        return answer


def _with(function: Callable[[Emit, Any], _T], emit: Emit) -> Callable[[ReadTx], _T]:
    return lambda tx: function(emit, tx)


def _asked(job: Job) -> dict[str, str]:
    """Requests the agent is asked as their owner, by exchange."""
    return {str(t["exchange"]): str(t["request"]) for t in job.triggers if t["type"] == "request"}


def _told(error: Exception) -> str:
    return legible(f"{type(error).__name__}: {error}")


class _Spent(Spent):
    """What a turn takes, what its model was shown last, and the retries of its case in earlier rounds."""

    prompt = NOTHING_SHOWN
    retried_before = 0
