"""Where options come from, and which of them wins."""

from pathlib import Path
from typing import Any

import pytest

from cli.options import resolve
from protocol.errors import InvalidFloorError
from tests.agents.floor_copies import HARBOUR
from tests.architecture.sources import ROOT
from tests.cli.program import Program

ENVIRONMENT = {"ANDON_FLOOR": "env-floor", "ANDON_DATA": "env-data", "ANDON_AS": "env.person"}


def test_environment_beats_the_defaults(tmp_path: Path) -> None:
    common = resolve({}, ENVIRONMENT, tmp_path)
    assert (common.floor, common.data, common.as_person) == (
        Path("env-floor"),
        Path("env-data"),
        "env.person",
    )


def test_flags_beat_the_environment(tmp_path: Path) -> None:
    given = {"floor": "f", "data": "d", "as_person": "p"}
    common = resolve(given, ENVIRONMENT, tmp_path)
    assert (common.floor, common.data, common.as_person) == (Path("f"), Path("d"), "p")


def test_floor_is_here_when_here_is_one_else_the_plant(tmp_path: Path) -> None:
    assert resolve({}, {}, HARBOUR).floor == HARBOUR
    assert resolve({}, {}, tmp_path).floor == ROOT


def test_data_lies_in_the_floor_unless_it_is_named() -> None:
    assert resolve({}, {}, HARBOUR).data == HARBOUR / ".andon"


def test_empty_variable_is_no_value(tmp_path: Path) -> None:
    assert resolve({}, {"ANDON_AS": "", "ANDON_FLOOR": ""}, tmp_path) == resolve({}, {}, tmp_path)


@pytest.mark.parametrize(
    ("environment", "color"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour_is_off_where_it_is_not_wanted(environment: dict[str, str], color: bool) -> None:
    assert resolve({}, environment, HARBOUR).color is color


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        ({"topology": "central"}, {}),
    ],
)
def test_what_comes_later_is_refused_not_ignored(given: dict[str, Any], environment: dict[str, str]) -> None:
    with pytest.raises(InvalidFloorError) as raised:
        resolve(given, environment, HARBOUR)
    assert (raised.value.exit_code, raised.value.error_code) == (3, "bad_settings")
    assert raised.value.hint


@pytest.mark.parametrize("url", ["x", "mysql://host/db", "postgresql://["])
def test_a_database_that_is_none_is_refused(andon: Program, url: str) -> None:
    done = andon("--database", url, "--json", "cases")
    assert (done.code, done.error["code"]) == (3, "bad_database")


def test_a_server_that_is_away_is_told_without_the_password(andon: Program) -> None:
    done = andon("cases", "--json", ANDON_DATABASE="postgresql://u:hidden@127.0.0.1:1/x")
    assert (done.code, done.error["code"]) == (69, "ledger_down")
    assert "127.0.0.1" in done.error["message"]
    assert "hidden" not in done.err


def test_the_values_there_are_may_be_named(tmp_path: Path) -> None:
    given = {"model": "offline", "topology": "hybrid"}
    assert resolve(given, {}, HARBOUR) == resolve({"model": "offline"}, {}, HARBOUR)


@pytest.mark.parametrize("words", [("--json", "inbox"), ("inbox", "--json")])
def test_common_options_stand_before_or_after_the_verb(andon: Program, words: tuple[str, ...]) -> None:
    empty: dict[str, Any] = {"schema": "andon/inbox/v1", "items": [], "next": None, "pulls": [], "alerts": []}
    assert andon(*words).json == empty


def test_option_after_the_verb_wins_over_the_one_before(andon: Program, tmp_path: Path) -> None:
    andon("run", "Where is V-1?")
    elsewhere = str(tmp_path / "elsewhere")
    assert andon("--data", elsewhere, "cases", "--json").json["items"] == []
    again = andon("--data", elsewhere, "cases", "--data", str(andon.data), "--json").json
    assert len(again["items"]) == 1
