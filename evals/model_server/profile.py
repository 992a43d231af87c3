"""How a rehearsed endpoint behaves: its pace, its slots, and how often it fails in which way."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

from agents.yaml_source import parse_yaml
from evals.model_server.faults import Fault
from protocol.errors import InvalidFloorError, NotFoundError

_NAMES = ", ".join(Fault)


@dataclass(frozen=True, slots=True)
class Profile:
    """``*_ms``: milliseconds, of wall time. ``slots``: calls answered side by side; others wait for one.

    ``faults``: rates from 0 to 1 by name; their sum is at most 1, and what is left goes well.
    """

    seed: int = 0
    base_ms: float = 0.0
    per_input_token_ms: float = 0.0
    per_output_token_ms: float = 0.0
    slots: int = 8
    faults: Mapping[Fault, float] = field(default_factory=dict)

    def latency_s(self, input_tokens: int, output_tokens: int) -> float:
        """How long a call of this size takes, once it has a slot."""
        return (
            self.base_ms + self.per_input_token_ms * input_tokens + self.per_output_token_ms * output_tokens
        ) / 1000


class Draw:
    """Which fault a request meets: by the seed, what is asked and how often, whatever comes in between."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._asked: Counter[bytes] = Counter()

    def fault(self, body: bytes) -> Fault | None:
        """The fault of the next request with this body; None: it goes well."""
        digest = sha256(body).digest()
        self._asked[digest] += 1
        roll = random.Random(f"{self._profile.seed}/{digest.hex()}/{self._asked[digest]}").random()
        for name, rate in self._profile.faults.items():
            if roll < rate:
                return name
            roll -= rate
        return None


class FromCall(Draw):
    """One fault at the call of a number, from 1, and at those that follow it unless it comes ``once``."""

    def __init__(self, fault: Fault, number: int, *, once: bool) -> None:
        super().__init__(Profile())
        self._fault = fault
        self._number = number
        self._once = once
        self._calls = 0

    def fault(self, body: bytes) -> Fault | None:
        """Whatever is asked: calls are counted."""
        self._calls += 1
        due = self._calls == self._number if self._once else self._calls >= self._number
        return self._fault if due else None


def read_settings(path: Path) -> Mapping[str, Any]:
    """What a profile's YAML file says. NotFoundError without one, InvalidFloorError when it says nothing."""
    if not path.is_file():
        raise NotFoundError(f"There is no file {path}.", hint="Name a profile's YAML file.", code="no_file")
    document = parse_yaml(path.read_bytes(), path.name)
    if document.problems:
        raise _bad(f"{path.name}:{document.problems[0].line}: {document.problems[0].message.rstrip('.')}")
    if not document.mapping:
        raise _bad(f"{path.name} says nothing by name")
    return document.mapping


def make_profile(given: Mapping[str, Any]) -> Profile:
    """A profile from plain values; InvalidFloorError for what it may not say."""
    known = {f.name for f in fields(Profile)}
    if unknown := sorted(set(given) - known):
        raise _bad(f"{unknown[0]!r} is no setting of a profile")
    body = dict(given)
    for name in ("base_ms", "per_input_token_ms", "per_output_token_ms"):
        body[name] = _number(name, body.get(name, 0.0), 3_600_000)
    for name, least in (("seed", 0), ("slots", 1)):
        value = body.get(name, getattr(Profile(), name))
        if type(value) is not int or value < least:
            raise _bad(f"{name} must be a whole number of at least {least}")
        body[name] = value
    faults = body.get("faults", {})
    if not isinstance(faults, Mapping):
        raise _bad("faults must be rates by name")
    body["faults"] = rates(faults.items())
    return Profile(**body)


def rates(given: Iterable[tuple[str, Any]]) -> dict[Fault, float]:
    """Rates by fault; InvalidFloorError for an unknown name, or rates that make more than 1."""
    found: dict[Fault, float] = {}
    for name, rate in given:
        if name not in set(Fault):
            raise _bad(f"{name!r} is no fault; there are {_NAMES}")
        found[Fault(name)] = _number(name, rate, 1)
    if sum(found.values()) > 1:
        raise _bad("the rates of the faults make more than 1")
    return found


def _number(name: str, value: Any, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _bad(f"{name} must be a number")
    try:
        number = float(value)
    except ValueError:
        raise _bad(f"{name} must be a number, not {value!r}") from None
    if not 0 <= number <= most:
        raise _bad(f"{name} must lie between 0 and {most:g}")
    return number


def _bad(problem: str) -> InvalidFloorError:
    return InvalidFloorError(
        f"The profile cannot be used: {problem}.",
        hint="docs/how-to/rehearse.md shows what a profile may say.",
        code="bad_profile",
    )
