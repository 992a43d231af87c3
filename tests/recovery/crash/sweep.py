"""The sweep: kill a process at each hit of each point, let another go on, and compare with the clean run.

The parent has everything imported, opens nothing and starts no thread; each life is a fork of it. One
injection is one SIGKILL that came. What is wrong is told with the command that repeats it.
"""

import itertools
import random
import shlex
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from checkpoints.migrations import APPLICATION_ID, migrate
from checkpoints.named_sql import migration_files
from graph.settings import Durability
from protocol.failpoints import Point
from tests.recovery.crash.canonical import differences
from tests.recovery.crash.lives import Kill, Told, live
from tests.recovery.crash.places import TREATMENTS, Backend, Checkpoints, Place, new_place
from tests.recovery.crash.scenarios import Scenario

IN_MEMORY = Path("/dev/shm")  # SIGKILL keeps what the kernel has: a disk would only be slower
CLEAN_RUNS = 2
"""Clean runs that must come to the same, or the scenario could not tell what a crash changed."""


@dataclass(frozen=True, slots=True)
class Variant:
    """How a scenario is swept. ``mixed``: each crash treats the checkpoints in its own way."""

    durability: Durability = "exit"
    checkpoints: Checkpoints | Literal["mixed"] = "kept"
    backend: Backend = "sqlite"
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.backend} {self.durability} {self.checkpoints} seed {self.seed}"


@dataclass(slots=True)
class Tally:
    """What a sweep came to."""

    injections: int = 0
    missed: int = 0
    """Kills whose hit did not come: parallel work took another order."""
    nested: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in another one."""
        self.injections += other.injections
        self.missed += other.missed
        self.nested += other.nested
        self.hits.update(other.hits)
        self.killed.update(other.killed)
        self.violations += other.violations


class Sweep:
    """One scenario in one variant, in a directory of its own."""

    def __init__(self, scenario: Scenario, variant: Variant, home: Path) -> None:
        self._scenario = scenario
        self._variant = variant
        self._home = home
        self._numbers = itertools.count(1)
        self._ways = itertools.cycle(TREATMENTS)
        self._way: Checkpoints = "kept"
        self._born = self._birth()
        self.tally = Tally()
        self.clean = self._clean()

    def kills(self) -> list[Kill]:
        """Every hit of the clean run, in the order of the points."""
        return _kills(self.clean)

    def crash(self, *kills: Kill) -> Told | None:
        """Live, die at the first kill, go on and die at the second, and so on; then go on to the end."""
        self._choose_way()
        place = self._copy(self._born)
        try:
            return self._after(place, kills)
        finally:
            place.removed()

    def nested(self, first: Kill, draw: random.Random, most: int | None) -> None:
        """Kill the recovery from ``first`` too, at every hit of it or at ``most`` of them; some of those
        recoveries once more.
        """
        self._choose_way()
        dead = self._copy(self._born)
        try:
            if self._life(dead, first) is not None:
                self.tally.missed += 1
                return
            self._died(first)
            told = self._recovered(dead, [first])
            again = [] if told is None else _kills(told)
            if most is not None and len(again) > most:
                again = draw.sample(again, most)
            for second in again:
                place = self._copy(dead)
                try:
                    self._after(place, [second], before=[first])
                finally:
                    place.removed()
            if again and told is not None:
                self._thrice(dead, first, draw.choice(again), draw)
        finally:
            dead.removed()

    def _choose_way(self) -> None:
        """What happens to the checkpoints after the kills that follow."""
        stated = self._variant.checkpoints
        self._way = next(self._ways) if stated == "mixed" else stated

    def _thrice(self, dead: Place, first: Kill, second: Kill, draw: random.Random) -> None:
        """Kill the recovery of the recovery."""
        place = self._copy(dead)
        try:
            told = self._recovered(place, [first, second], kill=second)
            if told is None:
                self._died(second, nested=True)
                told = self._recovered(place, [first, second], peek=True)
            if told is not None and (third := _kills(told)):
                other = self._copy(dead)
                try:
                    self._after(other, [second, draw.choice(third)], before=[first])
                finally:
                    other.removed()
        finally:
            place.removed()

    def _after(self, place: Place, kills: Sequence[Kill], before: Sequence[Kill] = ()) -> Told | None:
        """Die at each of ``kills`` in turn, having died at those ``before``, then recover and compare."""
        done = list(before)
        for kill in kills:
            if done:
                place.treat_checkpoints(self._way)
            told = self._life(place, kill)
            if told is not None:
                self.tally.missed += 1
                self._judge(told, [*done, kill])
                return None
            self._died(kill, nested=bool(done))
            done.append(kill)
        return self._recovered(place, done, copied=False)

    def _recovered(
        self,
        place: Place,
        done: Sequence[Kill],
        *,
        kill: Kill | None = None,
        peek: bool = False,
        copied: bool = True,
    ) -> Told | None:
        """Go on in a copy of the place, or in it, and compare; None when ``kill`` came.

        ``peek``: for what points the life meets alone.
        """
        there = self._copy(place) if copied and kill is None else place
        try:
            there.treat_checkpoints(self._way)
            told = self._life(there, kill)
            if told is not None and not peek:
                self._judge(told, done)
            return told
        finally:
            if there is not place:
                there.removed()

    def _judge(self, told: Told, kills: Sequence[Kill]) -> None:
        self.tally.hits.update(told.hits)
        wrong = [*told.faults, *(differences(self.clean.ledger, told.ledger) if told.ledger else ())]
        if wrong:
            said = "\n    ".join(wrong[:8])
            self.tally.violations.append(f"{self.command(kills)}\n    {said}")

    def command(self, kills: Sequence[Kill]) -> str:
        """What repeats a run."""
        v = self._variant
        words = ["python", "-m", "tests.recovery.crash", "--scenario", self._scenario.name]
        words += ["--durability", v.durability, "--checkpoints", self._way, "--backend", v.backend]
        return shlex.join([*words, "--seed", str(v.seed), "--kill", *map(str, kills)])

    def _died(self, kill: Kill, *, nested: bool = False) -> None:
        self.tally.injections += 1
        self.tally.nested += nested
        self.tally.killed[kill.point.number] += 1

    def _life(self, place: Place, kill: Kill | None) -> Told | None:
        return live(self._scenario, place, self._variant.durability, self._variant.seed, kill)

    def _copy(self, place: Place) -> Place:
        return place.copied(self._home / f"{next(self._numbers)}")

    def _birth(self) -> Place:
        """The world that every life of the sweep begins with a copy of."""
        place = new_place(self._home / "born", self._variant.backend)
        if self._scenario.birth == "seeded":
            seeding = Scenario("seeding", (), self._scenario.floor, self._scenario.opening)
            told = live(seeding, place, self._variant.durability, 0)
            assert told is not None and not told.faults, told
        elif self._scenario.birth == "old":
            _old_ledger(place)
        return place

    def _clean(self) -> Told:
        runs = []
        for _ in range(CLEAN_RUNS):
            place = self._copy(self._born)
            told = self._life(place, None)
            assert told is not None
            runs.append(told)
            place.removed()
        clean = runs[0]
        self.tally.hits.update(clean.hits)
        for told in runs:
            wrong = [*told.faults, *differences(clean.ledger, told.ledger)]
            if wrong:
                self.tally.violations.append(f"{self.command(())}\n    clean: " + "\n    ".join(wrong[:8]))
        return clean


def _kills(told: Told) -> list[Kill]:
    by_number = {point.number: point for point in Point}
    counts: Mapping[str, int] = told.hits
    return [Kill(by_number[n], k) for n in sorted(counts) for k in range(1, counts[n] + 1)]


def _old_ledger(place: Place) -> None:
    """A ledger of the first schema, made for the harbour and not yet seeded."""
    import sqlite3

    place.data.mkdir(mode=0o700)
    connection = sqlite3.connect(place.data / "ledger.db")
    connection.execute("BEGIN")
    migrate(connection, migration_files()[:1])
    put: list[tuple[str, Any]] = [
        ("schema", "1"),
        ("floor", "harbour"),
        ("lineage", "an old one"),
        ("clock", "2026-05-04T04:00:00Z"),
    ]
    connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", put)
    connection.commit()
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def variants(
    seeds: Sequence[int], backend: Backend, checkpoints_: Checkpoints | Literal["mixed"] | None = None
) -> Iterator[Variant]:
    """Every durability with every treatment of the checkpoints, or one, under each seed."""
    durabilities: tuple[Durability, ...] = ("exit", "sync")
    treatments = TREATMENTS if checkpoints_ is None else (checkpoints_,)
    for seed, durability, checkpoints in itertools.product(seeds, durabilities, treatments):
        yield Variant(durability, checkpoints, backend, seed)


def workshop() -> "tempfile.TemporaryDirectory[str]":
    """A directory for sweeps, in memory where there is such a place."""
    where = IN_MEMORY if IN_MEMORY.is_dir() else None
    return tempfile.TemporaryDirectory(prefix="andon-crash-", dir=where)
