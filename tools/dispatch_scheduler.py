"""The scheduler of the base install: dispatching, no search and no dependency.

At each step the task that can start earliest; ties by weighted slack to due, then most work remaining,
then job key; on the machine with the earliest end. It proves nothing: gap and bound stay unknown.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from time import perf_counter

from .scheduler import Job, Plan, Problem, Span, Task, TaskId

NAME = "dispatch"


@dataclass
class Timeline:
    """The taken time of one machine, or of the setter: merged spans in order."""

    taken: list[Span] = field(default_factory=list)

    def take(self, start: int, end: int) -> None:
        """Mark a span taken."""
        made: list[Span] = []
        for one in sorted([*self.taken, (start, end)]):
            if made and one[0] <= made[-1][1]:
                made[-1] = (made[-1][0], max(made[-1][1], one[1]))
            else:
                made.append(one)
        self.taken = made

    def fit(self, earliest: int, minutes: int) -> int:
        """The first start at or after ``earliest`` with so many free minutes."""
        start = earliest
        for begins, ends in self.taken:
            if begins >= start + minutes:
                break
            start = max(start, ends)
        return start

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing taken lies in the span."""
        return all(ends <= start or end <= begins for begins, ends in self.taken)


@dataclass(frozen=True, slots=True)
class _Choice:
    """A task that could be placed next, with what ranks it."""

    start: int
    slack: int
    remaining: int
    job: Job
    machine: str
    end: int

    def rank(self) -> tuple[int, int, int, str]:
        return self.start, self.slack, -self.remaining, self.job.key


class DispatchScheduler:
    """Places one task after another; takes milliseconds, so the limit is never reached."""

    def solve(self, problem: Problem, limit_s: float = 10.0, workers: int = 1, seed: int = 1) -> Plan:
        """A feasible plan, or why there is none."""
        began = perf_counter()
        work = _Work(problem)
        because = work.pin() or work.dispatch()
        wall_s = perf_counter() - began
        if because:
            return Plan("infeasible", NAME, wall_s=wall_s, because=because)
        return Plan(
            "feasible",
            NAME,
            starts=work.starts,
            machines=work.machines,
            late_min={job.key: work.late(job) for job in problem.jobs},
            changeover_min=sum(task.setup_min for job in problem.jobs for task in job.tasks),
            wall_s=wall_s,
        )


class _Work:
    """A plan as it grows."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        names = {m for job in problem.jobs for task in job.tasks for m in task.minutes}
        self.lines = {m: _timeline(problem.busy.get(m, ())) for m in sorted(names)}
        self.setter = _timeline(problem.setter_busy)
        self.starts: dict[TaskId, int] = {}
        self.machines: dict[TaskId, str] = {}
        self.ready = {job.key: job.release for job in problem.jobs}
        self.next = {job.key: 0 for job in problem.jobs}

    def pin(self) -> str:
        """Place what stays where it is; a sentence when two pins, or a pin and a window, meet."""
        jobs = {job.key: job for job in self.problem.jobs}
        for task_id, (machine, start) in sorted(self.problem.pins.items()):
            task = jobs[task_id[0]].tasks[task_id[1]]
            if machine not in task.minutes:
                return f"{task_id[0]} is pinned to {machine}, which cannot do it"
            if not self._free(machine, task, start):
                return f"the pin of {task_id[0]} on {machine} meets another pin or a busy window"
            self._take(task_id, task, machine, start)
        return ""

    def dispatch(self) -> str:
        """Place the rest; a sentence when a pinned task lies before the one it follows."""
        waiting = {job.key: job for job in self.problem.jobs if job.tasks}
        while waiting:
            for key in list(waiting):
                if because := self._skip_pinned(waiting[key]):
                    return because
                if self.next[key] == len(waiting[key].tasks):
                    del waiting[key]
            choices = [c for job in waiting.values() if (c := self._choice(job)) is not None]
            if len(choices) < len(waiting):
                return "a task has no machine able to do it"
            if choices:
                best = min(choices, key=_Choice.rank)
                place = self.next[best.job.key]
                self._take((best.job.key, place), best.job.tasks[place], best.machine, best.start)
                self.ready[best.job.key] = best.end
                self.next[best.job.key] = place + 1
        return ""

    def late(self, job: Job) -> int | None:
        """How late a job ends; None without a due date."""
        return max(0, self.ready[job.key] - job.due) if job.due is not None else None

    def _skip_pinned(self, job: Job) -> str:
        while (task_id := (job.key, self.next[job.key])) in self.starts:
            start = self.starts[task_id]
            if start < self.ready[job.key]:
                return f"{job.key} is pinned to start before what it follows has ended"
            self.ready[job.key] = start + job.tasks[task_id[1]].minutes[self.machines[task_id]]
            self.next[job.key] += 1
        return ""

    def _choice(self, job: Job) -> _Choice | None:
        place = self.next[job.key]
        task = job.tasks[place]
        places = []
        for machine, minutes in sorted(task.minutes.items()):
            start = self._fit(machine, task, self.ready[job.key])
            places.append((start + minutes, start, machine))
        if not places:
            return None
        end, start, machine = min(places)
        remaining = sum(min(t.minutes.values()) for t in job.tasks[place:] if t.minutes)
        return _Choice(start, _slack(job, start + remaining), remaining, job, machine, end)

    def _fit(self, machine: str, task: Task, earliest: int) -> int:
        """The first start with machine and setter free; both only ever push it later, so it ends."""
        start = self.lines[machine].fit(earliest, task.minutes[machine])
        while task.setup_min and (other := self.setter.fit(start, task.setup_min)) != start:
            start = self.lines[machine].fit(other, task.minutes[machine])
        return start

    def _free(self, machine: str, task: Task, start: int) -> bool:
        set_up = not task.setup_min or self.setter.is_free(start, start + task.setup_min)
        return set_up and self.lines[machine].is_free(start, start + task.minutes[machine])

    def _take(self, task_id: TaskId, task: Task, machine: str, start: int) -> None:
        self.starts[task_id], self.machines[task_id] = start, machine
        self.lines[machine].take(start, start + task.minutes[machine])
        if task.setup_min:
            self.setter.take(start, start + task.setup_min)


def _timeline(spans: Iterable[Span]) -> Timeline:
    line = Timeline()
    for start, end in spans:
        line.take(start, end)
    return line


def _slack(job: Job, ends: int) -> int:
    """Minutes to spare until due, made smaller by weight; a job without a due date has all the time."""
    if job.due is None:
        return 1 << 40
    spare = job.due - ends
    return spare * job.weight if spare < 0 else spare // job.weight
