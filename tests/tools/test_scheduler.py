"""What every scheduler promises, on small problems of our own and on given ones."""

import json
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tools.dispatch_scheduler import DispatchScheduler
from tools.scheduler import Job, Plan, Problem, Scheduler, Task

SCHEDULERS: dict[str, Callable[[], Scheduler]] = {"dispatch": DispatchScheduler}


@pytest.fixture(params=SCHEDULERS)
def scheduler(request: pytest.FixtureRequest) -> Scheduler:
    return SCHEDULERS[request.param]()


def task(setup_min: int = 0, **minutes: int) -> Task:
    return Task(minutes, setup_min)


SMALL = {
    "one job": Problem((Job("A", (task(X=5), task(Y=3))),)),
    "two jobs, one machine": Problem((Job("A", (task(X=5),)), Job("B", (task(X=4),)))),
    "a choice of machines": Problem(tuple(Job(k, (task(X=5, Y=7), task(Z=2))) for k in "ABCD")),
    "busy windows that overlap": Problem((Job("A", (task(X=5),)),), {"X": [(8, 20), (3, 9)]}),
    "a gap between windows": Problem((Job("A", (task(X=5),)), Job("B", (task(X=4),))), {"X": [(4, 10)]}),
    "one setter": Problem(tuple(Job(k, (task(3, X=9, Y=9),)) for k in "ABC"), setter_busy=[(0, 2), (7, 30)]),
    "a pin": Problem((Job("A", (task(X=5), task(X=5))), Job("B", (task(X=4),))), pins={("A", 0): ("X", 6)}),
    "release and due": Problem((Job("A", (task(X=5),), release=9, due=10), Job("B", (task(X=4),), due=3))),
    "an empty job": Problem((Job("A", ()), Job("B", (task(X=4),)))),
    "nothing": Problem(()),
}


def placed(problem: Problem, plan: Plan) -> Iterator[tuple[str, int, int, str, int]]:
    """(machine, start, end, job, place) of every task."""
    for job in problem.jobs:
        for place, found in enumerate(job.tasks):
            machine, start = plan.machines[job.key, place], plan.starts[job.key, place]
            yield machine, start, start + found.minutes[machine], job.key, place


def check(problem: Problem, plan: Plan) -> None:
    """The contract of a feasible plan."""
    spans = list(placed(problem, plan))
    assert all(type(start) is int for start in plan.starts.values())
    for one, two in combinations(spans, 2):
        assert one[0] != two[0] or one[2] <= two[1] or two[2] <= one[1], (one, two)
    for machine, start, end, job, place in spans:
        assert all(end <= s or e <= start for s, e in problem.busy.get(machine, ()))
        assert start >= next(j.release for j in problem.jobs if j.key == job)
        assert all(end <= other[1] for other in spans if other[3] == job and other[4] > place)
        assert problem.pins.get((job, place), (machine, start)) == (machine, start)
    set_ups = [
        (start, start + t.setup_min)
        for _, start, _, job, place in spans
        if (t := next(j for j in problem.jobs if j.key == job).tasks[place]).setup_min
    ]
    for one_set_up, other in combinations([*set_ups, *problem.setter_busy], 2):
        known = one_set_up in problem.setter_busy and other in problem.setter_busy
        assert known or one_set_up[1] <= other[0] or other[1] <= one_set_up[0]


@pytest.mark.parametrize("name", SMALL)
def test_plan_is_feasible(scheduler: Scheduler, name: str) -> None:
    plan = scheduler.solve(SMALL[name], limit_s=1.0)
    assert plan.status in ("optimal", "feasible")
    check(SMALL[name], plan)


@pytest.mark.parametrize("name", SMALL)
def test_same_seed_and_one_worker_give_the_same_plan(scheduler: Scheduler, name: str) -> None:
    one, two = (scheduler.solve(SMALL[name], 1.0, workers=1, seed=7) for _ in range(2))
    assert (one.starts, one.machines) == (two.starts, two.machines)


@pytest.mark.parametrize(
    "pins",
    [
        {("A", 0): ("X", 0), ("B", 0): ("X", 3)},
        {("A", 0): ("X", 9), ("A", 1): ("X", 0)},
        {("A", 0): ("Z", 0)},
    ],
)
def test_pins_that_cannot_be_kept_are_named(
    scheduler: Scheduler, pins: dict[tuple[str, int], tuple[str, int]]
) -> None:
    jobs = (Job("A", (task(X=5), task(X=5))), Job("B", (task(X=4),)))
    plan = scheduler.solve(Problem(jobs, pins=pins), 1.0)
    assert plan.status == "infeasible"
    assert "pin" in plan.because


def test_pin_in_a_busy_window_is_infeasible(scheduler: Scheduler) -> None:
    problem = Problem((Job("A", (task(X=5),)),), {"X": [(2, 4)]}, pins={("A", 0): ("X", 0)})
    assert scheduler.solve(problem, 1.0).status == "infeasible"


def test_task_without_an_able_machine_is_infeasible(scheduler: Scheduler) -> None:
    assert scheduler.solve(Problem((Job("A", (task(),)),)), 1.0).status == "infeasible"


def test_lateness_is_in_minutes_and_unknown_without_a_due_date(scheduler: Scheduler) -> None:
    jobs = (Job("A", (task(X=5),), due=3), Job("B", (task(Y=4),)), Job("C", (task(Z=4),), due=9))
    assert scheduler.solve(Problem(jobs), 1.0).late_min == {"A": 2, "B": None, "C": 0}


def test_heavier_of_two_equal_jobs_goes_first() -> None:
    jobs = (Job("A", (task(X=5),), due=20), Job("B", (task(X=5),), due=20, weight=8))
    assert DispatchScheduler().solve(Problem(jobs)).starts["B", 0] == 0


def test_dispatching_claims_neither_gap_nor_bound() -> None:
    plan = DispatchScheduler().solve(SMALL["a choice of machines"])
    assert (plan.status, plan.gap, plan.bound) == ("feasible", None, None)


def makespan(problem: Problem, plan: Plan) -> int:
    return max(end for _, _, end, _, _ in placed(problem, plan))


# Makespans of the rule "earliest start, most work remaining", from plant.md section 10.
JOB_SHOPS = {
    "ft06": 61,
    "la01": 735,
    "la02": 817,
    "la03": 696,
    "la04": 758,
    "la05": 593,
    "ft10": 1108,
    "abz5": 1369,
}


@pytest.mark.parametrize("name", JOB_SHOPS)
def test_given_job_shops_are_solved_as_the_rule_solves_them(
    scheduler: Scheduler, name: str, shared_data: Callable[[str], Path]
) -> None:
    given: dict[str, Any] = json.loads(
        (shared_data("job_shop") / "benchmark_instances.json").read_text("utf-8")
    )[name]
    rows = zip(given["machines_matrix"], given["duration_matrix"], strict=True)
    jobs = (
        Job(f"J{n:02d}", tuple(task(**{f"M{m}": d}) for m, d in zip(*row, strict=True)))
        for n, row in enumerate(rows)
    )
    problem = Problem(tuple(jobs))
    plan = scheduler.solve(problem, 10.0)
    check(problem, plan)
    assert given["optimum"] <= makespan(problem, plan) <= JOB_SHOPS[name]


@pytest.mark.parametrize("name", ["mk01", "mk02", "mk03", "mk04", "mk05"])
def test_given_flexible_shops_are_planned_within_a_third_of_the_best(
    scheduler: Scheduler, name: str, shared_data: Callable[[str], Path]
) -> None:
    folder = shared_data("fjsp_brandimarte")
    lines = (folder / f"{name}.txt").read_text("utf-8").splitlines()
    count = int(lines[0].split()[0])
    jobs = (Job(f"J{n:02d}", tuple(flexible(line))) for n, line in enumerate(lines[1 : count + 1]))
    problem = Problem(tuple(jobs))
    plan = scheduler.solve(problem, 10.0)
    check(problem, plan)
    best = json.loads((folder / "bounds.json").read_text("utf-8"))[name]["upper_bound"]
    assert makespan(problem, plan) <= best * 4 / 3


def flexible(line: str) -> Iterator[Task]:
    """The tasks of a line: how many, then for each how many machines, and (machine, minutes) pairs."""
    numbers = iter(int(n) for n in line.split())
    for _ in range(next(numbers)):
        yield task(**{f"M{next(numbers)}": next(numbers) for _ in range(next(numbers))})
