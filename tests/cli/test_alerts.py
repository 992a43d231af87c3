"""Alerts as people meet them: in the inbox, among the cases, in a chat, and from the doctor."""

import asyncio

import pytest

from graph.app import open_app
from graph.settings import Settings
from tests.cli.program import Program
from tests.cli.test_deciding import wait
from tests.graph.test_watching import STORM, recorded

LINE = f"alert: events in the last minute: {STORM} (limit 1200)"


def storm(program: Program) -> None:
    """Many events at once, and a sweep."""

    async def raging() -> None:
        async with open_app(Settings(floor_dir=program.floor, data_dir=program.data)) as app:
            await app.ledger.write(recorded(STORM))
            await app.sweep()

    asyncio.run(raging())


@pytest.mark.parametrize("verb", ["inbox", "cases"])
def test_what_is_out_of_the_ordinary_is_said_first(andon: Program, verb: str) -> None:
    assert andon(verb, "--json").json["alerts"] == []
    storm(andon)
    first, *rest = andon(verb).out.splitlines()
    assert (first, len(rest)) == (LINE, 1)
    (alert,) = andon(verb, "--json").json["alerts"]
    assert alert == {
        "name": "event_storm",
        "figure": f"events in the last minute: {STORM}",
        "limit": "1200",
        "raised_at": "2026-05-04T04:00:00Z",
    }


def test_alert_is_gone_when_all_is_calm_again(andon: Program) -> None:
    storm(andon)
    wait(andon, 61)
    assert andon("inbox").out == "Nothing waits for a person.\n"


def test_doctor_warns_and_says_what_to_do(andon: Program) -> None:
    calm = next(c for c in andon("doctor", "--json").json["checks"] if c["name"] == "watch")
    assert (calm["status"], calm["detail"]) == ("ok", "nothing out of the ordinary")
    storm(andon)
    done = andon("doctor", "--json")
    found = next(c for c in done.json["checks"] if c["name"] == "watch")
    assert (done.code, found["status"], found["detail"]) == (0, "warn", LINE)
    assert "andon pull floor" in found["hint"]


def test_doctor_looks_at_no_ledger_that_cannot_be_read(andon: Program) -> None:
    andon.data.mkdir()
    (andon.data / "ledger.db").write_bytes(b"no ledger at all, and longer than a header of one" * 100)
    found = {c["name"]: c["status"] for c in andon("doctor", "--json").json["checks"]}
    assert (found["ledger"], found["watch"]) == ("fail", "ok")


def test_chat_tells_what_stands_once(andon: Program) -> None:
    storm(andon)
    done = andon("chat", typed="Where is V-1?\nWhere is V-2?\n/cases\n")
    assert done.err.count(LINE) == 1
    assert f"no longer: events in the last minute: {STORM}" in done.err


def test_chat_tells_of_a_pull_that_stands_and_that_it_is_released(andon: Program) -> None:
    andon("pull", "quay", "--reason", "fog", "--as", "a.vos")
    done = andon("chat", "--as", "a.vos", typed="Where is V-1?\nWhere is V-2?\n/release quay it cleared\n")
    assert done.err.count("quay is pulled by a.vos") == 1
    assert done.out.count("quay is released") == 1
