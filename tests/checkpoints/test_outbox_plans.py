"""What is looked for every second is found by an index, in which what was sent is not walked."""

import sqlite3

import pytest

from checkpoints.named_sql import migration_files, named_queries, statements

LOOKED_FOR = {
    "next_due": "deliveries_due",
    "due": "deliveries_due",
    "first_open": "deliveries_open",
    "count": "deliveries_open",
    "dead": "deliveries_open",
    "dead_of": "deliveries_open",
}


@pytest.mark.parametrize(("query", "index"), LOOKED_FOR.items())
def test_query_walks_the_index_of_what_is_open(query: str, index: str) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for file in migration_files():
        for statement in statements(file.read_text("utf-8")):
            connection.execute(statement)
    sql = named_queries("outbox")[query]
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))]
    connection.close()
    steps = [step for step in plan if "deliveries" in step or step.split()[1] == "d"]
    rest = [step for step in steps if index not in step]
    assert steps != rest
    assert [step for step in rest if "(receiver=? AND event_seq=?)" not in step] == []
    assert [step for step in steps if "deliveries_open" in step and "state=?" not in step] == []
