"""``andon replay --fork``: what would have happened if, on the plant; nothing is written, sent or left."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from graph.recording_file import _checksum
from tests.architecture.sources import ROOT
from tests.cli.program import Done, Program
from tests.postgres import some_database

ALLOCATE, MOVE = "Allocate 400 CX to O-201", "Move R-702 to Wednesday 07:00"
NONE_LEFT = ("--fork", "--set", "stock/CX.on_hand=0")


@pytest.fixture
def plant(tmp_path: Path) -> Program:
    """The plant, on a fresh data directory."""
    return Program(tmp_path / "data", ROOT)


def told(andon: Program, line: str, person: str) -> str:
    """The case of a line that somebody said."""
    return str(andon("run", line, "--as", person, "--json").json["case"])


def forked(andon: Program, case: str, *words: str) -> dict[str, Any]:
    """What a fork answers."""
    done = andon("replay", case, "--fork", *words, "--json")
    assert done.code == 0, done.err
    shape: dict[str, Any] = done.json
    return shape


def files(place: Path) -> dict[str, str]:
    """Every file below a directory, by the hash of its bytes."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in place.rglob("*")
        if path.is_file()
    }


def test_case_without_its_stock_ends_otherwise_and_nothing_is_written(plant: Program, tmp_path: Path) -> None:
    case, before = told(plant, ALLOCATE, "k.amari"), files(tmp_path)
    shape = forked(plant, case, "--set", "stock/CX.on_hand=0")
    fork = shape["fork"]
    assert (shape["identical"], shape["schema"], shape["status"]) == (False, "andon/replay/v1", "refused")
    assert (shape["difference"]["what"], shape["difference"]["pass"]) == ("verdict", 1)
    assert fork["set"] == [{"resource": "stock/CX", "field": "on_hand", "was": 500, "value": 0}]
    assert (fork["recorded"]["status"], fork["forked"]["status"]) == ("done", "refused")
    assert fork["forked"]["code"] == "stock_adds_up"
    assert [e["changed"].get("allocated") for e in fork["recorded"]["effects"]] == [None, "+400"]
    assert fork["forked"]["effects"] == []
    assert fork["asked_anew"] == [{"agent": "inventory", "round": 1}]
    said = plant("replay", case, *NONE_LEFT)
    assert (said.code, said.out.splitlines()[0]) == (
        0,
        f"{case} forked at its start with stock/CX.on_hand 0 (was 500): it went another way",
    )
    assert "  first: pass 1: the verdict on inventory/allocate_stock" in said.out
    assert files(tmp_path) == before


def test_case_on_postgres_is_forked_as_one_on_disk(plant: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    with some_database() as url:
        monkeypatch.setattr(Program, "environment", {**plant.environment, "ANDON_DATABASE": url})
        case = told(plant, ALLOCATE, "k.amari")
        before = plant("audit", "--json").json
        fork = forked(plant, case, "--set", "stock/CX.on_hand=0")["fork"]
        assert (fork["recorded"]["status"], fork["forked"]["status"]) == ("done", "refused")
        assert plant("replay", case).code == 0
        assert plant("audit", "--json").json == before
        assert before["ok"]
        assert before["counts"]["cases"] == 1


@pytest.mark.parametrize(
    "change", ["stock/CX.on_hand=500", "stock/CX.reorder_point=10", "machine/M9.reason=dusty"]
)
def test_field_that_decides_nothing_ends_the_case_as_recorded(plant: Program, change: str) -> None:
    case = told(plant, ALLOCATE, "k.amari")
    shape = forked(plant, case, "--set", change)
    assert (shape["identical"], shape["difference"]) == (True, None)
    assert shape["fork"]["forked"] == shape["fork"]["recorded"]
    assert "it went as recorded" in plant("replay", case, "--fork", "--set", change).out


def test_what_one_did_before_is_there_in_a_fork_of_the_next(plant: Program) -> None:
    told(plant, "Allocate 400 CX to O-202", "k.amari")
    case = told(plant, ALLOCATE, "k.amari")
    shape = forked(plant, case, "--set", "order/O-201.item=COUPLINGS")
    assert (shape["fork"]["recorded"]["status"], shape["fork"]["recorded"]["effects"]) == ("refused", [])
    assert shape["fork"]["forked"]["code"] == shape["fork"]["recorded"]["code"]
    freed = forked(plant, case, "--set", "stock/CX.allocated=0")
    assert freed["fork"]["set"][0]["was"] == 400


def approved(plant: Program) -> str:
    """A case that one person asked for and another signed."""
    shape = plant("run", MOVE, "--as", "m.ito", "--json").json
    plant("approve", shape["waiting"][0]["id"], "--as", "l.brandt", "--reason", "fine")
    return str(shape["case"])


def test_fork_in_the_middle_keeps_what_was_decided_before(plant: Program) -> None:
    case = approved(plant)
    shape = forked(plant, case, "--until", "1", "--set", "machine/M7.state=Down")
    assert (shape["until"], shape["fork"]["after"], shape["difference"]["pass"]) == (1, 1, 2)
    verdicts = [(v["verdict"], v["code"]) for v in shape["fork"]["forked"]["verdicts"]]
    assert verdicts == [("escalated", "run_approved"), ("refused", "machine_down")]
    assert shape["fork"]["forked"]["decisions"] == shape["fork"]["recorded"]["decisions"] != []


def test_decision_on_what_nobody_asked_is_not_taken_and_said(plant: Program) -> None:
    case = approved(plant)
    shape = forked(plant, case, "--set", "run/R-702.approval=null")
    assert [v["verdict"] for v in shape["fork"]["forked"]["verdicts"]] == ["committed"]
    assert (shape["fork"]["forked"]["escalations"], shape["fork"]["forked"]["decisions"]) == ([], [])
    assert shape["notes"] == ["what l.brandt decided (approve) was not asked, so nobody decided it"]


def test_same_signature_counts_where_the_same_is_asked(plant: Program) -> None:
    case = approved(plant)
    shape = forked(plant, case, "--set", "run/R-702.quantity=1")
    assert (shape["identical"], shape["fork"]["forked"]["decisions"][0]["person"]) == (True, "l.brandt")


def test_question_that_nobody_answered_leaves_the_fork_waiting(plant: Program) -> None:
    case = told(plant, "Move R-321 to Wednesday 08:00", "l.brandt")
    shape = forked(plant, case, "--set", "run/R-321.approval=APR-9")
    assert (shape["fork"]["recorded"]["status"], shape["fork"]["forked"]["status"]) == ("done", "waiting")
    assert [e["state"] for e in shape["fork"]["forked"]["escalations"]] == ["pending"]
    assert plant("inbox", "--json").json["items"] == []


def test_model_alone_is_asked_in_every_turn(plant: Program) -> None:
    case = told(plant, ALLOCATE, "k.amari")
    shape = forked(plant, case, "--model", "offline")
    assert (shape["identical"], shape["fork"]["asked_anew"]) == (True, [{"agent": "inventory", "round": 1}])


@pytest.mark.parametrize(
    ("change", "code", "sentence"),
    [
        ("stock/CX.on_hand", 2, "it is not TYPE/KEY.FIELD=VALUE"),
        ("stok/CX.on_hand=1", 2, "this floor has no resource type stok"),
        ("stock/CX.in_hand=1", 2, "stock has no field in_hand; it has allocated, name, on_hand"),
        ("stock/CX.on_hand=many", 2, "on_hand must be a whole number"),
        ("stock/CX.on_hand=1.5", 2, "on_hand must be a whole number"),
        ("stock/CX.on_hand=-1", 2, "on_hand must be at least 0"),
        ("stock/CX.on_hand=9007199254740993", 2, "on_hand must be a whole number"),
        ("stock/CX.reorder_point=-1", 2, "reorder_point must be at least 0"),
        ("order/O-201.priority=9", 2, "priority must be at most 5"),
        ("order/O-201.due=Tuesday", 2, "due must be a UTC instant like 2026-03-02T09:00:00Z"),
        ("machine/M7.state=Gone", 2, "state must be one of"),
        ("stock/NOPE.on_hand=1", 4, "There is no stock/NOPE in the ledger as it was then"),
    ],
    ids=[
        "no form",
        "type",
        "field",
        "text",
        "fraction",
        "negative",
        "too large",
        "bound",
        "range",
        "instant",
        "choice",
        "key",
    ],
)
def test_wrong_supposition_is_one_sentence(plant: Program, change: str, code: int, sentence: str) -> None:
    case = told(plant, ALLOCATE, "k.amari")
    done = plant("replay", case, "--fork", "--set", change)
    assert (done.code, done.out, sentence in done.err) == (code, "", True), done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "stock/CX.on_hand=0"), "--set goes with --fork"),
        (("--fork",), "--fork needs a --set or a --model"),
        ((*NONE_LEFT, "--export", "x.json"), "--fork and --export do not go together"),
        ((*NONE_LEFT, "--model", "recorded"), "A fork asks somebody where nothing is recorded"),
        ((*NONE_LEFT, "--until", "7"), "--until 7: the case has 1 pass"),
        ((*NONE_LEFT, "--set", "stock/CX.on_hand=1"), "stock/CX.on_hand is set twice"),
    ],
    ids=["no fork", "no change", "export", "recorded", "no such pass", "twice"],
)
def test_options_that_do_not_go_together_are_usage(
    plant: Program, words: tuple[str, ...], sentence: str
) -> None:
    done = plant("replay", told(plant, ALLOCATE, "k.amari"), *words)
    assert (done.code, sentence in done.err) == (2, True), done.err


def exported(plant: Program, case: str, file: Path) -> Path:
    """A recording as a file."""
    assert plant("replay", case, "--export", str(file)).code == 0
    return file


def test_imported_recording_forks_as_it_does_at_home(plant: Program, tmp_path: Path) -> None:
    case = approved(plant)
    file, there = exported(plant, case, tmp_path / "case.json"), Program(tmp_path / "elsewhere", ROOT)

    def fork(change: str) -> Done:
        return there("replay", "--import", str(file), "--fork", "--set", change, "--json")

    for change in ("machine/M7.state=Down", "run/R-702.approval=null", "run/R-702.quantity=1"):
        assert fork(change).json == forked(plant, case, "--set", change)
    assert fork("stock/NOPE.on_hand=1").error["code"] == "unknown_record"
    assert not (tmp_path / "elsewhere").exists()


def test_statement_that_no_recorder_writes_is_not_done(plant: Program, tmp_path: Path) -> None:
    file = exported(plant, told(plant, ALLOCATE, "k.amari"), tmp_path / "case.json")
    body = json.loads(file.read_text("utf-8"))
    del body["checksum"]
    first = body["parts"][0]["items"][1]["asked"]
    first.insert(0, [f"ATTACH DATABASE '{tmp_path}/made.db' AS made", [], 0])
    file.write_text(json.dumps({**body, "checksum": _checksum(body)}), "utf-8")
    plant("replay", "--import", str(file), *NONE_LEFT)
    assert not (tmp_path / "made.db").exists()
