"""What an audit needs of a ledger beyond ReadTx: its tables as they are."""

from collections.abc import Iterable
from typing import Any, Protocol

from protocol.ports import ReadTx


class AuditTx(ReadTx, Protocol):
    """A state of a ledger, open to the auditor."""

    def rows(self, sql: str, *values: Any) -> Iterable[tuple[Any, ...]]:
        """The rows of any SELECT."""

    def soundness(self) -> Iterable[str]:
        """What the database finds wrong with itself, a sentence each."""
