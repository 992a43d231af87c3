"""The checks on endpoints, tiers, fallbacks, prices and bounds of money: what floor.yaml says of models."""

from collections.abc import Iterator

from agents.backend import OFFLINE, OPENAI, RESERVED, chains_of, split_backend, urls_of
from agents.budgets import unpriced
from agents.floor_addresses import is_in_the_clear, is_variable, wrong_with
from agents.floor_catalogue import Code
from agents.floor_drafts import Draft
from agents.floor_parts import Parts
from agents.pricing import PriceBook
from protocol.errors import Problem
from protocol.floor import FloorConfig, Models


def check_models(parts: Parts) -> Iterator[Problem]:
    """Every problem of ``models``, and money that is bounded where a price is unknown."""
    draft = parts.config
    if "models" in draft.touched:
        return
    found = [*_endpoints(draft), *_tiers(draft), *_fallbacks(draft), *_prices(draft)]
    yield from found
    if not found and "limits" not in draft.touched and parts.complete("model") and parts.complete("budget"):
        yield from _money(parts)


def _endpoints(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    models = draft.value.models
    used = {named[0] for backend in models.tiers.values() if (named := split_backend(backend))}
    for name, endpoint in models.endpoints.items():
        place = ("models", "endpoints", name)
        if name in RESERVED:
            message = f"the endpoint {name} has a name of the engine's; the environment says where openai is"
            yield draft.problem(Code.RESERVED_NAME, message, *place)
        elif name not in used:
            message = f"no tier is mapped to a model of the endpoint {name}; write {name}:NAME"
            yield draft.problem(Code.ENDPOINT_UNUSED, message, *place)
        if (wrong := wrong_with(endpoint.url)) is not None:
            message = f"the url of the endpoint {name} {wrong}"
            yield draft.problem(Code.ENDPOINT_URL_INVALID, message, *place, "url")
        elif is_in_the_clear(endpoint.url):
            message = f"what the endpoint {name} is sent over plain http, its key too, can be read on the way"
            yield draft.problem(Code.ENDPOINT_UNENCRYPTED, message, *place, "url")
        if not is_variable(endpoint.key_env):  # what stands there may be the key itself: it is not repeated
            message = f"key_env of {name} is no name of an environment variable, such as SPARE_API_KEY"
            yield draft.problem(Code.ENDPOINT_KEY_INVALID, message, *place, "key_env")


def _missing(models: Models, backend: str) -> str | None:
    """What is wrong with the name of a model at an endpoint; None: nothing."""
    if (named := split_backend(backend)) is None:
        return "write openai:NAME"
    at, _ = named
    return None if at == OPENAI or at in models.endpoints else f"models.endpoints has no {at}"


def _tiers(draft: Draft[FloorConfig]) -> Iterator[Problem]:
    models = draft.value.models
    for name, tier in (("router", models.router), ("agents", models.agents)):
        if tier is not None and tier not in models.tiers:
            yield draft.problem(Code.TIER_UNKNOWN, f"models.tiers has no {tier}", "models", name)
    for tier, model in models.tiers.items():
        if model != OFFLINE and (missing := _missing(models, model)) is not None:
            message = f"the tier {tier} is mapped to {model!r}, which is not offline; {missing}"
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
        if (missing := _missing(models, backend)) is not None:
            message = f"{backend!r} has a price and is no model of an endpoint; {missing}"
            yield draft.problem(Code.MODEL_UNKNOWN, message, *place)


def _money(parts: Parts) -> Iterator[Problem]:
    """``openai`` counts as being at its own address; where it really is shows when the floor starts."""
    draft, models = parts.config, parts.config.value.models
    manifests = {d.value.agent: d.value for d in parts.drafts.values()}
    chains = {**chains_of(models, manifests), "": models.chain(models.router)[:1]}
    prices = PriceBook(models.prices, urls_of(models))
    if (found := unpriced(draft.value.limits, manifests, chains, prices)) is not None:
        message = f"money is bounded, and nobody knows the price of {found}; write it under models.prices"
        yield draft.problem(Code.MONEY_UNPRICED, message, "models", "tiers")
