"""A made-up log with the header of a feed mapping, and a longer copy of a real one."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.yaml_source import read_yaml
from evals.bench_plan import LogPlan
from protocol.errors import InvalidFloorError, UsageError


def write_made_up(floor: Path, plan: LogPlan, path: Path, rows: int) -> Path:
    """``rows`` rows of the plan's samples in ``path``; raises InvalidFloorError when they miss a column."""
    header = _header(floor / plan.mapping)
    if any(sorted(sample) != sorted(header) for sample in (*plan.samples, *plan.rare)):
        raise InvalidFloorError(
            f"A sample has other columns than {plan.mapping}: {', '.join(header)}.", code="bad_bench"
        )
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(header)
        out.writerows(_rows(header, plan, rows))
    return path


def _header(mapping: Path) -> list[str]:
    document = read_yaml(mapping)
    return [str(column) for column in document.data["header"]] if document.data else []


def _rows(header: list[str], plan: LogPlan, rows: int) -> Iterator[list[str]]:
    begins = datetime.strptime(plan.begins, plan.time_format).replace(tzinfo=UTC)
    for n in range(rows):
        start = begins + timedelta(minutes=n * plan.every_min)
        words = {
            "n": n,
            "group": n // plan.group_rows + 1,
            "start": start.strftime(plan.time_format),
            "end": (start + timedelta(minutes=plan.lasts_min)).strftime(plan.time_format),
        }
        turn, rest = divmod(n + 1, plan.rare_every)
        chosen = plan.rare[turn % len(plan.rare)] if rest == 0 else plan.samples[n % len(plan.samples)]
        yield [chosen[column].format_map(words) for column in header]


def write_longer(log: Path, plan: LogPlan, path: Path, times: int) -> Path:
    """The rows of a real log ``times`` times over, each copy with groups of its own."""
    with log.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    header = [" ".join(column.split()) for column in rows[0]] if rows else []
    if plan.group_column not in header:
        raise UsageError(f"{log} has no column {plan.group_column!r}.", code="missing_column")
    at = header.index(plan.group_column)
    with path.open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(rows[0])
        for copy in range(times):
            for row in rows[1:]:
                out.writerow([*row[:at], f"{row[at]}-{copy}", *row[at + 1 :]] if len(row) > at else row)
    return path
