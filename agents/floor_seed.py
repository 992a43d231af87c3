"""The opening state of a floor: resources with their balances, and claims, checked against the types."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from agents.floor_catalogue import Code
from agents.floor_text import text_problems
from agents.yaml_source import Document, NodePath
from protocol.canonical import problem as canonical_problem
from protocol.errors import Problem
from protocol.fields import Field, Instant, ListOf, Maybe, Object, Shape
from protocol.ids import KEY
from protocol.records import Claimed, Ref
from protocol.times import parse, show
from protocol.toolbox import ResourceType

_CLAIM_FIELDS = frozenset({"resource", "start", "end", "holder", "shared"})


@dataclass(frozen=True, slots=True)
class Seed:
    """Opening records (fields and balances in one body) and claims, in the order of the file."""

    records: tuple[tuple[Ref, Mapping[str, Any]], ...] = ()
    claims: tuple[Claimed, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_seed(document: Document, types: Mapping[str, ResourceType]) -> Seed:
    """The seed file of a floor. Instants may carry an offset; they come back as UTC text."""
    unread = document.data is None and document.problems
    found = Seed() if unread else seed_in(document, types)
    return replace(found, problems=(*document.problems, *found.problems))


def seed_in(document: Document, types: Mapping[str, ResourceType], *at: str | int) -> Seed:
    """The seed in a document, or under the path ``at`` of it (a suite states its own)."""
    reader = _SeedReader(document, types, at)
    reader.read()
    return Seed(tuple(reader.records.items()), tuple(reader.claims.values()), tuple(reader.problems))


class _SeedReader:
    def __init__(self, document: Document, types: Mapping[str, ResourceType], at: NodePath) -> None:
        self.document, self.at = document, at
        self.data: Any = document.data
        for part in at:
            self.data = self.data[part]
        self.types = types
        self.records: dict[Ref, Mapping[str, Any]] = {}
        self.claims: dict[int, Claimed] = {}
        self.problems: list[Problem] = []

    def read(self) -> None:
        if not isinstance(self.data, dict):
            self._note(Code.WRONG_TYPE, "a seed must be a mapping of resources and claims")
            return
        for path, problem in text_problems(self.document):
            if problem.code == Code.HIDDEN_CHARACTER and path[: len(self.at)] == self.at:
                self.problems.append(problem)
        for name in self.data:
            if name not in ("resources", "claims"):
                self._note(Code.UNKNOWN_FIELD, f"{name} is not a known field of a seed", name)
        for kind in self._mapping("resources"):
            if kind not in self.types:
                self._note(
                    Code.SEED_TYPE_UNKNOWN, f"no tool defines the resource type {kind}", "resources", kind
                )
                continue
            for key, body in self._mapping("resources", kind).items():
                self._record(self.types[kind], key, body)
        claims = self.data.get("claims") or []
        if not isinstance(claims, list):
            self._note(Code.WRONG_TYPE, "claims must be a list", "claims")
            return
        for number, claim in enumerate(claims):
            self._claim(number, claim)
        self._overlaps()

    def _note(self, code: str, message: str, *path: str | int) -> None:
        self.problems.append(self.document.problem(code, message, *self.at, *path))

    def _mapping(self, *path: str) -> Mapping[str, Any]:
        found: Any = self.data
        for part in path:
            found = found.get(part) or {}
        if isinstance(found, dict):
            return found
        self._note(Code.WRONG_TYPE, f"{'.'.join(path)} must be a mapping", *path)
        return {}

    def _record(self, kind: ResourceType, key: str, body: object) -> None:
        path = ("resources", kind.name, key)
        if not KEY.fullmatch(key):
            self._note(
                Code.SEED_KEY, f"{key!r} is not a key: capital letters, digits, _ and -, at most 64", *path
            )
            return
        if not isinstance(body, dict):
            self._note(Code.WRONG_TYPE, f"{kind.name}/{key} must be a mapping of fields", *path)
            return
        if found := canonical_problem(body):
            self._note(Code.SEED_FIELD, f"{kind.name}/{key}: {found}", *path)
            return
        made = {
            name: _in_utc(kind.fields[name], value) if name in kind.fields else value
            for name, value in body.items()
        }
        self._fields(kind, key, made)
        self._balances(kind, key, made)
        self.records[Ref(kind.name, key)] = made

    def _fields(self, kind: ResourceType, key: str, body: Mapping[str, Any]) -> None:
        path = ("resources", kind.name, key)
        for name, value in body.items():
            if name in kind.balances:
                continue
            field = kind.fields.get(name)
            found = "is not a field of its type" if field is None else field.problem(value)
            if found:
                self._note(Code.SEED_FIELD, f"{kind.name}/{key}: {name} {found}", *path, name)
        for name, field in kind.fields.items():
            if name not in body and not isinstance(field, Maybe):
                self._note(Code.SEED_FIELD, f"{kind.name}/{key}: {name} is missing", *path)

    def _balances(self, kind: ResourceType, key: str, body: Mapping[str, Any]) -> None:
        path = ("resources", kind.name, key)
        for name, bound in kind.balances.items():
            value = body.get(name)
            if not isinstance(value, int) or isinstance(value, bool):
                self._note(
                    Code.SEED_BALANCE,
                    f"{kind.name}/{key}: the balance {name} must be a whole number",
                    *path,
                    name,
                )
            elif value < bound.minimum or (bound.maximum is not None and value > bound.maximum):
                top = "" if bound.maximum is None else f" and at most {bound.maximum}"
                said = f"the balance {name} must be at least {bound.minimum}{top}"
                self._note(Code.SEED_BALANCE, f"{kind.name}/{key}: {said}", *path, name)

    def _claim(self, number: int, claim: object) -> None:
        path: NodePath = ("claims", number)
        if not isinstance(claim, dict):
            self._note(
                Code.SEED_CLAIM, "a claim must be a mapping of resource, start, end, holder, shared", *path
            )
            return
        for name in claim.keys() - _CLAIM_FIELDS:
            self._note(Code.SEED_CLAIM, f"{name} is not a known field of a claim", *path, name)
        start, end = (_in_utc(Instant(), claim.get(name)) for name in ("start", "end"))
        resource, holder, shared = claim.get("resource"), claim.get("holder"), claim.get("shared", False)
        ref = Ref.parse(holder) if isinstance(holder, str) and "/" in holder else None
        wrong = {
            "resource": not isinstance(resource, str) or not resource,
            "start": Instant().problem(start) is not None,
            "end": Instant().problem(end) is not None,
            "holder": ref not in self.records,
            "shared": not isinstance(shared, bool),
        }
        for name in (name for name, is_wrong in wrong.items() if is_wrong):
            self._note(Code.SEED_CLAIM, f"the claim's {name} {_CLAIM_NEEDS[name]}", *path, name)
        if any(wrong.values()) or ref is None:
            return
        if parse(str(start)) >= parse(str(end)):
            self._note(Code.SEED_CLAIM, "the claim's end must be after its start", *path, "end")
            return
        self.claims[number] = Claimed(str(resource), str(start), str(end), ref, bool(shared))

    def _overlaps(self) -> None:
        """Exclusive claims must not meet: the ledger takes seed claims without asking the gate."""
        for (_, one), (number, two) in combinations(self.claims.items(), 2):
            if one.resource != two.resource or (one.shared and two.shared):
                continue
            if parse(one.start) < parse(two.end) and parse(two.start) < parse(one.end):
                said = f"{two.resource} is claimed by {one.holder} and {two.holder} at the same time"
                self._note(Code.SEED_CLAIM, said, "claims", number)


_CLAIM_NEEDS = {
    "resource": "must be text such as TYPE/KEY",
    "start": "must be an instant such as 2026-03-02T09:00:00Z",
    "end": "must be an instant such as 2026-03-02T09:00:00Z",
    "holder": "must be the TYPE/KEY of a record of this seed",
    "shared": "must be true or false",
}


def _in_utc(field: Field, value: Any) -> Any:
    """``value`` with every instant in it as UTC text; what cannot be read stays for the field to refuse."""
    match field:
        case Maybe(inner):
            return value if value is None else _in_utc(inner, value)
        case ListOf(item) if isinstance(value, list):
            return [_in_utc(item, v) for v in value]
        case Object(shape) if isinstance(value, dict):
            return _shape_in_utc(shape, value)
        case Instant() if isinstance(value, str):
            return instant(value)
    return value


def _shape_in_utc(shape: Shape, value: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _in_utc(shape[k], v) if k in shape else v for k, v in value.items()}


def instant(text: str) -> str:
    """UTC text of an instant written with any offset; ``text`` itself when it is none."""
    try:
        return show(parse(text))
    except ValueError:
        return text
