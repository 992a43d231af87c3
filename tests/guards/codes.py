"""What the sources refuse with, and what the ledger's schema refuses: so that no guard goes unnamed."""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType

from checkpoints.named_sql import migration_files
from tests.architecture.sources import Source, sources

PLACES: Mapping[str, int] = {"Refusal": 0, "Stop": 0, "rule": 3, "_rule_carried": 4, "ask_question": 5}
"""Calls that carry a code, and which of their arguments it is."""
_AGENTS = ("agents/parsing.py", "agents/turn_runtime.py", "agents/endpoints.py", "agents/rates.py")
_CONSTRAINT = re.compile(r"\bUNIQUE\b|\bCHECK \(|\bPRIMARY KEY \(|CREATE TRIGGER")


@dataclass(frozen=True, slots=True)
class Refused:
    """A code and where the source gives it."""

    code: str
    where: str


def refused() -> Iterator[Refused]:
    """Every code that a guard of the engine can refuse with, at each place where it does."""
    agents = [source for source in sources("agents") if source.name in _AGENTS]
    for source in (*sources("protocol"), *sources("graph"), *sources("checkpoints"), *agents):
        module = importlib.import_module(source.name.removesuffix(".py").replace("/", "."))
        yield from _of_source(source, module)


def _of_source(source: Source, module: ModuleType) -> Iterator[Refused]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            for given in _given(node):
                if (code := _constant(given, module)) is not None:
                    yield Refused(code, f"{source.name}:{node.lineno}")
        elif isinstance(node, ast.Assign) and source.name == "protocol/errors.py":
            yield from (
                Refused(str(_constant(node.value, module)), f"{source.name}:{node.lineno}")
                for name in node.targets
                if isinstance(name, ast.Name) and name.id == "code"
            )


def _given(call: ast.Call) -> Iterator[ast.expr]:
    """What a call gives for a code."""
    yield from (word.value for word in call.keywords if word.arg == "code")
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    place = PLACES.get(name)
    if place is not None and len(call.args) > place:
        yield call.args[place]


def _constant(node: ast.expr, module: ModuleType) -> str | None:
    """The text of a literal, or of a name of the module; None for what is only known when it happens."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) and node.value else None
    found = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
    return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class Constraint:
    """A UNIQUE, PRIMARY KEY over several columns, CHECK or TRIGGER of the schema, by its line."""

    target: str
    line: str
    at: int
    end: int
    text: str


def constraints() -> Iterator[Constraint]:
    """Everything with which the schema refuses a row."""
    for file in migration_files():
        text = file.read_text("utf-8")
        for found in _CONSTRAINT.finditer(text):
            start = text.rfind("\n", 0, found.start()) + 1
            line = text[start : text.find("\n", found.start())]
            end = text.find("END;", found.start()) if "TRIGGER" in found[0] else found.end()
            if not line.startswith("--"):
                yield Constraint(f"sql/{file.name}", line.strip(), found.start(), end, text)
