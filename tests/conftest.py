"""What every test may count on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from tests.network import block_network
from tests.prefork import prefork

block_network()

_ROOT = Path(__file__).resolve().parents[1]
# Beside pytest's own cache: a .hypothesis folder in the root would be a warning at the next collection.
set_hypothesis_home_dir(_ROOT / ".pytest_cache" / "hypothesis")
# A busy machine draws slowly; that is no fault of what is tested.
settings.register_profile("andon", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("andon")
_SHARED = _ROOT.parent / "shared" / "data"
"""Real files, beside the repository and never in it."""


@pytest.fixture
def shared_data() -> Callable[[str], Path]:
    """``shared_data(name)``: a folder or file of the shared data; skips, and says so, where there is none."""

    def find(name: str) -> Path:
        if not (_SHARED / name).exists():
            pytest.skip(f"shared data not present: ../shared/data/{name.partition('/')[0]}")
        return _SHARED / name

    return find


@pytest.fixture(scope="session")
def andon_process() -> Iterator[list[str]]:
    """The words that stand for ``python -m cli``, with a start that takes no second (tests/prefork)."""
    with prefork() as words:
        yield words


@pytest.fixture
def quick_starts(andon_process: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What suites and stories start elsewhere is up at once."""
    monkeypatch.setattr("evals.elsewhere.PROGRAM", andon_process)
