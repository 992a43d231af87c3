"""What may stand in no text of a contract: characters that are not seen, and what cannot be stored."""

from collections.abc import Iterator
from typing import Any

from agents.floor_catalogue import Code
from agents.yaml_source import HIDDEN, Document, NodePath, dotted
from protocol.canonical import problem as canonical_problem
from protocol.errors import Problem


def text_problems(document: Document) -> Iterator[tuple[NodePath, Problem]]:
    """Values that are no canonical JSON, and texts with a hidden character, each with its path."""
    for path, value in _values(document.data, ()):
        if found := canonical_problem(value):
            yield path, document.problem(Code.WRONG_VALUE, f"{dotted(path)}: {found}", *path)
        elif found := hidden_problem(value):
            yield path, document.problem(Code.HIDDEN_CHARACTER, f"{dotted(path)} {found}", *path)


def hidden_problem(value: object) -> str | None:
    """Which character of a text is not seen, as the end of a sentence, or None."""
    found = HIDDEN.search(value) if isinstance(value, str) else None
    return f"holds the hidden character U+{ord(found[0]):04X}" if found else None


def _values(node: Any, path: NodePath) -> Iterator[tuple[NodePath, Any]]:
    """Every scalar and every key of plain data, with its path."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key), key
            yield from _values(value, (*path, key))
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _values(item, (*path, number))
    else:
        yield path, node
