"""The breaker board from the command line: what is open, what that means, who trips and resets (R6)."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from cli.engine_events import TELLERS
from protocol.breaker import Breaker, BreakerState, Probe
from protocol.rows import EventRow
from tests.cli.program import Program
from tests.graph.harbour_app import SOUND, opened

MASTER = "a.vos"
PAIR = "fairway/berthing"
NOW = 1_795_000_000.5
BREAKER = {
    "name",
    "kind",
    "caller",
    "callee",
    "state",
    "since",
    "failures",
    "window",
    "cause",
    "tripped_by",
    "next_probe_at",
    "degraded",
}
OPEN = Breaker(PAIR, BreakerState.OPEN, 3, "00111", NOW, NOW, cause="timeout")


def stored(data: Path, *rows: Breaker) -> None:
    """A ledger with these breakers."""

    async def store() -> None:
        async with opened(data) as app:
            for row in rows:
                await app.ledger.write(lambda tx, row=row: tx.save_breaker(row, 0))  # type: ignore[misc]

    asyncio.run(store())


def test_board_lists_pairs_that_were_never_called_without_making_a_ledger(andon: Program) -> None:
    done = andon("breakers", "--json")
    assert (done.code, done.json["schema"]) == (0, "andon/breakers/v1")
    (row,) = done.json["breakers"]
    assert set(row) == BREAKER
    assert (row["name"], row["state"], row["degraded"]) == (PAIR, "closed", None)
    assert not andon.data.exists()


def test_board_tells_what_is_open_since_when_and_until_when(andon: Program) -> None:
    half = Breaker(
        "model:small", BreakerState.HALF_OPEN, 4, "1111", NOW + 30, NOW, Probe("c", NOW + 50), "error"
    )
    stored(andon.data, OPEN, half)
    pair, model = andon("breakers", "--json").json["breakers"]
    assert pair == {
        "name": PAIR,
        "kind": "pair",
        "caller": "fairway",
        "callee": "berthing",
        "state": "open",
        "since": "2026-11-18T11:06:40Z",
        "failures": 3,
        "window": {"calls": 5, "bad": 3},
        "cause": "timeout",
        "tripped_by": None,
        "next_probe_at": "2026-11-18T11:07:10Z",
        "degraded": {"when_open": "escalate", "max_age_s": None},
    }
    assert (model["kind"], model["caller"], model["state"]) == ("model", None, "half_open")
    assert (model["next_probe_at"], model["degraded"]["when_open"]) == ("2026-11-18T11:07:30Z", "fail")
    words = andon("breakers").out.splitlines()
    assert words[0].split("  ")[0] == "NAME"
    assert "3 in a row, 3 of 5 bad" in words[1] and "a person is asked" in words[1]
    assert "half open" in words[2] and "turns fail at once" in words[2]


def test_what_a_person_trips_stays_open_and_is_met_by_cases(andon: Program) -> None:
    done = andon("breakers", "trip", PAIR, "--reason", "it is repaired", "--as", MASTER, "--json")
    assert (done.code, done.json["schema"], done.json["changed"]) == (0, "andon/breaker/v1", True)
    row = done.json["breaker"]
    assert (row["state"], row["tripped_by"], row["cause"]) == ("open", MASTER, "it is repaired")
    assert (row["next_probe_at"], row["failures"]) == (None, 0)
    assert (
        abs(time.time() - time.mktime(time.strptime(row["since"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 60
    )
    waits = andon("run", SOUND, "--json")
    assert waits.code == 75
    assert "its breaker is open (it is repaired)" in waits.json["verdicts"][0]["reason"]
    told = andon("trace", waits.json["case"]).out
    assert f"the breaker {PAIR} is open by {MASTER} (it is repaired)" in told
    assert "reset by a person (a.vos)" in andon("breakers").out


def test_reset_lets_calls_through_again(andon: Program) -> None:
    stored(andon.data, OPEN)
    done = andon("breakers", "reset", PAIR, "--reason", "it is back", "--as", MASTER)
    assert (done.code, done.out) == (0, f"{PAIR} is closed.\n")
    assert andon("run", SOUND).code == 0


def test_reset_of_what_is_closed_changes_nothing_and_says_so(andon: Program) -> None:
    done = andon("breakers", "reset", PAIR, "--reason", "so", "--as", MASTER)
    assert (done.code, done.out) == (0, f"{PAIR} is closed; there was nothing to reset.\n")
    assert andon("audit", "--json").json["counts"]["events"] == 0


def test_both_are_events_and_in_the_audit_log(andon: Program) -> None:
    andon("breakers", "trip", PAIR, "--reason", "off", "--as", MASTER)
    andon("breakers", "reset", PAIR, "--reason", "on", "--as", "k.maes")

    async def read() -> tuple[list[Any], list[Any]]:
        async with opened(andon.data) as app:
            events = await app.ledger.read(lambda tx: tx.events())
            audit = await app.ledger.read(lambda tx: list(tx.rows("SELECT body FROM audit")))  # type: ignore[attr-defined]
            told = [e for e in events if e.type.startswith("breaker.")]
            return [(e.type, e.subject, e.data["by"], e.data["cause"]) for e in told], audit

    events, audit = asyncio.run(read())
    assert events == [
        ("breaker.opened", PAIR, MASTER, "off"),
        ("breaker.closed", PAIR, "k.maes", "on"),
    ]
    assert sum('"what":"breaker.opened"' in body for (body,) in audit) == 1
    assert sum('"what":"breaker.closed"' in body for (body,) in audit) == 1
    assert andon("audit").code == 0


@pytest.mark.parametrize("change", ["trip", "reset"])
def test_guest_may_change_nothing_and_the_attempt_is_kept(andon: Program, change: str) -> None:
    done = andon("breakers", change, PAIR, "--reason", "so", "--json")
    assert (done.code, done.error["code"]) == (77, "not_authorised")
    assert "--as PERSON" in done.error["hint"]
    assert andon("audit", "--json").json["counts"]["audit_entries"] == 3, "seed, registry, attempt"
    assert andon("breakers", "--json").json["breakers"][0]["state"] == "closed"


@pytest.mark.parametrize("name", ["berthing", "fairway/pilot", "fairway/fairway", "model:huge", "x/../y"])
def test_unknown_breaker_is_not_found_and_makes_no_ledger(andon: Program, name: str) -> None:
    done = andon("breakers", "trip", name, "--reason", "so", "--as", MASTER, "--json")
    assert (done.code, done.error["code"]) == (4, "unknown_breaker")
    assert not andon.data.exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["trip"], "usage"),
        (["trip", PAIR], "reason_missing"),
        (["trip", PAIR, "--reason", " "], "reason_missing"),
        (["open", PAIR, "--reason", "so"], "usage"),
        (["--reason", "so"], "usage"),
    ],
)
def test_what_is_not_said_whole_is_usage(andon: Program, words: list[str], code: str) -> None:
    done = andon("breakers", *words, "--as", MASTER, "--json")
    assert (done.code, done.error["code"]) == (2, code)
    assert not andon.data.exists()


@pytest.mark.parametrize(
    ("kind", "subject", "data", "text"),
    [
        (
            "breaker.opened",
            PAIR,
            {"breaker": PAIR, "cause": "timeout", "failures": 3},
            f"the breaker {PAIR} opened (timeout)",
        ),
        (
            "breaker.half_open",
            PAIR,
            {"breaker": PAIR, "cause": "cooled", "failures": 3},
            f"the breaker {PAIR} lets one call through to see (cooled)",
        ),
        (
            "breaker.closed",
            PAIR,
            {"breaker": PAIR, "cause": "good", "failures": 3},
            f"the breaker {PAIR} closed (good)",
        ),
        (
            "answer.degraded",
            "berthing.find_gap",
            {"exchange": "x1", "mode": "cached", "age_s": 90, "cause": "timeout"},
            "x1: fairway is told the cached answer, 1 min old in place of berthing.find_gap",
        ),
        (
            "answer.degraded",
            "berthing.find_gap",
            {"exchange": "x1", "mode": "default", "age_s": None, "cause": "timeout"},
            "x1: fairway is told the default answer in place of berthing.find_gap",
        ),
        (
            "rate.limited",
            "fairway",
            {"per_minute": 6, "wait_ms": 1500, "taken": True},
            "fairway waits 1.5 s: it may take 6 turns a minute",
        ),
        (
            "rate.limited",
            "fairway",
            {"per_minute": 6, "wait_ms": 59_000, "taken": False},
            "fairway takes no turn: it may take 6 turns a minute",
        ),
    ],
)
def test_trace_tells_it_in_words(kind: str, subject: str, data: dict[str, Any], text: str) -> None:
    at = "2026-05-04T04:00:00Z"
    event = EventRow("evt_1", kind, "supervisor", "evt_1", at, at, subject, data, agent="fairway")
    assert TELLERS[kind](event, "UTC")[0] == text


def test_doctor_has_a_line_on_breakers(andon: Program) -> None:
    def line() -> dict[str, Any]:
        return next(c for c in andon("doctor", "--json").json["checks"] if c["name"] == "breakers")

    assert line()["status"] == "ok"
    stored(andon.data, OPEN, Breaker("model:small", failures=2, window="11"))
    assert (line()["status"], line()["detail"]) == ("warn", f"open: {PAIR} (timeout)")
    assert "andon breakers" in line()["hint"]
