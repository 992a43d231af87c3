"""Errors: whose fault, what to do, one code and one exit code each."""

import ast
import inspect
import re
from pathlib import Path

import pytest

from protocol import errors
from protocol.errors import (
    AlreadyDecidedError,
    AndonError,
    DeadlineError,
    DecisionRefusedError,
    DependencyDownError,
    InvalidFloorError,
    NotAuthorisedError,
    NotFoundError,
    Problem,
    UsageError,
)

EXITS: dict[type[AndonError], int] = {
    UsageError: 2,
    InvalidFloorError: 3,
    NotFoundError: 4,
    DependencyDownError: 69,
    DecisionRefusedError: 1,
    DeadlineError: 76,
    NotAuthorisedError: 77,
    AlreadyDecidedError: 78,
}


@pytest.mark.parametrize(("kind", "code"), EXITS.items())
def test_error_ends_the_program_with_the_designs_code(kind: type[AndonError], code: int) -> None:
    assert kind("x").exit_code == code


def test_error_nobody_named_is_internal() -> None:
    assert (AndonError("x").exit_code, AndonError("x").error_code) == (5, "internal")


def test_every_kind_of_error_stands_in_the_tree_with_its_exit_code() -> None:
    tree = re.findall(r"[├└]── (\w+) .* exit (\d+)", inspect.getdoc(errors) or "")
    assert {name: int(code) for name, code in tree} == {kind.__name__: code for kind, code in EXITS.items()}
    assert set(AndonError.__subclasses__()) == set(EXITS)


def test_every_kind_has_a_code_of_its_own() -> None:
    codes = [AndonError.code, *(kind.code for kind in EXITS)]
    assert len(set(codes)) == len(codes)


def test_error_prints_code_message_and_hint() -> None:
    error = UsageError("The text is empty.", hint="Write something.", code="empty_text")
    assert error.to_json() == {
        "error": {"code": "empty_text", "message": "The text is empty.", "hint": "Write something."}
    }
    assert str(error) == "The text is empty."


def test_code_of_one_error_is_not_left_behind_on_its_kind() -> None:
    UsageError("x", code="empty_text")
    assert UsageError("x").error_code == "usage"


def test_details_are_printed_where_there_are_any() -> None:
    given = {"by": "m.ito"}
    error = AlreadyDecidedError("x", details=given)
    given["by"] = "somebody else"
    assert error.to_json()["error"]["details"] == {"by": "m.ito"}
    assert "details" not in AlreadyDecidedError("x").to_json()["error"]


def test_problems_of_a_floor_are_its_details() -> None:
    found = Problem("no_owner", "floor.yaml", 3, "nobody owns slot")
    error = InvalidFloorError("1 problem.", problems=[found], hint="Mend it.")
    assert error.problems == (found,)
    assert error.to_json()["error"]["details"] == {
        "problems": [{"code": "no_owner", "file": "floor.yaml", "line": 3, "message": "nobody owns slot"}]
    }
    assert "details" not in InvalidFloorError("No floor here.").to_json()["error"]


def test_rules_decide_by_values_and_raise_only_for_what_is_no_decision() -> None:
    """Nothing in ``protocol/`` raises an error that is meant for a user."""
    kinds = {"AndonError", *(kind.__name__ for kind in EXITS)}
    for path in sorted(Path(errors.__file__).parent.glob("*.py")):
        raised = [n.exc for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Raise)]
        names = {e.func.id for e in raised if isinstance(e, ast.Call) and isinstance(e.func, ast.Name)}
        assert not names & kinds, path.name
