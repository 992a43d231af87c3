"""A ledger somebody has tampered with is not called sound."""

import sqlite3

from tests.cli.program import Program


def test_tampered_ledger_exits_1_and_names_the_invariant(andon: Program) -> None:
    andon("run", "Sound B3 from 2026-05-07 08:00")
    with sqlite3.connect(andon.data / "ledger.db") as ledger:
        ledger.execute("UPDATE balances SET value = value + 1 WHERE key = 'B1'")
    ledger.close()
    done = andon("audit", "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert done.json["violations"]
    human = andon("audit")
    assert human.code == 1
    assert done.json["violations"][0]["invariant"] in human.out
