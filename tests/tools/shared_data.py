"""The way to real files: beside the repository, never in it; a test without them is skipped and says so."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def shared(name: str) -> Path:
    """A folder of the shared data."""
    found = ROOT.parent / "shared" / "data" / name
    if not found.is_dir():
        pytest.skip(f"shared data not present: ../shared/data/{name}")
    return found
