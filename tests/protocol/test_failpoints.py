"""Points: disarmed they do nothing, armed they are heard in order."""

from collections.abc import Iterator

import pytest

from protocol.failpoints import Point, arm, failpoint


@pytest.fixture
def heard() -> Iterator[list[Point]]:
    points: list[Point] = []
    arm(points.append)
    yield points
    arm(None)


def test_armed_hook_hears_each_point_in_order(heard: list[Point]) -> None:
    failpoint(Point.ROUTED)
    failpoint(Point.DURABLE)
    assert heard == [Point.ROUTED, Point.DURABLE]


def test_disarmed_nothing_is_heard(heard: list[Point]) -> None:
    arm(None)
    failpoint(Point.ROUTED)
    assert heard == []


def test_hook_may_end_the_work(heard: list[Point]) -> None:
    def die(_: Point) -> None:
        raise SystemExit(9)

    arm(die)
    with pytest.raises(SystemExit):
        failpoint(Point.ACCEPTED)


def test_points_are_numbered_from_01_to_19() -> None:
    assert [point.number for point in Point] == [f"p{n:02d}" for n in range(1, 20)]
