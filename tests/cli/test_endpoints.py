"""What the command line tells of the endpoints of a floor, and what it keeps to itself."""

from pathlib import Path

import pytest

from agents.backend import Endpoint
from cli.outcome import model_line
from graph.settings import Settings
from protocol.floor import ModelEndpoint, Models
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.cli.program import Program

KEY = "spare-key-def"
SPARE = ModelEndpoint(url="https://models.example/v1", key_env="SPARE_API_KEY")
DECLARED = "models:\n  endpoints: {spare: {url: 'https://models.example/v1', key_env: SPARE_API_KEY}}\n"
BOTH = f"{DECLARED}  tiers: {{small: offline, large: 'openai:big', other: 'spare:big'}}\n"


@pytest.fixture
def floor(tmp_path: Path) -> str:
    """The harbour, asking two endpoints: the second while the first is down."""
    return str(copy_harbour(tmp_path / "floor", Edit(CONFIG, "", f"{BOTH}  fallback: {{large: other}}\n")))


def checks(andon: Program, *words: str, **environment: str) -> tuple[int, dict[str, tuple[str, str]]]:
    done = andon("doctor", "--json", *words, **environment)
    told = {c["name"]: (c["status"], c["detail"]) for c in done.json["checks"]}
    return done.code, {name: what for name, what in told.items() if name.startswith("model")}


def test_doctor_says_what_is_asked_where_and_which_key_lacks(andon: Program, floor: str) -> None:
    code, found = checks(andon, "--floor", floor, OPENAI_API_KEY="own-key-abc")
    assert code == 3
    assert found == {
        "model": ("ok", "big at its maker; OPENAI_API_KEY is set"),
        "model spare": ("fail", "big at https://models.example/v1: no key"),
    }
    code, found = checks(andon, "--floor", floor, OPENAI_API_KEY="own-key-abc", SPARE_API_KEY=KEY)
    assert (code, {status for status, _ in found.values()}) == (0, {"ok"})
    assert KEY not in str(found)


def test_doctor_looks_at_the_models_that_would_be_asked(andon: Program, floor: str) -> None:
    assert checks(andon)[1] == {
        "model": ("ok", "offline: each role is played by its policy; no key, no network")
    }
    assert list(checks(andon, "--floor", floor, "--model", "offline")[1]) == ["model"]
    _, found = checks(andon, "--floor", floor, "--model", "spare:other", SPARE_API_KEY=KEY)
    assert found == {"model spare": ("ok", "other at https://models.example/v1; SPARE_API_KEY is set")}
    code, found = checks(andon, "--floor", floor, "--model", "nobody:other")
    assert (code, found) == (3, {"model nobody": ("fail", "there is no endpoint nobody")})


def test_key_from_a_file_counts_and_audit_finds_it_in_the_ledger(
    andon: Program, floor: str, tmp_path: Path
) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n", encoding="utf-8")
    environment = {"SPARE_API_KEY_FILE": str(tmp_path / "key")}
    _, found = checks(andon, "--floor", floor, **environment)
    assert found["model spare"][0] == "ok"
    asked = andon("--floor", floor, "--model", "offline", "run", f"Where is V-1, says {KEY}?")
    assert asked.code == 0, asked.err
    (violation,) = andon("--floor", floor, "audit", "--json", **environment).json["violations"]
    assert violation["invariant"] == "no_secrets"
    assert KEY not in str(violation)


@pytest.mark.parametrize(
    ("model", "tiers", "places"),
    [
        (None, {"small": "offline", "large": "openai:big"}, "big at its maker, by the tiers of floor.yaml"),
        (
            None,
            {"small": "openai:little", "large": "openai:big", "other": "spare:big"},
            "big, little at its maker and big at https://models.example/v1, by the tiers of floor.yaml",
        ),
        ("spare:big", {"small": "offline"}, "big at https://models.example/v1"),
    ],
)
def test_who_is_sent_what_agents_see_is_told(model: str | None, tiers: dict[str, str], places: str) -> None:
    settings = Settings(Path(), Path(), model=model, endpoint=Endpoint(None, "k"))
    models = Models(endpoints={"spare": SPARE}, tiers=tiers)
    assert model_line(settings, models) == f"model: {places}. What agents see is sent there."
