"""Instants: one text each, so that what is compared as text is compared as time."""

import pytest

from protocol.times import (
    from_micros,
    is_instant,
    local,
    micros,
    minutes_between,
    parse,
    plus,
    show,
    whole,
)

AT = "2026-03-02T09:00:00Z"


@pytest.mark.parametrize(
    "text",
    [
        AT,
        "2026-03-02T09:00:00.5Z",
        "2026-03-02T09:00:00.123456Z",
        "2024-02-29T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_utc_instant_is_one(text: str) -> None:
    assert is_instant(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T09:00:00",
        "2026-03-02T10:00:00+01:00",
        "2026-03-02T09:00:00+00:00",
        "2026-03-02T09:00:00z",
        "2026-03-02 09:00:00Z",
        "2026-03-02T09:00Z",
        "2026-03-02",
        "2026-02-29T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T09:00:60Z",
        "2026-03-02T09:00:00.Z",
        "2026-03-02T09:00:00.1234567Z",
        "0000-01-01T00:00:00Z",
        "2026-03-02T09:00:00Z\n",
        " 2026-03-02T09:00:00Z",
        "٢٠٢٦-03-02T09:00:00Z",
        "",
        None,
        0,
        1772442000.0,
        parse(AT),
    ],
)
def test_nothing_else_is_an_instant(text: object) -> None:
    assert not is_instant(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (AT, AT),
        ("2026-03-02T10:00:00+01:00", AT),
        ("2026-03-02T09:00:00.000Z", AT),
        ("2026-03-02T09:00:00.5Z", "2026-03-02T09:00:00.500000Z"),
        ("2026-03-01T23:30:00-09:30", AT),
    ],
)
def test_one_instant_has_one_text(text: str, shown: str) -> None:
    assert show(parse(text)) == shown


@pytest.mark.parametrize("text", ["2026-03-02T09:00:00", "2026-03-02", "now", ""])
def test_text_without_a_zone_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words, whichever it has
        parse(text)


@pytest.mark.parametrize("text", [AT, "1969-12-31T23:59:59.999999Z", "2026-03-02T09:00:00.000001Z"])
def test_columns_that_are_compared_come_back_the_same(text: str) -> None:
    assert from_micros(micros(text)) == text


def test_columns_compare_as_the_instants_do() -> None:
    later = ["1969-12-31T23:59:59Z", AT, "2026-03-02T09:00:00.1Z", "2026-03-02T09:00:00.25Z"]
    assert sorted(later, key=micros) == later
    assert micros("1970-01-01T00:00:01Z") == 1_000_000


@pytest.mark.parametrize(
    ("moved", "expected"),
    [
        (plus(AT, seconds=86400), "2026-03-03T09:00:00Z"),
        (plus(AT, minutes=-30, seconds=-1), "2026-03-02T08:29:59Z"),
        (plus("2026-03-29T00:30:00Z", minutes=60), "2026-03-29T01:30:00Z"),
        (plus("2026-12-31T23:59:59Z", seconds=1), "2027-01-01T00:00:00Z"),
        (plus(AT, seconds=0.5), "2026-03-02T09:00:00.500000Z"),
    ],
)
def test_duration_moves_an_instant_whatever_the_sites_clocks_do(moved: str, expected: str) -> None:
    assert moved == expected


@pytest.mark.parametrize(
    ("end", "minutes"),
    [
        (AT, 0),
        ("2026-03-02T09:00:59.999999Z", 0),
        ("2026-03-02T09:01:00Z", 1),
        ("2026-03-02T10:08:30Z", 68),
        ("2026-03-02T08:59:30Z", -1),
    ],
)
def test_minutes_between_are_whole_and_rounded_down(end: str, minutes: int) -> None:
    assert minutes_between(AT, end) == minutes


def test_grain_of_the_ledger_clock_makes_deadlines_compare_as_text() -> None:
    assert whole("2026-03-02T09:00:00.999999Z") == AT
    assert whole(AT) == AT
    texts = [whole(t) for t in ("2026-03-02T08:59:59.9Z", "2026-03-02T09:00:00.1Z", "2026-03-02T09:00:01Z")]
    assert sorted(texts) == texts


@pytest.mark.parametrize(
    ("text", "zone", "shown"),
    [
        (AT, "Europe/Berlin", "Mon 2026-03-02 10:00 CET"),
        (AT, "UTC", "Mon 2026-03-02 09:00 UTC"),
        ("2026-07-01T22:30:00Z", "Europe/Berlin", "Thu 2026-07-02 00:30 CEST"),
        ("2026-03-02T09:00:07Z", "Europe/Berlin", "Mon 2026-03-02 10:00:07 CET"),
    ],
)
def test_people_read_the_sites_own_time(text: str, zone: str, shown: str) -> None:
    assert local(text, zone) == shown
