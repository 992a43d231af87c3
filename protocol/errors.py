"""Errors of the engine. Two questions per error: whose fault, and what to do.

AndonError
├── UsageError            the caller's words: correct and call again            exit 2
├── InvalidFloorError     the floor's files or settings: mend them              exit 3
├── NotFoundError         nothing has that id or path                           exit 4
├── DependencyDownError   something outside is down: try again later            exit 69
├── DecisionRefusedError  the decision is stale or not offered: look again      exit 1
├── DeadlineError         the deadline passed: nothing was approved             exit 76
├── NotAuthorisedError    this person may not: ask who may                      exit 77
└── AlreadyDecidedError   somebody decided before                               exit 78
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class AndonError(Exception):
    """Something Andon says to its user: a stable code, one sentence, and a hint."""

    exit_code: ClassVar[int] = 5
    code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.error_code = code or self.code
        self.details = dict(details or {})

    def to_json(self) -> dict[str, Any]:
        """The shape printed on stderr."""
        body: dict[str, Any] = {"code": self.error_code, "message": self.message, "hint": self.hint}
        return {"error": body | ({"details": self.details} if self.details else {})}


class UsageError(AndonError):
    """The caller's words are not usable."""

    exit_code = 2
    code = "usage"


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake of a floor's contracts."""

    code: str
    file: str
    line: int
    message: str

    def to_json(self) -> dict[str, Any]:
        """The shape of ``check``."""
        return {"code": self.code, "file": self.file, "line": self.line, "message": self.message}


class InvalidFloorError(AndonError):
    """The floor's files or settings cannot be used."""

    exit_code = 3
    code = "invalid_floor"

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), hint: str = "", code: str | None = None
    ) -> None:
        details = {"problems": [p.to_json() for p in problems]} if problems else None
        super().__init__(message, hint=hint, code=code, details=details)
        self.problems = tuple(problems)


class NotFoundError(AndonError):
    """Nothing has that id, name or path."""

    exit_code = 4
    code = "not_found"


class DependencyDownError(AndonError):
    """Something Andon depends on does not answer."""

    exit_code = 69
    code = "dependency_down"


class DecisionRefusedError(AndonError):
    """The decision does not fit what is asked now."""

    exit_code = 1
    code = "decision_refused"


class DeadlineError(AndonError):
    """The deadline passed; nothing was approved."""

    exit_code = 76
    code = "expired"


class NotAuthorisedError(AndonError):
    """This person may not decide this."""

    exit_code = 77
    code = "not_authorised"


class AlreadyDecidedError(AndonError):
    """Somebody decided before. ``details`` carry by, at and decision."""

    exit_code = 78
    code = "already_decided"
