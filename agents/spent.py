"""What one turn takes of its models, over all its attempts and the models that play it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.messages.utils import count_tokens_approximately

from agents.budgets import Budgets, Calling
from agents.players import Player
from agents.pricing import PriceBook
from agents.streamed_answer import CUT_AT
from agents.view import CHARS_PER_TOKEN
from protocol.rows import CaseRow
from protocol.spending import Spend
from protocol.usage import Usage, one_call
from telemetry.prices import Tokens


def tokens_of(messages: Sequence[BaseMessage], answer: BaseMessage) -> tuple[Tokens, bool]:
    """What a call took, and whether that is our estimate, since nobody has told."""
    told: Mapping[str, Any] = getattr(answer, "usage_metadata", None) or {}
    if not told:
        # What a message holds beside its text, its calls above all, is counted as text.
        unread = int(answer.response_metadata.get(CUT_AT, 0)) // CHARS_PER_TOKEN
        written = max(count_tokens_approximately([answer]), unread)
        return Tokens(count_tokens_approximately(messages), written), True
    details: Mapping[str, Any] = told.get("input_token_details") or {}
    cached = int(details.get("cache_read") or 0)
    return Tokens(int(told.get("input_tokens", 0)), int(told.get("output_tokens", 0)), cached), False


class Spent:
    """Model use of all attempts of a turn, those that failed included."""

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices
        self.usage = Usage()
        self.player: Player | None = None
        """Who plays the role now; None before anybody does."""
        self.model = ""
        """The backend that answered last."""
        self.is_calling = False
        """Whether the model has been asked and has not answered."""
        self.is_hopeless = False
        """Whether its endpoint failed in a way that asking again does not mend."""
        self.retry_after_s = 0.0
        """How long it asked to be left alone, when it failed last."""
        self._answers = 0

    @property
    def endpoint(self) -> str | None:
        """Of whoever plays the role now."""
        return self.player.endpoint if self.player is not None else None

    @property
    def is_waiting_in_vain(self) -> bool:
        """Whether the model is being waited for that has not answered once."""
        return self.is_calling and self._answers == 0

    @property
    def has_answered(self) -> bool:
        """Whether whoever plays the role now has answered once."""
        return self._answers > 0

    def play(self, player: Player) -> Player:
        """Somebody else plays the role from now on."""
        self.player, self._answers, self.is_calling = player, 0, False
        return player

    def since(self, before: Usage, wall_ms: int) -> Spend:
        """What was taken since ``before``: the money that is known of it."""
        now, then = self.usage, before
        tokens = now.input_tokens + now.output_tokens - then.input_tokens - then.output_tokens
        return Spend(tokens, Decimal(now.at_least_usd) - Decimal(then.at_least_usd), wall_ms)

    def add(self, messages: Sequence[BaseMessage], answer: BaseMessage) -> Usage:
        """One more call; what it took."""
        assert self.player is not None
        tokens, estimated = tokens_of(messages, answer)
        cost = self._prices.cost(self.player.name, tokens)
        call = one_call(tokens.input, tokens.output, cost, estimated=estimated)
        self.usage = self.usage.plus(call)
        self.model = self.player.name
        self._answers += 1
        return call


@dataclass(frozen=True, slots=True)
class Meter:
    """Calls in one name, within its budgets. ``clock``: the process clock, in seconds."""

    budgets: Budgets
    clock: Callable[[], float]

    async def call(
        self,
        who: tuple[CaseRow, str, int],
        messages: list[BaseMessage],
        spent: Spent,
        ask: Callable[[], Awaitable[BaseMessage]],
    ) -> BaseMessage:
        """What ``ask`` answers; it adds the call to ``spent``. ``who``: the case, the agent and the round.

        BudgetExhaustedError when the call may not be made. One that is broken off stays reserved: it may
        have been paid for.
        """
        case, agent, round_no = who
        if not self.budgets.bound(agent):
            return await ask()
        player = spent.player
        assert player is not None
        size = count_tokens_approximately(messages) + player.tools_tokens
        made = await self.budgets.reserve(Calling(case, agent, round_no, player.name, size))
        started, before = self.clock(), spent.usage
        try:
            answer = await ask()
        except Exception:
            await self.budgets.settle(made, Spend(wall_ms=self._since_ms(started)))
            raise
        await self.budgets.settle(made, spent.since(before, self._since_ms(started)))
        return answer

    def _since_ms(self, started: float) -> int:
        return max(0, round((self.clock() - started) * 1000))
