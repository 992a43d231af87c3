"""The list of the engine's own events is what the sources publish."""

import ast

from evals.engine_events import ENGINE_EVENTS
from protocol.rows import Verdict
from tests.architecture.sources import sources

PARTS = {
    "row.type": ("approval", "question"),
    "verdict": tuple(map(str, Verdict)),
    "what": ("expired", "escalated"),
}
"""What stands for the variable parts of a type in the sources."""
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
    for source in [*sources("protocol"), *sources("graph")]:
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
            if name == "case_event" and len(call.args) > 2:
                found |= set(types_in(call.args[2]))
            if name == "EventRow":
                found |= {t for word in call.keywords if word.arg == "type" for t in types_in(word.value)}
    return found


def test_engine_publishes_what_the_list_says() -> None:
    assert published() == ENGINE_EVENTS
