"""What a scripted agent says, in the stored form of protocol/turns.py, with what may be left out."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from protocol.manifest import Name, Strict


class CarriedAction(Strict):
    """The action a request is for; ``holes`` are the parameters that its answer fills."""

    kind: Name
    params: dict[str, Any] = Field(default_factory=dict)
    holes: list[Name] = Field(default_factory=list)


class ProposeMove(Strict):
    """An action the agent wants."""

    move: Literal["propose"]
    kind: Name
    params: dict[str, Any] = Field(default_factory=dict)


class AskMove(Strict):
    """A request to another agent."""

    move: Literal["ask"]
    to: Name
    request: Name
    params: dict[str, Any] = Field(default_factory=dict)
    carries: CarriedAction | None = None


class AnswerMove(Strict):
    """A word in an exchange. ``$request``: the one the agent is asked about in this turn, if any."""

    move: Literal["answer"]
    exchange: str = "$request"
    kind: Literal["agree", "refuse", "counter", "defer"]
    values: dict[str, Any] = Field(default_factory=dict)
    code: Name | None = None
    text: str = ""


class ReplyMove(Strict):
    """Words for the person who opened the case."""

    move: Literal["reply"]
    text: str
    code: Name | None = None
    clarify: bool = False


AnyMove: TypeAlias = Annotated[ProposeMove | AskMove | AnswerMove | ReplyMove, Field(discriminator="move")]
