"""The checks on tiers, fallbacks, prices and bounds of money: what floor.yaml says of models."""

import re
from collections.abc import Iterator

from agents.backend import OFFLINE, chains_of
from agents.budgets import unpriced
from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from agents.pricing import PriceBook
from protocol.errors import Problem
from protocol.floor import FloorConfig, Models

_MODEL = re.compile(r"offline|openai:\S+")


def check_models(parts: Parts) -> Iterator[Problem]:
    """Every problem of ``models``, and money that is bounded where a price is unknown."""
    draft = parts.config
    if "models" in draft.touched:
        return
    found = [*_tiers(draft), *_fallbacks(draft), *_prices(draft)]
    yield from found
    if not found and "limits" not in draft.touched and parts.complete("model") and parts.complete("budget"):
        yield from _money(parts)


def _tiers(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    models = draft.value.models
    for name, tier in (("router", models.router), ("agents", models.agents)):
        if tier is not None and tier not in models.tiers:
            yield draft.problem(Code.TIER_UNKNOWN, f"models.tiers has no {tier}", "models", name)
    for tier, model in models.tiers.items():
        if not _MODEL.fullmatch(model):
            message = f"the tier {tier} is mapped to {model!r}; write offline or openai:NAME"
            yield draft.problem(Code.MODEL_UNKNOWN, message, "models", "tiers", tier)


def _fallbacks(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    models = draft.value.models
    for tier, other in models.fallback.items():
        place = ("models", "fallback", tier)
        if missing := [name for name in (tier, other) if name not in models.tiers]:
            yield draft.problem(Code.TIER_UNKNOWN, f"models.tiers has no {missing[0]}", *place)
        elif _leads_back(models, tier):
            message = f"the tier {tier} falls back on itself, by way of {other}"
            yield draft.problem(Code.FALLBACK_CIRCULAR, message, *place)


def _leads_back(models: Models, tier: str) -> bool:
    seen, at = set[str](), tier
    while at not in seen:
        seen.add(at)
        at = models.fallback.get(at, "")
    return at == tier


def _prices(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    models = draft.value.models
    for backend in models.prices:
        place = ("models", "prices", backend)
        if backend == OFFLINE or not _MODEL.fullmatch(backend):
            message = f"{backend!r} has a price and is no model of an endpoint; write openai:NAME"
            yield draft.problem(Code.MODEL_UNKNOWN, message, *place)


def _money(parts: Parts) -> Iterator[Problem]:
    """Published prices are those of OpenAI's own address; which one it really is shows when it starts."""
    draft, models = parts.config, parts.config.value.models
    manifests = {d.value.agent: d.value for d in parts.drafts.values()}
    chains = {**chains_of(models, manifests), "": models.chain(models.router)[:1]}
    if (found := unpriced(draft.value.limits, manifests, chains, PriceBook(models.prices))) is not None:
        message = f"money is bounded, and nobody knows the price of {found}; write it under models.prices"
        yield draft.problem(Code.MONEY_UNPRICED, message, "models", "tiers")
