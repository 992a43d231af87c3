"""What the proof costs: CPU time for each transition of one search, its gate pass and its checks included."""

from pathlib import Path
from statistics import median

from agents.floor_loader import load_floor
from evals.bench_figure import Figure, cpu_s
from evals.proving.matters import questions
from evals.proving.scenes import PLAIN
from evals.proving.search import Search

SEARCH = "transition of the proof, CPU"
TARGET_US = 500.0


def measure_search(floor: Path, runs: int) -> Figure:
    """``runs``: how often the first question of the floor is searched."""
    world = load_floor(floor).world
    question, _ = questions(world, 2)[0]
    per_transition, states = [], []
    for _ in range(runs):
        started = cpu_s()
        found = Search(world, question, PLAIN).run()
        took_s = cpu_s() - started
        per_transition.append(1e6 * took_s / found.transitions)
        states.append(found.states / took_s)
    parts = {"states_per_s": median(states), "transitions_per_s": 1e6 / median(per_transition)}
    return Figure(SEARCH, median(per_transition), "us", TARGET_US, runs, parts)
