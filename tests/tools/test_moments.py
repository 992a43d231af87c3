"""Days and hours as people write them; what is not certain is asked about, and never taken for another."""

from datetime import date, time

import pytest

from protocol.turns import Proposal, Reply
from tools.clocks import NoSuchTimeError, find_clock
from tools.days import NoSuchDayError, find_day
from tools.line import Line

from .play import person, play, policy_of
from .snapshot_fake import machine_7

TODAY = date(2026, 3, 2)  # a Monday
NOW = "2026-03-02T09:00:00Z"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Move R-701 to Wed 4 Mar 07:00", date(2026, 3, 4)),
        ("Move R-701 to Wed 07:00", date(2026, 3, 4)),
        ("move it to wed.", date(2026, 3, 4)),
        ("by Wednesday", date(2026, 3, 4)),
        ("Tuesday, 3 March 2026 at 15:00", date(2026, 3, 3)),
        ("Wednesday, March 4th", date(2026, 3, 4)),
        ("the 4th of March", date(2026, 3, 4)),
        ("4-Mar", date(2026, 3, 4)),
        ("on 4.3. 14:00", date(2026, 3, 4)),
        ("Wed 4.3. 14:00", date(2026, 3, 4)),
        ("04.03.2026 07:00", date(2026, 3, 4)),
        ("2026-03-04 07:00", date(2026, 3, 4)),
        ("29 Feb 2028", date(2028, 2, 29)),
        ("to May 4 07:00", date(2026, 5, 4)),
        ("to 1 Dec 07:00", date(2026, 12, 1)),  # ahead
        ("to 1 Feb 07:00", date(2026, 2, 1)),  # not long ago, so that somebody can be told it is past
        ("Monday", TODAY),
        ("tonight 23:00", TODAY),
        ("tomorrow 7am", date(2026, 3, 3)),
        ("on sat 7:00", date(2026, 3, 7)),
        ("the Tuesday run, on 5 Mar", date(2026, 3, 5)),  # a date comes before a name
        ("at 14:00", None),
        ("M7 sat 3 hours idle", None),
        ("the machine sat idle at 07:00", None),
        ("Machine 7 may stop at 14:00", None),
        ("may 4 pieces be used", None),
        ("to Mar 14:00", None),
        ("vibration 4.3.", None),
        ("half of it, 1/2", None),
        ("O-31 Mar", None),
        ("monday-shift", TODAY),
        ("wedge, sunk, friction, thud, monitor", None),
    ],
)
def test_day_is_found_as_it_is_written(text: str, day: date | None) -> None:
    found = find_day(text, TODAY)
    assert (found.day if found else None) == day


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("to 31 Feb 07:00", "31 Feb is no day"),
        ("Feb 31", "31 Feb is no day"),
        ("on 31.2. at noon", "31 Feb is no day"),
        ("2026-02-30 14:00", "30 Feb is no day"),
        ("2026-13-01", "01 of month 13 is no day"),
        ("29 Feb", "29 Feb is no day"),
        ("to Wed 5 Mar 07:00", "5 Mar 2026 is a Thursday"),
        ("Wednesday, March 5", "5 Mar 2026 is a Thursday"),
        ("on 4/3", "4/3 may be a day and a month, or a month and a day"),
        ("5/3/2026", "5/3/2026 may be a day and a month, or a month and a day"),
    ],
)
def test_day_that_is_none_or_two_is_no_other_one(text: str, why: str) -> None:
    with pytest.raises(NoSuchDayError) as refused:
        find_day(text, TODAY)
    assert str(refused.value) == why
    assert Line(f"{text} 14:00", {}).when(NOW) is None
    assert Line(f"Move R-701 to {text} 14:00", {}).target(NOW) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [("since 1 Dec", date(2025, 12, 1)), ("since 2 Mar", TODAY), ("since 3 Mar", date(2025, 3, 3))],
)
def test_day_of_the_past_is_the_last_such_one(text: str, day: date) -> None:
    found = find_day(text, TODAY, is_past=True)
    assert found is not None
    assert found.day == day


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("Move R-701 from Tuesday 07:00 to Wednesday 09:00", "2026-03-04T08:00:00Z"),
        ("Move R-701 from Tue 07:00 to 09:00", "2026-03-03T08:00:00Z"),
        ("Move the Tuesday run to Wed 09:00 to be sure", "2026-03-04T08:00:00Z"),
        ("Tomorrow move it to 09:00", "2026-03-03T08:00:00Z"),
        ("Move it to M5 tomorrow 7am due to noise", "2026-03-03T06:00:00Z"),
        ("Move R-701 to 2026-03-04T08:00:00Z, not to that noise", "2026-03-04T08:00:00Z"),
        ("Put R-701 on Wed 09:00", "2026-03-04T08:00:00Z"),
    ],
)
def test_what_is_moved_goes_where_the_line_says_to(text: str, at: str) -> None:
    when = Line(text, {}).target(NOW)
    assert when is not None
    assert when.at == at


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("at 9:30", time(9, 30)),
        ("9:30 pm", time(21, 30)),
        ("9:30 p.m.", time(21, 30)),
        ("9.30 pm", time(21, 30)),
        ("12:15 am", time(0, 15)),
        ("12pm", time(12)),
        ("9 am", time(9)),
        ("at 9", time(9)),
        ("tomorrow at 9.", time(9)),
        ("at 9, please", time(9)),
        ("9 o'clock", time(9)),
        ("at 9.30", time(9, 30)),
        ("Wednesday 9.30", time(9, 30)),
        ("tomorrow at 9.30", time(9, 30)),
        ("Wed 0930", time(9, 30)),
        ("noon", time(12)),
        ("09:30:15", time(9, 30)),
        ("from 10:00 to 14:00", time(10)),
        ("at 90 %", None),
        ("at 9 bar", None),
        ("at 9 pcs an hour", None),
        ("it is off by 9.30 mm", None),
        ("Machine 7", None),
        ("400 CX", None),
        ("R-701:15", None),
        ("at 9h a day", None),
    ],
)
def test_hour_is_found_as_it_is_written(text: str, clock: time | None) -> None:
    assert find_clock(text) == clock


@pytest.mark.parametrize("text", ["25:00", "9:75", "24:00", "0 pm", "13 pm", "at 9:60 pm"])
def test_hour_that_no_day_has_is_no_other_one(text: str) -> None:
    with pytest.raises(NoSuchTimeError) as refused:
        find_clock(text)
    assert str(refused.value) == f"{text.removeprefix('at ')} is no time of day"
    assert Line(f"tomorrow {text}", {}).when(NOW) is None


def test_numbers_of_a_day_are_no_quantities() -> None:
    text = "Allocate 400 CX to O-201 by Wed 4 Mar, or 5.3.2026 at 9, or on 6.3., or March 7th 9.30 pm"
    assert Line(text, {}).quantities() == [400]


@pytest.mark.parametrize(
    ("role", "text"),
    [
        ("scheduling", "Move R-701 to M7 on 31 Feb 14:00"),
        ("scheduling", "Move R-701 to M7 tomorrow 25:00"),
        ("scheduling", "What's next on Machine 7 on 31 Feb?"),
        ("scheduling", "Will O-310 be ready by 31 Feb?"),
        ("scheduling", "Plan O-310 on 4/3"),
        ("maintenance", "Need 4 hours on Machine 7 on 4/3"),
        ("quality", "Hold everything from M7 since 31 Feb"),
        ("reporting", "Publish the shift report of 31 Feb"),
        ("reporting", "What was the OEE of M7 since 31 Feb?"),
    ],
)
def test_no_role_acts_on_a_moment_that_is_none(role: str, text: str) -> None:
    (reply,) = play(policy_of(role), machine_7(), role, person(text))
    assert isinstance(reply, Reply)
    assert reply.clarify
    assert "When is meant?" in reply.text


@pytest.mark.parametrize(
    ("role", "text", "kind"),
    [
        ("scheduling", "Cancel R-701, they called on 4/3", "cancel_run"),
        ("maintenance", "M7 is down since 31 Feb, the pump is loud", "report_down"),
        ("quality", "Hold L95, the ratio is 25:75 since 31 Feb", "place_hold"),
    ],
)
def test_what_needs_no_moment_is_done_whatever_else_is_said(role: str, text: str, kind: str) -> None:
    store = machine_7().add("lot", "L95", item="PLATE", quantity=160)
    found = play(policy_of(role), store, role, person(text))
    assert [m.kind for m in found if isinstance(m, Proposal)] == [kind]


def test_run_is_moved_to_a_day_as_replies_show_it() -> None:
    (move,) = play(
        policy_of("scheduling"), machine_7(), "scheduling", person("Move R-701 to Wed 4 Mar 07:00")
    )
    assert move == Proposal("move_run", {"run": "R-701", "to": "M7", "start": "2026-03-04T06:00:00Z"})
