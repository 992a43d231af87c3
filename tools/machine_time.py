"""Machine time: who holds it, where it is free, and which runs a downtime would be laid over.

The claims are what the engine enforces, so they are what is searched here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.times import micros, minutes_between, plus

from .values import LIVE, SETTER


def machine_ref(machine: str) -> str:
    """The name under which a machine's time is claimed."""
    return f"machine/{machine}"


def earlier(one: str, two: str) -> bool:
    """Whether an instant lies before another."""
    return micros(one) < micros(two)


def overlap(one: tuple[str, str], two: tuple[str, str]) -> bool:
    """Whether two half-open intervals share time."""
    return earlier(one[0], two[1]) and earlier(two[0], one[1])


def run_claims(run: Ref, machine: str, start: str, end: str, setup_min: int) -> tuple[Claimed, ...]:
    """What a run needs: its machine to itself, and the setter while it is set up."""
    claims = [Claimed(machine_ref(machine), start, end, run)]
    if setup_min:
        claims.append(Claimed(SETTER, start, plus(start, minutes=setup_min), run))
    return tuple(claims)


def takes_time(run: Record) -> bool:
    """Whether a run holds its machine: it is live, not suspended and not at risk."""
    return run["state"] in LIVE and run["state"] != "Suspended" and run["at_risk"] is None


def runs_in(snapshot: Snapshot, machine: str, start: str, end: str) -> list[Record]:
    """The runs that hold time of a machine in a window, by start."""
    held = snapshot.claims(machine_ref(machine), start, end)
    keys = dict.fromkeys(c.holder.key for c in held if c.holder.type == "run")
    found = [snapshot.get("run", key) for key in keys]
    return [run for run in found if run is not None]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of machine time, and the runs that lie in it."""

    start: str
    end: str
    runs: tuple[Record, ...] = ()

    @property
    def approved(self) -> int:
        """How many of the runs a person approved."""
        return sum(run["approval"] is not None for run in self.runs)

    @property
    def overlap_min(self) -> int:
        """Minutes of runs that it would be laid over."""
        return sum(
            minutes_between(max(self.start, r["start"], key=micros), min(self.end, r["end"], key=micros))
            for r in self.runs
        )

    def disruption(self) -> tuple[int, int, int, int]:
        """Smaller is better: approved runs, runs, minutes, then the earlier."""
        return self.approved, len(self.runs), self.overlap_min, micros(self.start)


def windows(snapshot: Snapshot, machine: str, minutes: int, earliest: str, latest: str) -> list[Window]:
    """Windows of so many minutes for a downtime in [earliest, latest], least disruption first.

    Only starts and ends that touch the edge of something are tried: between two of them nothing
    gets better. Other downtimes are no obstacle.
    """
    if not earlier(earliest, latest):
        return []
    held = [c for c in snapshot.claims(machine_ref(machine), earliest, latest) if not c.shared]
    starts = {earliest, plus(latest, minutes=-minutes)}
    starts |= {c.end for c in held} | {plus(c.start, minutes=-minutes) for c in held}
    found = []
    for start in starts:
        end = plus(start, minutes=minutes)
        if earlier(start, earliest) or earlier(latest, end):
            continue
        found.append(Window(start, end, tuple(runs_in(snapshot, machine, start, end))))
    return sorted(found, key=Window.disruption)


def has_free_window(snapshot: Snapshot, machine: str, minutes: int, earliest: str, latest: str) -> bool:
    """Whether a downtime of so many minutes fits without touching a run."""
    found = windows(snapshot, machine, minutes, earliest, latest)
    return bool(found) and not found[0].runs


def merged(intervals: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Intervals sorted, with those that meet or overlap made one."""
    made: list[tuple[str, str]] = []
    for start, end in sorted(intervals, key=lambda i: micros(i[0])):
        if made and not earlier(made[-1][1], start):
            made[-1] = (made[-1][0], max(made[-1][1], end, key=micros))
        else:
            made.append((start, end))
    return made
