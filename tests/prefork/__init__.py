"""Commands of Andon in processes that are forked from one in which everything is loaded already.

They are processes like any others, with their own arguments, streams, directory and environment; only the
second that it takes to load Python and LangGraph is saved, for each of hundreds of commands. What a cold
start does is tested by tests/cli/test_start_up.py.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.architecture.sources import ROOT


@contextmanager
def prefork() -> Iterator[list[str]]:
    """Start the server; the words that stand for ``python -m cli`` while it runs."""
    with tempfile.TemporaryDirectory(prefix="andon-") as place:
        socket = str(Path(place) / "socket")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.prefork.server", socket],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            assert json.loads(server.stdout.readline()) == "ready"
            yield [sys.executable, "-I", "-S", str(Path(__file__).with_name("client.py")), socket]
        finally:
            server.terminate()
            server.communicate(timeout=30)
