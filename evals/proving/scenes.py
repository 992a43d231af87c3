"""What the search lets happen beside the agents' turns: one disturbance a scene, each in every place."""

from dataclasses import dataclass, replace
from typing import Literal

from evals.proving.adversary import FAILURES


@dataclass(frozen=True, slots=True)
class Scene:
    """One way of searching a question.

    ``edits``: changes from outside, at any moment, also between a turn or a signature and the gate.
    ``overrides``: a person puts the contested record where they want it. ``asker_starts``,
    ``owner_starts``, ``other_starts``: how often an agent begins something. ``late``: it may do so at
    every turn; else in its first, and when its action came to nothing. ``failures``: the ways of failing
    told apart. ``breaker``: how the pair's breaker stands at the start. ``pulled``: the cord is pulled on
    the whole floor. ``follows``: cases that open in other lanes are part of the search.
    """

    name: str
    edits: int = 0
    overrides: int = 0
    asker_starts: int = 1
    owner_starts: int = 1
    other_starts: int = 1
    late: bool = False
    failures: tuple[str, ...] = FAILURES[:1]
    breaker: Literal["closed", "open", "cooled"] = "closed"
    pulled: bool = False
    follows: bool = False


PLAIN = Scene("answers", failures=FAILURES)
AGAIN = Scene("asked again", asker_starts=2)
LATE = Scene("at any turn", late=True)
EDITED = Scene("a change from outside", edits=1)
OVERRIDDEN = Scene("a person intervenes", overrides=1)
DOWN = Scene("breaker open", breaker="open")
PROBED = Scene("breaker half open", breaker="cooled")
PULLED = Scene("cord pulled", pulled=True)
BOUNDARY = Scene("lane boundary", follows=True)

PAIR = (PLAIN, AGAIN, LATE, EDITED, OVERRIDDEN, DOWN, PROBED)
"""The scenes of a question between an asker and an owner."""
CONTENDED = tuple(
    replace(scene, owner_starts=0, failures=FAILURES[:1]) for scene in (PLAIN, EDITED, OVERRIDDEN)
)
"""The scenes of a question with contenders. Its owner only answers, and failures are not told apart:
what owners begin, and that failures behave alike, is seen in the scenes of two."""
CROWD = replace(PLAIN, name="all at once", failures=FAILURES[:1])
"""Everybody acts on the same thing at once."""
