"""The stored form of a turn: what was written before stays readable."""

import pytest

from protocol.turns import Reply, Turn, from_json, question_of, to_json

FAILED = Turn("crane", (Reply("hm"),), {"crate/C1": 3}, "error", "refused", 3, endpoint="small", pace="slow")


def test_turn_comes_back_as_it_was_stored() -> None:
    assert from_json(to_json(FAILED)) == FAILED


def test_rows_written_before_there_were_endpoints_are_read() -> None:
    old = {name: value for name, value in to_json(FAILED).items() if name not in ("endpoint", "pace")}
    read = from_json(old)
    assert (read.failure, read.endpoint, read.pace) == ("error", None, "")


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("Move V-1 to B2", "Move V-1 to B2"),
        ("Where is V-1?", "Where is V-1?"),
        ("It rains.\nWhere is V-1?\nSound B3. Is it deep?", "It rains.\nWhere is V-1?"),
        ("What says http://yard/?ship=V-1 of it? Nothing", "What says http://yard/?ship=V-1 of it?"),
        ("", ""),
        ("?", "?"),
    ],
)
def test_question_of_a_line_ends_with_its_first_question_mark(line: str, question: str) -> None:
    assert question_of(line) == question
