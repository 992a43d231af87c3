"""What the search lets happen beside the agents' turns: one disturbance a scene, each in every place."""

from dataclasses import dataclass, replace
from typing import Literal

FAILURES = ("timeout", "error", "invalid")


@dataclass(frozen=True, slots=True)
class Scene:
    """One way of searching a question.

    ``changes``: how often the contested record changes from outside, is blocked by a fact, or is put by
    a person where they want it; at any moment, also between a turn or a signature and the gate.
    ``asker_starts``, ``owner_starts``, ``other_starts``: how often an agent begins something. ``late``:
    it may do so at every turn; else in its first, and when its action came to nothing. ``failures``: the
    ways of failing told apart. ``breaker``: how the pair's breaker stands at the start. ``pulled``: the
    cord is pulled on the whole floor. ``follows``: cases that open in other lanes are searched, too.
    ``asks``: the asker asks; else it proposes as all others do, and exchanges arise from what is held.
    ``pairs``: two decisions of people may be applied in one pass. ``terse``: answers are one refusal and
    one other place.
    """

    name: str
    changes: int = 0
    asker_starts: int = 1
    owner_starts: int = 1
    other_starts: int = 1
    late: bool = False
    failures: tuple[str, ...] = FAILURES[:1]
    breaker: Literal["closed", "open", "cooled"] = "closed"
    pulled: bool = False
    follows: bool = False
    asks: bool = True
    pairs: bool = True
    terse: bool = False

    @property
    def opening(self) -> tuple[bool, bool, bool]:
        """What scenes must have alike to share their steps: all that the key of rows leaves out.

        It does not tell since when a breaker is open, nor what is pulled. One that is closed it does tell.
        """
        return self.breaker == "open", self.pulled, self.follows


PLAIN = Scene("answers")
DISTURBED = Scene("a change from outside, or by a person", changes=1)
AGAIN = Scene("asked again", asker_starts=2)
LATE = Scene("at any turn", late=True)
DOWN = Scene("breaker open", breaker="open", failures=FAILURES)
PROBED = Scene("breaker half open", breaker="cooled", failures=FAILURES)
PULLED = Scene("cord pulled", pulled=True, failures=FAILURES)
BOUNDARY = Scene("lane boundary", follows=True)

PAIR = (DISTURBED, AGAIN, LATE, PROBED, DOWN)
"""The scenes of a question between an asker and an owner. The first has all that PLAIN has."""
CONTENDED = replace(PLAIN, owner_starts=0)
"""A question with contenders: its owner only answers. What owners begin is seen in the scenes of two."""
CONTENDED_TERSE = replace(CONTENDED, name="short answers", terse=True)
"""The same with fewer words, for a check that is made often."""
CONTENDED_DISTURBED = replace(DISTURBED, owner_starts=0)
"""The same with a change: long, for a soak."""
CROWD = Scene("all at once", failures=(), asks=False, pairs=False)
"""Everybody wants the same thing at once; whoever is asked answers anything. Nobody fails."""
