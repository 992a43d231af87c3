"""What a case cost stands behind its outcome, and what nobody knows of it is not left out."""

from dataclasses import asdict
from decimal import Decimal

import pytest

from cli.outcome import standing_line
from protocol.usage import NO_USE, Usage, one_call

FREE = one_call(10, 2, Decimal(0), estimated=False)
PRICED = one_call(10, 2, Decimal("0.41"), estimated=False)
UNPRICED = one_call(10, 2, None, estimated=False)


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (NO_USE, ""),
        (FREE, ""),
        (PRICED, ", cost $0.41"),
        (UNPRICED, ", cost unknown"),
        (PRICED.plus(UNPRICED).plus(FREE), ", cost at least $0.41, 1 call unpriced"),
    ],
)
def test_a_case_says_what_it_cost_unless_it_was_free(usage: Usage, said: str) -> None:
    shape = {"case": "case_x", "status": "done", "rounds": 1, "usage": asdict(usage)}
    assert standing_line(shape) == f"case_x: done, 1 round{said}"
