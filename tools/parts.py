"""A policy made of parts: each answers the triggers of one type."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from protocol.turns import Move, Play, View

from .said import Trying

Part: TypeAlias = Callable[[View, Mapping[str, Any]], Trying]


def played(parts: Mapping[str, Part]) -> Callable[[View], Play]:
    """The ``play`` of a policy: every trigger goes to the part for its type, and each move is said once."""

    def play(view: View) -> Play:
        moves: list[Move] = []
        for trigger in view.triggers:
            part = parts.get(trigger["type"])
            found = (yield from part(view, trigger)) if part else []
            moves += (move for move in found if move not in moves)
        return moves

    return play
