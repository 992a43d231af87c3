"""A fresh data directory on the harbour for every test."""

from pathlib import Path

import pytest

from tests.cli.program import Program


@pytest.fixture
def andon(tmp_path: Path) -> Program:
    """The program on the harbour; nothing has been asked yet."""
    return Program(tmp_path / "data")
