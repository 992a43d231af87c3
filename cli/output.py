"""Where a verb's words go: data on stdout, all else on stderr, nothing a terminal would obey."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cli.live import LiveRows
from cli.options import Common
from cli.visible import one_line, visible

GAP = "  "


@dataclass(frozen=True, slots=True)
class Output:
    """The two streams of one run of the program. ``live``: rows that give way to whatever is printed."""

    common: Common
    live: LiveRows = field(default_factory=LiveRows, compare=False)

    @property
    def styled(self) -> bool:
        """Whether stdout is a terminal that may be given colours and frames."""
        return self.common.color and not self.common.as_json and sys.stdout.isatty()

    def answer(self, body: Mapping[str, Any], human: Callable[[], None]) -> None:
        """The verb's answer: one JSON object, or what ``human`` prints."""
        if self.common.as_json:
            self.json(body)
        else:
            human()

    def json(self, body: Mapping[str, Any]) -> None:
        """One object, one line, ASCII only: what it quotes cannot act on a terminal."""
        self._write(json.dumps(body, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f"))

    def text(self, text: str, end: str = "\n") -> None:
        """Words on stdout."""
        self._write(visible(text), end)

    def note(self, text: str) -> None:
        """Words on stderr, unless nobody wants them."""
        if self.common.quiet or self.common.as_json:
            return
        self.live.clear()
        try:
            print(visible(text), file=sys.stderr, flush=True)
        except BrokenPipeError:  # nobody looks at progress any more
            return

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under a head: framed on a terminal, aligned columns elsewhere."""
        cells = [[one_line(cell) for cell in row] for row in rows]
        if self.styled:
            self._rich_table(head, cells)
            return
        widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
        for row in ([name.upper() for name in head], *cells):
            aligned = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._write(GAP.join(aligned).rstrip())

    def _rich_table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*head, box=box.SIMPLE_HEAD if _unicode() else box.ASCII, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.live.clear()
        Console(file=sys.stdout, highlight=False).print(table)

    def _write(self, text: str, end: str = "\n") -> None:
        self.live.clear()
        try:
            print(text, end=end, flush=True)
        except BrokenPipeError:  # a reader that has gone changes nothing about what was done
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
