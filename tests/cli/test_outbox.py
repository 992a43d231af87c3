"""``andon outbox``, and what leaves the floor when a command that writes has ended."""

import json
from pathlib import Path

import pytest

from tests.cli.program import SIGNER, Program
from tests.graph.receiver import KEY, OK, Receiver, serving
from tests.graph.test_delivering import floor_for

RECEIVER = {
    "name",
    "declared",
    "to",
    "events",
    "key",
    "acknowledged",
    "pending",
    "dead",
    "unread",
    "next_at",
    "stopped",
}
DEAD = {"receiver", "event", "type", "sequence", "aggregate", "attempts", "error", "recorded"}
ASK = ("run", "Where is V-1?")


def on(andon: Program, tmp_path: Path, erp: Receiver, events: str = "case.*") -> Program:
    """The harbour with a receiver."""
    return Program(andon.data, floor_for(tmp_path / "floor", erp.url, events))


def test_command_that_writes_sends_what_it_brought_about(andon: Program, tmp_path: Path) -> None:
    with serving() as erp:
        harbour = on(andon, tmp_path, erp)
        done = harbour(*ASK, ERP_KEY=KEY)
        assert [e["type"] for e in erp.events] == ["case.opened", "case.ended"]
        assert KEY not in done.out + done.err
        answer = harbour("outbox", "--json", ERP_KEY=KEY).json
    assert answer["schema"] == "andon/outbox/v1"
    (row,) = answer["receivers"]
    assert set(row) == RECEIVER
    assert (row["acknowledged"], row["pending"], row["dead"], row["unread"]) == (2, 0, 0, 0)
    assert (row["key"], row["to"], row["stopped"], row["next_at"]) == (True, erp.url, None, None)


def test_key_may_come_from_a_file(andon: Program, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n", "utf-8")
    with serving() as erp:
        harbour = on(andon, tmp_path, erp)
        harbour(*ASK, ERP_KEY_FILE=str(tmp_path / "nowhere"))
        assert erp.requests == []
        harbour("resume", ERP_KEY_FILE=str(tmp_path / "key"))
        assert len(erp.events) == 2


def test_given_up_is_shown_and_decided(andon: Program, tmp_path: Path) -> None:
    with serving(400, 400, OK) as erp:
        harbour = on(andon, tmp_path, erp)
        harbour(*ASK, ERP_KEY=KEY)
        answer = harbour("outbox", "--json", ERP_KEY=KEY).json
        (dead,) = answer["dead"]
        assert set(dead) == DEAD
        assert (dead["type"], dead["error"], dead["attempts"]) == ("case.opened", "answered 400", 1)
        shown = harbour("outbox", ERP_KEY=KEY)
        assert "held by what was given up" in shown.out and dead["event"] in shown.out
        found = {c["name"]: c for c in harbour("doctor", "--json", ERP_KEY=KEY).json["checks"]}
        assert found["receiver erp"]["status"] == "warn"
        assert found["watch"]["status"] == "warn"
        assert found["watch"]["hint"].startswith("andon outbox shows")
        asked = harbour("outbox", "retry", dead["event"], "--as", "guest", "--json", ERP_KEY=KEY)
        assert (asked.code, asked.error["code"]) == (77, "not_authorised")
        again = harbour("outbox", "retry", dead["event"], "--as", SIGNER, "--json", ERP_KEY=KEY)
        assert (again.code, again.json) == (
            0,
            {"schema": "andon/outbox-move/v1", "move": "retry", "moved": 1},
        )
        skipped = harbour(
            "outbox", "skip", dead["event"], "--reason", "by phone", "--as", SIGNER, ERP_KEY=KEY
        )
        assert skipped.out == "1 delivery skipped.\n"
        assert [e["type"] for e in erp.events] == ["case.ended"]
        assert "all closed" in harbour("doctor").out


def test_what_was_lost_is_sent_again(andon: Program, tmp_path: Path) -> None:
    with serving() as erp:
        harbour = on(andon, tmp_path, erp)
        harbour(*ASK, ERP_KEY=KEY)
        words = ("outbox", "resend", "--from", "1", "--to", "erp", "--as", SIGNER)
        assert harbour(*words, ERP_KEY=KEY).out == "2 deliveries will be sent again.\n"
        assert erp.ids == [*erp.ids[:2], *erp.ids[:2]]
        assert len(erp.events) == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("retry",), 2, "usage"),
        (("retry", "evt_x", "--all"), 2, "usage"),
        (("skip",), 2, "usage"),
        (("skip", "evt_x"), 2, "reason_missing"),
        (("resend", "--to", "erp"), 2, "usage"),
        (("resend", "--from", "1"), 2, "usage"),
        (("skip", "evt_x", "--reason", "so"), 4, "unknown_id"),
        (("resend", "--from", "1", "--to", "crm"), 4, "unknown_receiver"),
        (("retry", "--all", "--to", "crm"), 4, "unknown_receiver"),
    ],
)
def test_what_cannot_be_meant_is_said(andon: Program, words: tuple[str, ...], code: int, said: str) -> None:
    done = andon("outbox", *words, "--as", SIGNER, "--json")
    assert (done.code, done.error["code"]) == (code, said)


def test_floor_without_receivers_says_that_it_sends_nothing(andon: Program) -> None:
    done = andon("outbox")
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "This floor sends its events to nobody; docs/how-to/deliver.md says how to.",
    )
    assert andon("outbox", "--json").json == {"schema": "andon/outbox/v1", "receivers": [], "dead": []}
    assert not andon.data.exists()


def test_receiver_that_left_the_floor_is_shown_while_something_of_it_is_open(
    andon: Program, tmp_path: Path
) -> None:
    with serving(400) as erp:
        on(andon, tmp_path, erp)(*ASK, ERP_KEY=KEY)
        (row,) = andon("outbox", "--json").json["receivers"]
        assert (row["declared"], row["to"], row["dead"]) == (False, None, 1)
        assert "not in floor.yaml any more" in andon("outbox").out


@pytest.mark.parametrize("verb", ["worker", "chat"])
def test_worker_and_chat_send_too(andon: Program, tmp_path: Path, verb: str) -> None:
    with serving() as erp:
        harbour = on(andon, tmp_path, erp)
        assert harbour("run", "Where is V-1?", "--enqueue").code == 0
        assert erp.requests == []
        if verb == "worker":
            harbour("worker", "--once", ERP_KEY=KEY)
        else:
            harbour("chat", typed=json.dumps("Where is V-1?") + "\n", ERP_KEY=KEY)
        assert {"case.opened", "case.ended"} <= {e["type"] for e in erp.events}
