"""``python -m tests.recovery.crash``: sweep, or repeat one run. The last line on stdout is the summary."""

import argparse
import json
import logging
import random
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from protocol.failpoints import Point
from scripts.failpoints import placed
from tests.recovery.crash.lives import Kill
from tests.recovery.crash.places import TREATMENTS
from tests.recovery.crash.scenarios import Scenario, scenarios
from tests.recovery.crash.sweep import Sweep, Tally, Variant, variants, workshop


def main(words: Sequence[str]) -> int:
    """0: every end was as if undisturbed. 1: one was not, or a point was never hit."""
    asked = _parser().parse_args(words)
    assert threading.active_count() == 1, "a process with threads must not fork"
    started, tally = time.monotonic(), Tally()
    logging.getLogger("andon").setLevel(logging.ERROR)  # that checkpoints were spoilt is no news here
    with workshop() as home:
        named = scenarios(Path(home) / "floors", asked.scenario)
        unknown = sorted(set(asked.scenario) - named.keys())
        if unknown:
            print(f"no scenario {', '.join(unknown)}; there are: {', '.join(named)}", file=sys.stderr)
            return 2
        chosen = [named[name] for name in asked.scenario or named]
        number = 0
        for scenario in chosen:
            for variant in _variants(asked):
                number += 1
                if number % asked.of != asked.part:
                    continue
                found = _sweep(scenario, variant, Path(home) / str(number), asked)
                tally.add(found)
                if asked.verbose:
                    print(scenario.name, variant, _summary(found), flush=True)
    if asked.all_points:
        never = sorted(point.number for point in placed() if not tally.hits[point.number])
        tally.violations += [f"{number} was never hit" for number in never]
    for violation in tally.violations:
        print(violation, file=sys.stderr)
    summary = {**_summary(tally), "seconds": round(time.monotonic() - started, 1)}
    print(
        json.dumps(
            {
                **summary,
                "hits": dict(sorted(tally.hits.items())),
                "killed": dict(sorted(tally.killed.items())),
            }
        )
    )
    return 1 if tally.violations else 0


def _summary(tally: Tally) -> dict[str, int]:
    return {
        "injections": tally.injections,
        "nested": tally.nested,
        "missed": tally.missed,
        "violations": len(tally.violations),
    }


def _variants(asked: argparse.Namespace) -> list[Variant]:
    seeds = asked.seed or [0]
    return [
        v
        for v in variants(seeds, asked.backend, asked.checkpoints)
        if asked.durability in (None, v.durability)
    ]


def _sweep(scenario: Scenario, variant: Variant, home: Path, asked: argparse.Namespace) -> Tally:
    home.mkdir()
    sweep = Sweep(scenario, variant, home)
    if asked.kill:
        sweep.crash(*asked.kill)
        return sweep.tally
    draw = random.Random(f"{scenario.name}/{variant}")
    kills = sweep.kills()
    if asked.share is not None:
        kills = [kill for point in Point for kill in _drawn(draw, kills, point, asked.share)]
    for kill in kills:
        sweep.crash(kill)
    nested = kills if asked.nested is None else draw.sample(kills, min(asked.nested, len(kills)))
    for kill in nested:
        sweep.nested(kill, draw, asked.nested_each)
    return sweep.tally


def _drawn(draw: random.Random, kills: Sequence[Kill], point: Point, most: int) -> list[Kill]:
    hits = [kill for kill in kills if kill.point is point]
    return draw.sample(hits, min(most, len(hits)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.recovery.crash", description=__doc__)
    add = parser.add_argument
    add("--scenario", nargs="+", default=[], metavar="NAME", help="default: all")
    add("--durability", choices=["exit", "sync"], help="default: both")
    add("--checkpoints", choices=[*TREATMENTS, "mixed"], help="default: each in a sweep of its own")
    add("--backend", choices=["sqlite", "postgres"], default="sqlite")
    add("--seed", nargs="+", type=int, metavar="N")
    add("--kill", nargs="*", type=Kill.parse, metavar="POINT:ORDINAL", help="one run; one kill for each life")
    add("--share", type=int, metavar="N", help="so many kills at each point of a sweep, drawn by the seed")
    add("--nested", type=int, default=0, metavar="N", help="so many first kills whose recovery is killed too")
    add("--nested-each", type=int, metavar="N", help="so many kills of each such recovery; default: all")
    add("--all-points", action="store_true", help="fail when a point of the code was never hit")
    add("--part", type=int, default=0, metavar="I", help="with --of N: every N-th sweep, beginning with I")
    add("--of", type=int, default=1, metavar="N")
    add("--verbose", "-v", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
