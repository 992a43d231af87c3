"""The matrix for a terminal: a grid of agents, then what stands behind each mark, within 80 columns."""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from cli.output import GAP, Output
from protocol.expectations import OUTSIDE, How
from protocol.ids import PERSON_ASKER

WIDTH = 80
MARKS: Mapping[How, tuple[str, str]] = {
    How.ASK: ("a", "asks"),
    How.DECIDE: ("d", "has it decide"),
    How.YIELD: ("y", "asks it to yield"),
    How.HEAR: ("h", "hears"),
    How.SHOW: ("s", "is shown"),
    How.FOLLOW: ("f", "is followed by"),
    How.RECORD: ("r", "reports"),
    How.SIGN: ("g", "needs a signature"),
    How.ESCALATE: ("e", "escalates"),
}
"""The mark of each expectation in the grid, and its verb in the list."""


def show(out: Output, shape: Mapping[str, Any]) -> None:
    """Print the grid, the cells and the gaps."""
    head, *rows = grid(shape)
    out.table(head, rows)
    for line in _legend(shape):
        out.text(line)
    out.text("")
    agents = set(shape["agents"])
    for cell in shape["cells"]:
        if cell["to"] in agents or cell["to"] == OUTSIDE:
            for line in _cell(cell):
                out.text(line)
    for agent in shape["agents"]:
        for line in _people(agent, [c for c in shape["cells"] if c["from"] == agent], agents):
            out.text(line)
    out.text("")
    out.text("Gaps:" if shape["gaps"] else "No gaps.")
    for gap in shape["gaps"]:
        for line in _wrapped(f"{gap['message']} [{gap['code']}]", "  ", "    "):
            out.text(line)


def grid(shape: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """A head, then who expects (down) what of whom (across); columns are numbers where names do not fit."""
    rows, columns = [PERSON_ASKER, OUTSIDE, *shape["agents"]], [*shape["agents"], OUTSIDE]
    marks = {(c["from"], c["to"]): _marks(c["details"]) or "?" for c in shape["cells"]}
    numbers = {name: str(n) for n, name in enumerate(columns, start=1)}
    numbered = len(GAP.join((max(rows, key=len), *columns))) > WIDTH
    lines = [("", *(numbers[name] if numbered else name for name in columns))]
    for row in rows:
        name = f"{numbers.get(row, ' ')} {row}" if numbered else row
        lines.append((name, *(marks.get((row, column), ".") for column in columns)))
    return lines


def _legend(shape: Mapping[str, Any]) -> list[str]:
    used = {detail["how"] for cell in shape["cells"] for detail in cell["details"]}
    shown = (
        f"{mark} {words}" for how, (mark, words) in MARKS.items() if how in used - {How.SIGN, How.ESCALATE}
    )
    return _wrapped(", ".join(shown), "", "")


def _marks(details: Sequence[Mapping[str, Any]]) -> str:
    hows = {d["how"] for d in details}
    return "".join(mark for how, (mark, _) in MARKS.items() if how in hows)


def _cell(cell: Mapping[str, Any]) -> Iterator[str]:
    yield f"{cell['from']} -> {cell['to']}"
    for how, (_, words) in MARKS.items():
        what = [_what(d) for d in cell["details"] if d["how"] == how]
        if what:
            yield from _wrapped(f"{words}: {', '.join(what)}", "  ", "    ")
    yield from _wrapped(f"last word: {cell['authority']}", "  ", "    ")
    if cell["observed"] is not None:
        yield f"  observed: {observed_words(cell['observed'])}"


def _what(detail: Mapping[str, Any]) -> str:
    """What is expected; of a request, the fields it takes and gives."""
    if detail["how"] != How.ASK:
        return str(detail["what"])
    return f"{detail['what']} ({', '.join(detail['sends'])} -> {', '.join(detail['gets'])})"


def observed_words(observed: Mapping[str, Any]) -> str:
    """``3 calls, 0 retries, 95 % within 0.2 s, 5 events``."""
    took = "no time kept" if observed["p95_s"] is None else f"95 % within {observed['p95_s']} s"
    return f"{observed['calls']} calls, {observed['retries']} retries, {took}, {observed['events']} events"


def _people(agent: str, cells: Sequence[Mapping[str, Any]], agents: set[str]) -> Iterator[str]:
    """Whose word an agent needs, one line for each way."""
    ends = [c for c in cells if c["to"] not in agents and c["to"] != OUTSIDE]
    signs = [f"{c['to']} for {d['what']}" for c in ends for d in c["details"] if d["how"] == How.SIGN]
    path = [(d["what"], c["to"] + _times(c)) for c in ends for d in c["details"] if d["how"] == How.ESCALATE]
    yield f"{agent} -> people"
    if signs:
        yield from _wrapped(f"needs a signature of: {', '.join(signs)}", "  ", "    ")
    yield from _wrapped(f"escalates to: {', then '.join(role for _, role in sorted(path))}", "  ", "    ")


def _times(cell: Mapping[str, Any]) -> str:
    """How often a role was asked, where that was observed."""
    return "" if cell["observed"] is None else f" (asked {cell['observed']['calls']} times)"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
