"""What every test may count on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.network import block_network

block_network()

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Real files, beside the repository and never in it."""


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """``shared_data(name)``: a folder or file of the shared data; skips, and says so, where there is none."""

    def find(name: str) -> Path:
        if not (_SHARED / name).exists():
            pytest.skip(f"shared data not present: ../shared/data/{name.partition('/')[0]}")
        return _SHARED / name

    return find
