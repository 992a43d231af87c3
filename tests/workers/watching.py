"""Looking at a PostgreSQL ledger while workers are killed: how long what was theirs lies still."""

import time
from dataclasses import dataclass, field

import psycopg

_HELD = "SELECT case_id, token FROM andon.leases WHERE pid = %s"
_FETCHED = "SELECT id, args->>'case' FROM andon.procrastinate_jobs WHERE status = 'doing'"
_LEASES = "SELECT case_id, token FROM andon.leases WHERE case_id = ANY(%s)"
_IDLE = "SELECT id FROM andon.cases WHERE id = ANY(%s) AND runnable = 0"
_OPEN = "SELECT count(*) FROM andon.cases WHERE status IN ('open', 'waiting')"


@dataclass
class Stuck:
    """A case that a killed process held, or had fetched: under which token, in which job, since when."""

    case: str
    since_s: float
    token: int | None = None
    job: int | None = None


@dataclass
class Watch:
    """``took_s``: how long each case that a killed process held lay still, in seconds.

    ``fetched_s``: the same for jobs that anybody had fetched at that moment.
    """

    url: str
    took_s: list[float] = field(default_factory=list)
    fetched_s: list[float] = field(default_factory=list)
    _stuck: list[Stuck] = field(default_factory=list)

    def killed(self, pid: int) -> int:
        """Note what a process held that has just been killed; how much that is."""
        now_s = time.monotonic()
        with psycopg.connect(self.url) as connection:
            held = connection.execute(_HELD, (pid,)).fetchall()
            fetched = connection.execute(_FETCHED).fetchall()
        self._stuck += [Stuck(case, now_s, token=token) for case, token in held]
        self._stuck += [Stuck(case, now_s, job=job) for job, case in fetched]
        return len(held)

    def held_by(self, pid: int) -> int:
        """How many cases a process holds."""
        with psycopg.connect(self.url) as connection:
            return len(connection.execute(_HELD, (pid,)).fetchall())

    def look(self) -> int:
        """See what has gone on; how many cases are not ended. -1 while the server is away."""
        try:
            with psycopg.connect(self.url) as connection:
                cases = [stuck.case for stuck in self._stuck]
                tokens: dict[str, int] = dict(connection.execute(_LEASES, (cases,)).fetchall())
                idle = {case for (case,) in connection.execute(_IDLE, (cases,)).fetchall()}
                jobs = {job for job, _ in connection.execute(_FETCHED).fetchall()}
                left = connection.execute(_OPEN).fetchone()
        except psycopg.OperationalError:
            return -1
        now_s, still = time.monotonic(), []
        for stuck in self._stuck:
            if stuck.job is None:
                gone_on = tokens.get(stuck.case, 0) > (stuck.token or 0)
            else:
                gone_on = stuck.job not in jobs
            if gone_on or stuck.case in idle:
                self._note(stuck, now_s)
            else:
                still.append(stuck)
        self._stuck = still
        return -1 if left is None else int(left[0])

    def _note(self, stuck: Stuck, now_s: float) -> None:
        (self.took_s if stuck.job is None else self.fetched_s).append(now_s - stuck.since_s)
