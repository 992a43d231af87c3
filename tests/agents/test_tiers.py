"""Which backend plays which role: by its tier, by one option for all, and what it falls back on."""

from collections.abc import Mapping

import pytest

from agents.backend import OPENAI, Endpoint, chains_of, endpoints_of, split_backend
from agents.models import ModelAccess, chain_of, open_tiers
from agents.offline_model import OfflineModel
from protocol.errors import InvalidFloorError
from protocol.floor import ModelEndpoint, Models
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
    return open_tiers(chains, {OPENAI: Endpoint("http://127.0.0.1:9/v1", "a-key")}, harbour().policies)


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
    assert open_tiers({"berthing": ["offline"]}, {OPENAI: Endpoint()}, harbour().policies)
    with pytest.raises(InvalidFloorError) as refused:
        open_tiers({"berthing": ["offline", "openai:big"]}, {OPENAI: Endpoint()}, harbour().policies)
    assert refused.value.error_code == "no_key"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("openai:big", ("openai", "big")),
        ("spare:org/big:free@2026", ("spare", "org/big:free@2026")),
        ("offline", None),
        ("openai:", None),
        (":big", None),
        ("openai: big", None),
        ("", None),
    ],
)
def test_name_of_a_backend_is_an_endpoint_and_a_model(name: str, parts: tuple[str, str] | None) -> None:
    assert split_backend(name) == parts


def test_endpoints_are_the_environments_and_the_floors() -> None:
    models = Models(
        endpoints={
            "spare": ModelEndpoint(url="https://a.example/v1", key_env="SPARE_API_KEY"),
            "own": ModelEndpoint(url="https://b.example/v1", key_env="OWN_API_KEY", stream=False),
        },
        stream=True,
    )
    found = endpoints_of(models, Endpoint("http://127.0.0.1:9/v1", "k"), {"SPARE_API_KEY": "s"}.get)
    assert found == {
        "openai": Endpoint("http://127.0.0.1:9/v1", "k", True, "OPENAI_API_KEY"),
        "spare": Endpoint("https://a.example/v1", "s", True, "SPARE_API_KEY"),
        "own": Endpoint("https://b.example/v1", None, False, "OWN_API_KEY"),
    }
    assert "'s'" not in repr(found)


@pytest.mark.parametrize("name", ["spare:big", "openai:", "gpt"])
def test_model_at_an_endpoint_that_nobody_declared_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(InvalidFloorError) as refused:
        open_tiers({"berthing": [name]}, {OPENAI: Endpoint(), "own": Endpoint()}, harbour().policies)
    assert refused.value.error_code == "bad_settings"
    assert "openai:NAME or own:NAME" in (refused.value.hint or "")
