"""Writes docs/reference/machines.md: every state machine of the protocol, drawn from its table.

.venv/bin/python scripts/machines.py
"""

import ast
import inspect
import sys
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from protocol.machine import Machine
from protocol.machines import MACHINES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "machines.md"

HEAD = """# State machines

Whatever has a state in Andon moves by a table of the protocol: `(state, event) -> next state`. A pair that is
not in the table cannot happen; an attempt is an error that names the event and the state. The rules, the
ledger, the tests and this page read the same tables. `[*]` is where a machine begins, and where it may
stay for good.

This page is written by `python scripts/machines.py`; a test keeps it current.
"""


def main() -> int:
    """Always 0: the page is written."""
    PAGE.write_text(page(), "utf-8")
    return 0


def page() -> str:
    """The whole page."""
    rows = ["| machine | what it is | table |", "|---|---|---|"]
    for machine in MACHINES:
        rows.append(f"| [{machine.name}](#{machine.name}) | {about(machine)} | `{home(machine)}` |")
    return "\n".join([HEAD, *rows, *(section(machine) for machine in MACHINES)]) + "\n"


def section(machine: Machine[Any, Any]) -> str:
    """One machine: its diagram, and its steps in words."""
    said = words(machine.events)
    rows = [
        f"| `{event}` | {said[event]} | {', '.join(f'`{s}`' for s in states)} | `{after}` |"
        for (event, after), states in steps(machine).items()
    ]
    return "\n".join(
        [
            f"\n## {machine.name}\n",
            f"{about(machine)}\n",
            "```mermaid",
            *diagram(machine),
            "```\n",
            "| event | what happens | in | then |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def diagram(machine: Machine[Any, Any]) -> list[str]:
    """The lines of a Mermaid diagram; several events for one arrow are joined."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), after in machine.table.items():
        arrows.setdefault((state, after), []).append(event)
    return [
        "stateDiagram-v2",
        f"    [*] --> {machine.initial}",
        *(f"    {state} --> {after}: {', '.join(events)}" for (state, after), events in arrows.items()),
        *(f"    {end} --> [*]" for end in sorted(machine.finals | machine.rests)),
    ]


def steps(machine: Machine[Any, Any]) -> dict[tuple[StrEnum, StrEnum], list[StrEnum]]:
    """(event, next state) -> the states in which it happens, in the order of the events."""
    found: dict[tuple[StrEnum, StrEnum], list[StrEnum]] = {}
    for event in machine.events:
        for state in machine.states:
            if machine.allows(state, event):
                found.setdefault((event, machine.advance(state, event)), []).append(state)
    return found


def about(machine: Machine[Any, Any]) -> str:
    """The first paragraph of its module's docstring, on one line."""
    text = inspect.getdoc(sys.modules[machine.events.__module__]) or ""
    return " ".join(text.partition("\n\n")[0].split())


def home(machine: Machine[Any, Any]) -> str:
    """The file of its table."""
    return Path(inspect.getfile(machine.events)).relative_to(ROOT).as_posix()


def words(events: type[StrEnum]) -> dict[StrEnum, str]:
    """What each event means: the text under it in the source. LookupError when one has none."""
    tree = ast.parse(inspect.getsource(events))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef))
    found: dict[StrEnum, str] = {}
    for member, text in pairwise(body):
        match member, text:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(said))):
                found[events[name]] = " ".join(said.split())
    if missing := [str(event) for event in events if event not in found]:
        raise LookupError(f"{events.__name__}: no words under {', '.join(missing)}")
    return found


if __name__ == "__main__":
    sys.exit(main())
