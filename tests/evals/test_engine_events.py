"""The list of the engine's own events is what the sources publish."""

import ast
from typing import get_args, get_type_hints

from checkpoints.audit_anchor import RESTORED
from evals.engine_events import ENGINE_EVENTS
from protocol.breaker import Change
from protocol.rows import Verdict
from tests.architecture.sources import sources

PARTS = {
    "row.type": ("approval", "question"),
    "verdict": tuple(map(str, Verdict)),
    "what": ("expired", "escalated"),
    "RESTORED": (RESTORED,),
    "told.what": get_args(get_type_hints(Change)["what"]),
}
"""What stands for the variable parts of a type in the sources."""
MAKERS = {"case_event": 2, "note_delivery": 0, "tell": 4}
"""Functions that make an event, and the place of its type among their arguments."""
FLOORS_OWN = {"published.emit.type"}


def types_in(node: ast.expr) -> list[str]:
    """Every type that an expression can be."""
    match node:
        case ast.Constant(value=str() as text):
            return [text]
        case ast.IfExp(body=body, orelse=orelse):
            return [*types_in(body), *types_in(orelse)]
        case ast.JoinedStr(values=values):
            found = [""]
            for part in values:
                ends = types_in(part.value) if isinstance(part, ast.FormattedValue) else types_in(part)
                found = [a + b for a in found for b in ends]
            return found
        case _:
            return list(PARTS.get(ast.unparse(node), ()))


def published() -> set[str]:
    """Types given to ``note(TYPE, ...)``, to ``EventRow(type=TYPE)`` and to the functions that make one."""
    found: set[str] = set()
    for source in [*sources("protocol"), *sources("graph"), *sources("agents")]:
        kinds = {
            ast.unparse(node.targets[0]): node.value
            for node in ast.walk(source.tree)
            if isinstance(node, ast.Assign)
        }
        for call in (node for node in ast.walk(source.tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func).rpartition(".")[2]
            if name == "note" and call.args:
                given = call.args[0]
                found |= set(types_in(kinds.get(ast.unparse(given), given)))
            if name in MAKERS and len(call.args) > MAKERS[name]:
                given = call.args[MAKERS[name]]
                found |= set(types_in(kinds.get(ast.unparse(given), given)))
            if name == "EventRow":
                found |= {t for word in call.keywords if word.arg == "type" for t in types_in(word.value)}
    return found


def test_engine_publishes_what_the_list_says() -> None:
    assert published() == ENGINE_EVENTS
