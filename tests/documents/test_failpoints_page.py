"""The page on failpoints is what its script writes, and no point is only on paper."""

from protocol.failpoints import Point
from scripts.failpoints import PAGE, page, placed


def test_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page(), "write it anew: python scripts/failpoints.py"


def test_every_point_but_the_consumers_stands_in_the_code() -> None:
    assert set(Point) - set(placed()) == {Point.CONSUMED}
