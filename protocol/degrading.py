"""What stands in for the answer of an agent that cannot be asked: its manifest's degraded mode (R6).

It informs; it decides nothing. The last good answer is given only while it is younger than the manifest
allows, by the ledger clock; the default only to a request whose answer it fits. ``OWNER.decide`` is asked
about one action and has no answer that could serve another: it always goes to a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from protocol.canonical import digest
from protocol.exchange import Exchange
from protocol.manifest import DECIDE, DegradedMode, Manifest
from protocol.passing import Pass
from protocol.rows import GoodAnswer
from protocol.times import micros, plus


@dataclass(frozen=True, slots=True)
class Standin:
    """Values in place of an answer. ``age_s``: of a cached one, in seconds of the ledger clock."""

    mode: Literal["cached", "default"]
    values: Mapping[str, Any]
    age_s: int | None = None


def stand_in(p: Pass, exchange: Exchange) -> Standin | None:
    """What the asker is told instead of an answer; None: the question is for a person."""
    manifest = p.world.manifests[exchange.owner]
    mode = manifest.degraded_mode
    if mode is None or exchange.request == DECIDE:
        return None
    match mode.when_open:
        case "cached":
            return _cached(p, exchange, mode)
        case "default":
            fits = mode.default is not None and _fits(manifest, exchange.request, mode.default)
            return Standin("default", mode.default or {}) if fits else None
        case "escalate":
            return None


def _cached(p: Pass, exchange: Exchange, mode: DegradedMode) -> Standin | None:
    key = _key(exchange)
    here = [row for row, _ in p.answers if (row.caller, row.callee, row.request, row.params_hash) == key]
    row = here[-1] if here else p.store.good_answer(*key)
    if row is None:
        return None
    age_s = (micros(p.now) - micros(row.at)) // 1_000_000
    return Standin("cached", row.values, age_s) if age_s < mode.max_age_s else None


def _fits(manifest: Manifest, request: str, default: Mapping[str, Any]) -> bool:
    """Whether the default has what the request's answer must have, and nothing that it may not."""
    schema = manifest.output_schema.answers.get(request, {})
    return set(schema.get("required", ())) <= set(default) <= set(schema.get("properties", default))


def remember(p: Pass, exchange: Exchange) -> None:
    """Keep what the owner has just agreed to, if its manifest lets it be given again."""
    mode = p.world.manifests[exchange.owner].degraded_mode
    if mode is None or mode.when_open != "cached" or exchange.request == DECIDE:
        return
    row = GoodAnswer(*_key(exchange), values=dict(exchange.values), at=p.now)
    p.answers.append((row, plus(p.now, seconds=-mode.max_age_s)))


def _key(exchange: Exchange) -> tuple[str, str, str, str]:
    return (exchange.asker, exchange.owner, exchange.request, digest(dict(exchange.params)))
