"""The lease of a case: held by one, taken over when lost, fenced by its token."""

import pytest

from protocol.lease import LeaseState, free, give_back, holds, renew, sighted, state_of, take, unchanged
from protocol.rows import LeaseHolder, LeaseRow

ME, OTHER = LeaseHolder("here", 1, "10"), LeaseHolder("there", 2, "20")


def held() -> LeaseRow:
    """Taken by ME at second 100 for 15 seconds."""
    lease = take(free("case_1"), ME, 100.0, 15.0, ended=False)
    assert lease is not None
    return lease


def test_first_token_is_one() -> None:
    assert held() == LeaseRow("case_1", 1, ME, 115.0)


@pytest.mark.parametrize("now", [0.0, 101.0, 115.0, 1e9], ids=["set back", "soon", "at its end", "set ahead"])
@pytest.mark.parametrize(
    ("ended", "state", "token"), [(False, LeaseState.HELD, None), (True, LeaseState.LAPSED, 2)]
)
def test_only_a_lapsed_lease_is_taken_over(
    now: float, ended: bool, state: LeaseState, token: int | None
) -> None:
    assert state_of(held(), ended=ended) is state
    taken = take(held(), OTHER, now, 15.0, ended=ended)
    assert (taken.token if taken else None) == token


def test_lease_that_was_given_back_is_free_at_once_and_its_token_grows_on() -> None:
    back = give_back(held(), 1)
    assert back is not None
    assert state_of(back) is LeaseState.FREE
    assert take(back, OTHER, 101.0, 15.0, ended=False) == LeaseRow("case_1", 2, OTHER, 116.0)


def test_late_renewal_is_in_time_while_nobody_has_taken_over() -> None:
    assert renew(held(), 1, 200.0, 15.0) == LeaseRow("case_1", 1, ME, 215.0)


@pytest.mark.parametrize("now", [100.0, 40.0, 100.5], ids=["clock stands", "set back", "goes slowly"])
def test_every_renewal_changes_the_row(now: float) -> None:
    renewed = renew(held(), 1, now, 15.0)
    assert renewed is not None
    assert renewed.expires > held().expires
    again = renew(renewed, 1, now, 15.0)
    assert again is not None
    assert again.expires > renewed.expires


def test_lease_has_ended_once_it_was_seen_unchanged_for_its_length() -> None:
    first = sighted(None, held(), 7.0)
    assert not unchanged(first, 7.0, 15.0)
    assert not unchanged(sighted(first, held(), 21.9), 21.9, 15.0)
    assert unchanged(sighted(first, held(), 22.0), 22.0, 15.0)
    renewed = renew(held(), 1, 105.0, 15.0)
    assert renewed is not None
    assert not unchanged(sighted(first, renewed, 22.0), 22.0, 15.0)


def test_holder_that_was_replaced_neither_renews_nor_gives_back() -> None:
    taken = take(held(), OTHER, 115.0, 15.0, ended=True)
    assert taken is not None
    assert (holds(taken, 1), renew(taken, 1, 116.0, 15.0), give_back(taken, 1)) == (False, None, None)
    assert holds(taken, 2)


def test_nothing_is_given_back_or_renewed_twice() -> None:
    back = give_back(held(), 1)
    assert back is not None
    assert (give_back(back, 1), renew(back, 1, 101.0, 15.0)) == (None, None)


def test_nobody_holds_the_lease_of_a_case_that_was_never_driven() -> None:
    assert not holds(free("case_1"), 0)
