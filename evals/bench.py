"""``make bench``: measures the speed promises as ratios, so that they hold on any machine.

``python -m evals.bench [--floor DIR] [--log FILE] [--dir DIR] [--pairs N] [--rows N] [--json]``. Exit code
0 when every target is met, 1 when one is missed.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from evals import bench_workers
from evals.bench_admission import measure_admission
from evals.bench_commit import measure_commit
from evals.bench_engine import measure_engine
from evals.bench_fan_out import TASKS, measure_fan_out
from evals.bench_feed import measure_feed
from evals.bench_figure import Figure
from evals.bench_history import OLD_CASES, measure_history
from evals.bench_plan import Plan, read_plan
from evals.bench_round import measure_round
from evals.bench_search import measure_search
from evals.bench_start import measure_help, measure_imports
from evals.bench_workers import Bench, measure_workers
from protocol.errors import AndonError

ROOT = Path(__file__).resolve().parent.parent
COMMITS, FACTS, CASES, STARTS, ROUNDS, SEARCHES, ADMISSIONS, WORKS, ASKED = (
    300,
    300,
    120,
    25,
    200,
    5,
    25,
    3,
    60,
)
"""Pairs of each kind, and rounds, that a median is taken of."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--floor", type=click.Path(path_type=Path), default=ROOT, help="The floor to measure.")
@click.option(
    "--log", type=click.Path(path_type=Path, exists=True), help="A real log instead of a made-up one."
)
@click.option(
    "--dir", "place", type=click.Path(path_type=Path), help="Where files are made (default: beside ledgers)."
)
@click.option("--pairs", type=click.IntRange(min=1), help="Measure every pair so often.")
@click.option(
    "--rows", type=click.IntRange(min=1), help="Rows of the made-up log; the longer one has ten times."
)
@click.option("--postgres", metavar="URL", help="A PostgreSQL in which two databases may be made.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
def command(
    floor: Path,
    log: Path | None,
    place: Path | None,
    pairs: int | None,
    rows: int | None,
    postgres: str | None,
    as_json: bool,
) -> int:
    """Measure the speed promises, as ratios."""
    plan, figures = read_plan(floor), []
    with _somewhere(place or floor / ".andon") as here:
        for figure in _figures(plan, floor, here, log, pairs, rows, postgres):
            figures.append(figure)
            if not as_json:
                print(figure.line(), flush=True)
    if as_json:
        print(json.dumps(shape(figures)))
    return 0 if all(figure.met for figure in figures) else 1


def shape(figures: Sequence[Figure]) -> dict[str, Any]:
    """``andon/bench/v1``."""
    return {
        "schema": "andon/bench/v1",
        "ok": all(figure.met for figure in figures),
        "figures": [figure.to_json() for figure in figures],
    }


def _figures(
    plan: Plan,
    floor: Path,
    here: Path,
    log: Path | None,
    pairs: int | None,
    rows: int | None,
    postgres: str | None,
) -> Iterator[Figure]:
    yield from asyncio.run(measure_commit(here / "commits", pairs or COMMITS, postgres))
    ledger = here / "ledger"
    yield from asyncio.run(measure_engine(plan, floor, ledger, pairs or FACTS, pairs or CASES))
    yield measure_round(pairs or ROUNDS)
    yield measure_search(floor, min(pairs or SEARCHES, SEARCHES))
    yield asyncio.run(measure_help(pairs or STARTS))
    yield measure_imports(floor, ledger)
    yield from asyncio.run(measure_admission(plan.admission, here / "admitted", pairs or ADMISSIONS))
    cases = OLD_CASES if rows is None else min(OLD_CASES, rows)
    history = measure_history(floor, here / "history", plan.request, plan.waiting, pairs or ASKED, cases)
    yield from asyncio.run(history)
    yield from asyncio.run(_workers(plan, floor, here / "worked", pairs))
    yield from asyncio.run(measure_fan_out(here / "fan_out", pairs or TASKS))
    yield from measure_feed(floor, plan.log, here, log, rows)


async def _workers(plan: Plan, floor: Path, here: Path, pairs: int | None) -> Sequence[Figure]:
    """``pairs``: how many, and of how many cases a worker, when few are wanted."""
    bench = Bench(floor, here, plan.request, model_s=bench_workers.MODEL_S)
    return await measure_workers(
        bench, min(pairs or WORKS, WORKS), min(pairs or bench_workers.CASES, bench_workers.CASES)
    )


@contextmanager
def _somewhere(parent: Path) -> Iterator[Path]:
    """A directory that is gone afterwards, on the disk of real ledgers: what a commit costs depends on it."""
    there = parent.exists()
    parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=parent) as made:
            yield Path(made)
    finally:
        if not there and not any(parent.iterdir()):
            parent.rmdir()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the exit code."""
    try:
        code = command.main(arguments, prog_name="python -m evals.bench", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except AndonError as error:
        print(f"{error.message} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main())
