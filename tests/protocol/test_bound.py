"""The bound on the passes of a case."""

from protocol.bound import pass_bound
from protocol.floor import Limits


def test_a_case_makes_a_pass_a_round_and_one_for_each_time_people_were_asked() -> None:
    assert pass_bound(Limits(rounds=8), 0) == 8
    assert pass_bound(Limits(rounds=8), 3) == 11
