"""The lease of a case: held by one, taken over when lost, fenced by its token."""

import pytest

from protocol.lease import LeaseState, free, give_back, holds, renew, state_of, take
from protocol.rows import LeaseHolder, LeaseRow

ME, OTHER = LeaseHolder("here", 1, "10"), LeaseHolder("there", 2, "20")


def held() -> LeaseRow:
    """Taken by ME at second 100 for 15 seconds."""
    lease = take(free("case_1"), ME, 100.0, 15.0, dead=False)
    assert lease is not None
    return lease


def test_first_token_is_one() -> None:
    assert held() == LeaseRow("case_1", 1, ME, 115.0)


@pytest.mark.parametrize(
    ("now", "dead", "state", "token"),
    [
        (114.9, False, LeaseState.HELD, None),
        (115.0, False, LeaseState.LAPSED, 2),
        (101.0, True, LeaseState.LAPSED, 2),
    ],
    ids=["lives", "expired", "holder dead"],
)
def test_only_a_lapsed_lease_is_taken_over(
    now: float, dead: bool, state: LeaseState, token: int | None
) -> None:
    assert state_of(held(), now, dead=dead) is state
    taken = take(held(), OTHER, now, 15.0, dead=dead)
    assert (taken.token if taken else None) == token


def test_lease_that_was_given_back_is_free_at_once_and_its_token_grows_on() -> None:
    back = give_back(held(), 1)
    assert back is not None
    assert state_of(back, 101.0) is LeaseState.FREE
    assert take(back, OTHER, 101.0, 15.0, dead=False) == LeaseRow("case_1", 2, OTHER, 116.0)


def test_late_renewal_is_in_time_while_nobody_has_taken_over() -> None:
    assert renew(held(), 1, 200.0, 15.0) == LeaseRow("case_1", 1, ME, 215.0)


def test_holder_that_was_replaced_neither_renews_nor_gives_back() -> None:
    taken = take(held(), OTHER, 115.0, 15.0, dead=False)
    assert taken is not None
    assert (holds(taken, 1), renew(taken, 1, 116.0, 15.0), give_back(taken, 1)) == (False, None, None)
    assert holds(taken, 2)


def test_nothing_is_given_back_or_renewed_twice() -> None:
    back = give_back(held(), 1)
    assert back is not None
    assert (give_back(back, 1), renew(back, 1, 101.0, 15.0)) == (None, None)


def test_nobody_holds_the_lease_of_a_case_that_was_never_driven() -> None:
    assert not holds(free("case_1"), 0)
