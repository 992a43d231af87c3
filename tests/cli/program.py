"""Runs ``andon`` as a user does, on a floor and a data directory: in this process, or in one of its own."""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cli.main import run
from tests.agents.floor_copies import HARBOUR
from tests.architecture.sources import ROOT

LIMIT_S = 120
ASKS_A_PERSON = "Move V-1 to B2 from 2026-05-06 08:00"
"""The harbour's berthing agent wants to move a promised ship: a berth master has to sign."""
SIGNER, OTHER_SIGNER, NO_SIGNER = "k.maes", "a.vos", "j.smit"


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One object per line of stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        """The error object on stderr."""
        error: dict[str, Any] = json.loads(self.err)["error"]
        return error


@dataclass(frozen=True)
class Program:
    """``andon`` on one floor and one data directory."""

    data: Path
    floor: Path = HARBOUR

    @property
    def environment(self) -> dict[str, str]:
        """This machine's own, without anything of Andon's but floor and data."""
        keep = {n: v for n, v in os.environ.items() if not n.startswith(("ANDON_", "OPENAI_"))}
        return keep | {"ANDON_FLOOR": str(self.floor), "ANDON_DATA": str(self.data), "COLUMNS": "100"}

    def __call__(self, *words: str, typed: str | bytes = b"", **variables: str) -> Done:
        """Run it in this process, which is much faster. ``typed``: all of stdin."""
        out, err = _stream(), _stream()
        with (
            patch.dict(os.environ, self.environment | variables, clear=True),
            _stdin(typed.encode() if isinstance(typed, str) else typed),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run(list(words))
        return Done(code, _written(out), _written(err))

    def process(self, *words: str, typed: bytes = b"", **variables: str) -> Done:
        """Run it in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=ROOT,
            env=self.environment | variables,
            input=typed,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def ask_a_person(self) -> str:
        """Make a request that waits for a signature; the escalation's id."""
        waiting = self("run", ASKS_A_PERSON, "--json").json["waiting"]
        return str(waiting[0]["id"])


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    return stream.buffer.getvalue().decode()  # type: ignore[attr-defined, no-any-return]  # a BytesIO, see above


@contextmanager
def _stdin(typed: bytes) -> Iterator[None]:
    with tempfile.TemporaryFile() as file:
        file.write(typed)
        file.seek(0)
        with (
            io.TextIOWrapper(io.BufferedReader(io.FileIO(file.fileno(), closefd=False)), "utf-8") as stdin,
            patch.object(sys, "stdin", stdin),
        ):
            yield
