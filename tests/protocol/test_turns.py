"""The stored form of a turn: what was written before stays readable."""

from protocol.turns import Reply, Turn, from_json, to_json

FAILED = Turn("crane", (Reply("hm"),), {"crate/C1": 3}, "error", "refused", 3, endpoint="small", pace="slow")


def test_turn_comes_back_as_it_was_stored() -> None:
    assert from_json(to_json(FAILED)) == FAILED


def test_rows_written_before_there_were_endpoints_are_read() -> None:
    old = {name: value for name, value in to_json(FAILED).items() if name not in ("endpoint", "pace")}
    read = from_json(old)
    assert (read.failure, read.endpoint, read.pace) == ("error", None, "")
