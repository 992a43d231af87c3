"""What a feed has come to so far: counts, rejected lines, and the causes behind them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graph.feed_file import BAD_ROW, Broken
from graph.feed_mapping import FeedMapping
from graph.feed_questions import FileOption, FileQuestion
from graph.feed_rows import ACCEPTED, DUPLICATE, HISTORY, Recorded, Rejection

MOST_CAUSES = 50
"""Causes told apart; a file with more is another kind of file, and its rest is told by code."""


@dataclass(slots=True)
class Cause:
    """Rejected lines that have one reason."""

    first: Rejection
    count: int = 0


@dataclass(slots=True)
class Tally:
    """Counts only grow; ``rejected`` and the causes are all that grows with a file."""

    accepted: int = 0
    duplicates: int = 0
    history: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    causes: dict[str, Cause] = field(default_factory=dict)
    cases: dict[str, None] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows accounted for."""
        return self.accepted + self.duplicates + len(self.rejected)

    def add(self, recorded: Iterable[Recorded]) -> None:
        """Count a batch that is durable."""
        for row in recorded:
            if row.rejection is not None:
                self.reject(row.rejection)
                continue
            self.accepted += row.status in (ACCEPTED, HISTORY)
            self.history += row.status == HISTORY
            self.duplicates += row.status == DUPLICATE
            self.flags.update(row.flags)
            self.cases |= dict.fromkeys(row.cases)

    def reject(self, rejection: Rejection) -> None:
        """Count a line that makes no fact."""
        self.rejected.append({"line": rejection.line, "code": rejection.code, "message": rejection.message})
        known = rejection.cause in self.causes or len(self.causes) < MOST_CAUSES
        cause = rejection.cause if known else rejection.code
        self.causes.setdefault(cause, Cause(rejection)).count += 1

    def add_gaps(self, gaps: Iterable[tuple[Rejection, int]]) -> None:
        """Have people asked about gaps that last too long; the rows behind them are counted already."""
        for gap, waiting in gaps:
            if gap.cause in self.causes or len(self.causes) < MOST_CAUSES:
                self.causes.setdefault(gap.cause, Cause(gap)).count += waiting

    def broken(self, line: Broken) -> None:
        """Count a line that is no row."""
        self.reject(Rejection(line.line, BAD_ROW, f"line {line.message}", BAD_ROW))

    def questions(self, mapping: FeedMapping) -> list[FileQuestion]:
        """What people may be asked about the rejected lines: those causes that have answers."""
        return [
            FileQuestion(
                code=cause.first.code,
                text=cause.first.question,
                roles=mapping.roles(cause.first.code),
                options=tuple(FileOption(o.title, {name: o.alias}) for o in cause.first.options),
                count=cause.count,
                example=f"line {cause.first.line}: {cause.first.message}",
                causes=(name,),
            )
            for name, cause in self.causes.items()
            if cause.first.options and mapping.roles(cause.first.code)
        ]
