"""Which backend plays which role: by its tier, by one option for all, and what it falls back on."""

from collections.abc import Mapping

import pytest

from agents.backend import Endpoint, chains_of
from agents.models import ModelAccess, chain_of, open_tiers
from agents.offline_model import OfflineModel
from protocol.errors import InvalidFloorError
from protocol.floor import Models
from protocol.manifest import Manifest, ModelChoice
from tests.floors_loaded import harbour

MODELS = Models(
    tiers={"small": "offline", "large": "openai:big", "spare": "openai:other", "same": "openai:big"},
    fallback={"large": "spare", "spare": "small", "same": "large"},
)


def manifests(**tiers: str) -> Mapping[str, Manifest]:
    """The harbour's, with tiers for some."""
    known = harbour().world.manifests
    chosen = {a: known[a].model_copy(update={"model": ModelChoice(tier=t)}) for a, t in tiers.items()}
    return {**known, **chosen}


def access(name: str | None = None, **tiers: str) -> ModelAccess:
    chains = chains_of(MODELS, manifests(**tiers), name)
    return open_tiers(chains, Endpoint("http://127.0.0.1:9/v1", "a-key"), harbour().policies)


def test_each_role_is_played_by_the_backend_of_its_tier() -> None:
    models = access(berthing="small")  # the other one has the tier of agents that name none
    assert isinstance(models.model_of("berthing"), OfflineModel)
    assert [models.endpoint_of(a) for a in ("berthing", "fairway")] == [None, "openai:big"]


def test_one_option_stands_for_every_tier() -> None:
    for name, endpoint in (("offline", None), ("openai:one", "openai:one")):
        models = access(name, berthing="small", fairway="spare")
        assert {models.endpoint_of(a) for a in harbour().world.manifests} == {endpoint}
        assert [len(list(chain_of(models, a))) for a in ("berthing", "fairway")] == [1, 1]


def test_a_tier_falls_back_on_others_in_turn_each_backend_once() -> None:
    models = access(berthing="same", fairway="small")
    found = [m.endpoint_of("berthing") for m in chain_of(models, "berthing")]
    assert found == ["openai:big", "openai:other", None]
    assert len(list(chain_of(models, "fairway"))) == 1


def test_tiers_that_lead_back_to_themselves_end() -> None:
    models = Models(
        tiers={"small": "offline", "large": "openai:big"}, fallback={"large": "small", "small": "large"}
    )
    assert models.chain("large") == ("openai:big", "offline")


def test_a_key_is_wanted_only_where_an_endpoint_is_asked() -> None:
    assert open_tiers({"berthing": ["offline"]}, Endpoint(), harbour().policies)
    with pytest.raises(InvalidFloorError) as refused:
        open_tiers({"berthing": ["offline", "openai:big"]}, Endpoint(), harbour().policies)
    assert refused.value.error_code == "no_key"
