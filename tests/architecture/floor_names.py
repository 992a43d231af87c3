"""The names a floor brings along, and where the engine's sources would betray that they know one."""

import ast
import re
from collections.abc import Iterator

from agents.floor_loader import Floor
from protocol.manifest import Manifest
from tests.architecture.sources import Source

_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[a-z][a-z0-9_-]*)*")


def names_of(floor: Floor) -> set[str]:
    """Agents, action kinds, queries, requests, roles, people, lanes, events, rules, and seeded keys."""
    config, tools = floor.world.config, floor.world.toolbox
    found = {*config.roles, *config.lanes, *config.rules, *(person.id for person in config.people)}
    found |= {tool.name for part in (tools.actions, tools.queries, tools.rules) for tool in part}
    found |= {fact.type for fact in tools.facts} | {c for item in tools.consequences for c in item.on}
    found |= {ref.key for ref, _ in floor.seed}
    for manifest in floor.world.manifests.values():
        found |= _of_manifest(manifest)
    return found


def types_of(floor: Floor) -> set[str]:
    """Its resource types, which are often plain words."""
    return {resource.name for resource in floor.world.toolbox.resources}


def _of_manifest(manifest: Manifest) -> set[str]:
    heard = {*manifest.input_schema.events.hear, *manifest.input_schema.events.project, *manifest.hears()}
    scope = manifest.capability_scope
    return {
        manifest.agent,
        *scope.can,
        *manifest.input_schema.requests,
        *heard,
        *manifest.output_schema.events,
    }


def words_of(source: Source) -> Iterator[tuple[int, str]]:
    """(line, word) of every identifier and every word of a string that is no docstring."""
    docstrings = {id(node) for node in _docstrings(source.tree)}
    for node in ast.walk(source.tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield from ((line, word) for word in _WORD.findall(node.value))
        elif isinstance(node, ast.Name):
            yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            yield line, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield line, node.name


def _docstrings(tree: ast.Module) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        for statement in getattr(node, "body", []) if not isinstance(node, ast.Lambda | ast.IfExp) else []:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                yield statement.value
