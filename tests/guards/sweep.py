"""Every guard is removed in turn, and at least one of its tests must turn red (faults.md, section 6).

``python -m tests.guards.sweep [NAME...]``: all guards, or those named. ``--part N/M``: every Mth.
The engine and the tests are imported once, and each guard has a forked child of its own. A red test
counts only when a claim failed or another refusal came; an import, a name, a type or the clock does not.
"""

import argparse
import gc
import io
import json
import os
import selectors
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg
import pytest

from graph.gate import LeaseLostError
from protocol.errors import AndonError
from protocol.machine import IllegalStepError
from tests.guards.registry import GUARDS
from tests.guards.removal import Guard, removed
from tests.postgres import server

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 60
"""CPU seconds a child may take. Too long is no kill: nobody knows what it would have said."""
IDLE = 10
"""How often as long, on the wall, it may take to do no more than that."""
WHOLE = 10
"""How often as long all tests together may take."""
TOGETHER = 2
CLAIMS = (
    AssertionError,
    pytest.fail.Exception,
    AndonError,
    IllegalStepError,
    LeaseLostError,
    sqlite3.DatabaseError,
    psycopg.IntegrityError,
)
"""What a test that misses a guard fails with: its own claim, or the refusal of another guard."""
HARNESS = (sqlite3.OperationalError, sqlite3.ProgrammingError)
"""What SQLite says of a statement that is none: no refusal of a row."""


@dataclass
class Ran:
    """What the tests of a child came to. ``killed``: red for what counts; ``broken``: for anything else."""

    passed: int = 0
    killed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def _is_claim(error: BaseException) -> bool:
    from langgraph.errors import GraphRecursionError  # before pytest it would be too early

    return isinstance(error, (*CLAIMS, GraphRecursionError)) and not isinstance(error, HARNESS)


class _Watch:
    """A plugin of pytest that keeps what its reports lose: the exception itself."""

    def __init__(self) -> None:
        self.ran = Ran()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if report.passed and report.when == "call":
            self.ran.passed += 1
        elif report.failed and call.excinfo is not None:
            counts = call.when == "call" and _is_claim(call.excinfo.value)
            said = item.nodeid if counts else f"{item.nodeid}: {call.excinfo.exconly()[:300]}"
            (self.ran.killed if counts else self.ran.broken).append(said)
        elif report.skipped:
            self.ran.broken.append(f"{item.nodeid}: skipped")
        return report

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.ran.broken.append(f"{report.nodeid}: not collected")


def run_tests(tests: Sequence[str], *options: str) -> Ran:
    """Run tests in this process, silently."""
    watch, said = _Watch(), io.StringIO()
    arguments = [*tests, "-p", "no:cacheprovider", "--rootdir", str(ROOT), "--capture=sys", *options]
    # What is missed on one database is missed on the other; PostgreSQL's own guards have tests of their own.
    arguments += ["-k", "not [postgres"]
    with redirect_stdout(said), redirect_stderr(said):
        code = pytest.main(arguments, plugins=[watch])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        watch.ran.broken.append(f"{code!r}: {said.getvalue()[-800:]}")
    return watch.ran


def without(guard: Guard, tests: Sequence[str], *options: str) -> Ran:
    """What the tests say without the guard."""
    try:
        with removed(guard):
            return run_tests(tests, *options)
    except Exception as error:  # noqa: BLE001 - the child's last words
        return Ran(broken=[f"not removed: {error!r}"])


def in_children(jobs: Sequence[tuple[str, Callable[[], Ran]]], limit_s: int) -> Iterator[tuple[str, Ran]]:
    """Each job in a forked child of ``limit_s`` CPU seconds, two at a time, in the order of their ends."""
    assert threading.active_count() == 1, "a thread would be lost in a fork"
    waiting, selector = list(reversed(jobs)), selectors.DefaultSelector()
    running: dict[int, tuple[str, int, bytearray]] = {}
    while waiting or running:
        while waiting and len(running) < TOGETHER:
            name, job = waiting.pop()
            pid, reading = _fork(job, limit_s)
            running[reading] = name, pid, bytearray()
            selector.register(reading, selectors.EVENT_READ)
        for key, _ in selector.select():
            name, pid, heard = running[key.fd]
            if chunk := os.read(key.fd, 1 << 16):
                heard += chunk
                continue
            selector.unregister(key.fd)
            os.close(key.fd)
            del running[key.fd]
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            yield name, Ran(**json.loads(heard)) if status == 0 else Ran(broken=[f"ended with {status}"])


def _fork(job: Callable[[], Ran], limit_s: int) -> tuple[int, int]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    os.close(reading)
    signal.setitimer(signal.ITIMER_PROF, limit_s)  # of its own work: a busy machine takes nothing away
    signal.alarm(IDLE * limit_s)
    with _quiet():
        ran = job()
    os.write(writing, json.dumps(asdict(ran)).encode())
    os._exit(0)


@contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of the child reaches the terminal of the parent."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    yield


def sweep(guards: Sequence[Guard]) -> Iterator[tuple[str, Ran]]:
    """First all tests together without any removal, under the name ``""``; then every guard."""
    tests = sorted({test for guard in guards for test in guard.test})
    preload(tests)
    if any(_needs_server(test) for test in tests):
        server()  # before the fork: a server of a child would outlive it
    yield from in_children([("", lambda: run_tests(tests))], WHOLE * LIMIT_S)
    yield from in_children([(g.name, lambda g=g: without(g, g.test)) for g in guards], LIMIT_S)  # type: ignore[misc]


def _needs_server(test: str) -> bool:
    return "from tests.postgres import" in (ROOT / test.partition("::")[0]).read_text("utf-8")


def preload(tests: Sequence[str]) -> None:
    """Import the tests and what they import: collecting them does, and says whether all are there."""
    ran = run_tests(sorted({test.partition("::")[0] for test in tests}), "--collect-only")
    assert not ran.broken, ran.broken
    gc.collect()
    gc.freeze()  # pytest collects twice in every child, and all of this will live until the end


def chosen(names: Sequence[str], part: str) -> list[Guard]:
    """The guards named, or all; of these the Nth of every M."""
    unknown = set(names) - {guard.name for guard in GUARDS}
    assert not unknown, f"no guard is called {sorted(unknown)}"
    number, _, of = part.partition("/")
    return [g for g in GUARDS if not names or g.name in names][int(number) - 1 :: int(of)]


def main(arguments: Sequence[str]) -> int:
    """Print a line for each guard; 0 when every removal was noticed."""
    parser = argparse.ArgumentParser(prog="python -m tests.guards.sweep")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--part", default="1/1", metavar="N/M")
    options = parser.parse_args(arguments)
    guards, started = chosen(options.names, options.part), time.monotonic()
    failed = 0
    for name, ran in sweep(guards):
        if not name:
            good = not ran.killed and not ran.broken
            print(f"{ran.passed} tests are green with every guard" if good else f"NOT GREEN: {ran}")
        else:
            good = bool(ran.killed)
            by = (
                f"killed by {', '.join(ran.killed)}"
                if good
                else f"SURVIVED: {ran.passed} passed {ran.broken}"
            )
            print(f"{name}: {by}")
        failed += not good
    print(f"{len(guards)} guards removed in {time.monotonic() - started:.0f} s, {failed} not noticed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
