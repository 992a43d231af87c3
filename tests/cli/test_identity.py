"""Who somebody is at the terminal is the operating system's word, unless the floor is a sample."""

import os
from pathlib import Path

import pytest

from cli.identity import operating_user, who
from protocol.errors import AndonError, NotAuthorisedError, UsageError
from protocol.floor import FloorConfig
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.cli.program import Program


def config(identity: str) -> FloorConfig:
    return FloorConfig.model_validate(
        {
            "floor": "f",
            "version": 1,
            "purpose": "p",
            "identity": identity,
            "lanes": ["l"],
            "roles": ["boss"],
            "people": [
                {"id": "ann", "name": "Ann", "roles": ["boss"], "os_user": "ann_os"},
                {"id": "ben", "name": "Ben", "roles": ["boss"]},
            ],
        }
    )


@pytest.mark.parametrize(
    ("identity", "as_person", "user", "person"),
    [
        ("os", None, "ann_os", "ann"),
        ("os", None, "somebody", "guest"),
        ("os", None, None, "guest"),
        ("os", "ann", "ann_os", "ann"),
        ("os", "guest", "ann_os", "guest"),
        ("claimed", None, "ann_os", "ann"),
        ("claimed", "ben", "ann_os", "ben"),
        ("claimed", "nobody.known", "ann_os", "nobody.known"),
    ],
)
def test_person_of_a_run(identity: str, as_person: str | None, user: str | None, person: str) -> None:
    assert who(config(identity), as_person, user) == person


@pytest.mark.parametrize(
    ("identity", "as_person", "error"),
    [
        ("os", "ben", NotAuthorisedError),
        ("os", "nobody.known", NotAuthorisedError),
        ("claimed", "Not An Id", UsageError),
    ],
)
def test_who_may_not_be_claimed(identity: str, as_person: str, error: type[AndonError]) -> None:
    with pytest.raises(error) as raised:
        who(config(identity), as_person, "ann_os")
    assert raised.value.hint


def test_environment_does_not_make_somebody_else_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    before = operating_user()
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody_else")
    assert operating_user() == before != "somebody_else"


@pytest.fixture
def strict(tmp_path: Path) -> Program:
    """The harbour with real identities: this test's user is Koen Maes."""
    floor = copy_harbour(
        tmp_path / "floor",
        Edit(CONFIG, "identity: claimed", "identity: os"),
        Edit(CONFIG, "name: Koen Maes", f"name: Koen Maes, os_user: {operating_user()}"),
    )
    return Program(tmp_path / "data", floor)


@pytest.mark.skipif(operating_user() is None, reason="this account has no name")
def test_user_of_the_system_signs_as_themselves_and_as_nobody_else(strict: Program) -> None:
    escalation = strict.ask_a_person()
    refused = strict("approve", escalation, "--as", "a.vos", "--json")
    assert (refused.code, refused.error["code"]) == (77, "not_that_person")
    recorded = strict("approve", escalation, "--json", USER="a.vos", LOGNAME="a.vos")
    assert (recorded.code, recorded.json["by"]) == (0, "k.maes")
    assert os.environ.get("ANDON_AS") is None
