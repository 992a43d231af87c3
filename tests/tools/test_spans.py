"""Spans of the past that a line names, on Monday 2 March 10:00 site time."""

import pytest

from tools.spans import Span, current_shift, named_span

from .snapshot_fake import NOW


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("OEE for line 2 last night", "03-01T22:00", "03-02T06:00"),
        ("today", "03-01T23:00", "03-02T09:00"),
        ("yesterday", "02-28T23:00", "03-01T23:00"),
        ("on Monday", "03-01T23:00", "03-02T09:00"),
        ("on Friday", "02-26T23:00", "02-27T23:00"),
        ("2026-02-27", "02-26T23:00", "02-27T23:00"),
        ("since 2 this morning", "03-02T01:00", "03-02T09:00"),
        ("since 02:00", "03-02T01:00", "03-02T09:00"),
        ("since 14:00", "03-01T13:00", "03-02T09:00"),
        ("since Friday 14:00", "02-27T13:00", "03-02T09:00"),
        ("since yesterday", "02-28T23:00", "03-02T09:00"),
        ("day shift yesterday", "03-01T06:00", "03-01T14:00"),
        ("night shift", "03-01T22:00", "03-02T06:00"),
        ("day shift", "03-02T06:00", "03-02T14:00"),
        ("this shift", "03-02T06:00", "03-02T14:00"),
        ("last shift", "03-01T22:00", "03-02T06:00"),
        ("last 3 days", "02-27T09:00", "03-02T09:00"),
        ("last 8 hours", "03-02T01:00", "03-02T09:00"),
        ("this week", "03-01T23:00", "03-02T09:00"),
        ("last week", "02-22T23:00", "03-01T23:00"),
    ],
)
def test_span_is_read(text: str, start: str, end: str) -> None:
    assert named_span(text, NOW) == Span(f"2026-{start}:00Z", f"2026-{end}:00Z")


@pytest.mark.parametrize(
    "text", ["", "at 9:00", "tomorrow", "next Friday", "tonight", "since ever", "2026-13-41"]
)
def test_what_names_no_past_span_is_none(text: str) -> None:
    assert named_span(text, NOW) is None


def test_night_belongs_to_the_shift_it_began_in() -> None:
    assert current_shift("2026-03-02T02:00:00Z") == Span("2026-03-01T22:00:00Z", "2026-03-02T06:00:00Z")
    assert current_shift("2026-03-02T14:00:00Z") == Span("2026-03-02T14:00:00Z", "2026-03-02T22:00:00Z")
