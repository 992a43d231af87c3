"""A fresh data directory on the harbour for every test."""

from pathlib import Path

import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from tests.architecture.sources import ROOT
from tests.cli.program import Program

# Beside pytest's own cache: a .hypothesis folder in the root would be a warning at the next collection.
set_hypothesis_home_dir(ROOT / ".pytest_cache" / "hypothesis")


@pytest.fixture
def andon(tmp_path: Path) -> Program:
    """The program on the harbour; nothing has been asked yet."""
    return Program(tmp_path / "data")
