"""Events leave for receivers outside: once taken up, signed, in order, again after a failure, and told of."""

import json
import logging
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from graph.delivering import deliver_due
from graph.outbox import WantedMove, board, check_move, record_move
from graph.webhook import Letter
from protocol.delivery import Answer
from protocol.errors import AndonError, NotAuthorisedError, NotFoundError, UsageError
from protocol.ports import Tx
from protocol.rows import EventRow
from tests.agents.floor_copies import CONFIG, Edit, copy_harbour
from tests.graph.harbour_app import WHERE, opened, violations
from tests.graph.receiver import CUT, DRIP, DROP, HANG, HUGE, KEY, OK, SELF_SIGNED, serving

BY = "a.vos"


def floor_for(
    to: Path, url: str, events: str = "'*'", timeout_s: int = 2, attempts: int = 3, more: str = ""
) -> Path:
    """The harbour with a receiver."""
    receiver = f"name: erp, url: '{url}', secret_env: ERP_KEY, events: [{events}], history: true"
    bounds = f"timeout_s: {timeout_s}, attempts: {attempts}"
    said = f"rules: [enough_water]\ndeliver:\n  - {{{receiver}, {bounds}}}\n{more}"
    return copy_harbour(to, Edit(CONFIG, "rules: [enough_water]\n", said))


@dataclass
class Hand:
    """Wall seconds that a test moves."""

    now_s: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def sending(
    tmp_path: Path, url: str, hand: Hand, key: str | None = KEY, **floor: Any
) -> AsyncIterator[App]:
    """The harbour whose events go to a receiver."""
    place = tmp_path / "floor"
    if not place.exists():
        floor_for(place, url, **floor)
    secret = {"ERP_KEY": key}.get
    async with opened(tmp_path / "data", place, shared=hand, secret=secret) as app:
        yield app


async def publish(app: App, subjects: Iterable[str], start: int = 1) -> None:
    """Events x1, x2 … about these."""

    def job(tx: Tx) -> None:
        for n, subject in enumerate(subjects, start):
            row = EventRow(f"evt_{n}", "ship.announced", "radio", f"{n}", tx.now, tx.now, subject, {"n": n})
            tx.put_event(row)
        tx.audit({"what": "test"})

    await app.ledger.write(job)


async def states(app: App) -> list[tuple[str, str | None, int]]:
    """(state, error, attempts) of evt_1, evt_2 …"""

    def job(tx: Any) -> list[tuple[str, str | None, int]]:
        events = [e.id for e in tx.events(type="ship.announced")]
        rows = [tx.outbox.deliveries(e)[0] for e in events]
        return [(str(row.state), row.error, row.attempts) for row in rows]

    return await app.ledger.read(job)


async def test_event_arrives_signed_once_and_what_the_page_says_takes_it(tmp_path: Path) -> None:
    hand = Hand()
    with serving() as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand) as app:
            shape = await app.ask(WHERE, person="guest")
            done = await app.deliver()
            assert (await app.deliver()).acknowledged == 0
            stored = await app.ledger.read(lambda tx: tx.events())
            assert await violations(app) == []
        assert done.acknowledged == len(stored) == len(erp.events) == len(erp.requests)
        assert erp.statuses == [OK] * len(stored)
        sequence = [e["sequence"] for e in erp.events]
        assert sorted(sequence) == [e.seq for e in stored]
        opened_case = next(e for e in erp.events if e["type"] == "case.opened")
        assert opened_case["case"] == shape["case"]
        assert erp.headers[0]["Idempotency-Key"] == erp.requests[0]["id"]
        assert erp.headers[0]["Andon-Timestamp"] == "1800000000"


@pytest.mark.parametrize("wrong", ["key", "late"])
async def test_receiver_refuses_another_key_and_an_old_copy(tmp_path: Path, wrong: str) -> None:
    hand = Hand()
    with serving() as erp:
        erp.now_s = Hand(hand.now_s + 301) if wrong == "late" else hand
        erp.key = "another" if wrong == "key" else KEY
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, "a")
            assert (await app.deliver()).failed == 1
            assert await states(app) == [("pending", "answered 401", 1)]
        assert erp.events == []


async def test_same_aggregate_waits_and_others_go_on_while_one_fails(tmp_path: Path) -> None:
    hand = Hand()
    with serving(500, OK) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, ["a"])
            await app.deliver()
            await publish(app, ["a", "b"], 2)
            await app.deliver()
            assert [e["id"] for e in erp.events] == ["evt_3"]
            hand.now_s += 2.0
            await app.deliver()
        assert [e["id"] for e in erp.events] == ["evt_3", "evt_1", "evt_2"]
        assert [e["aggregate_sequence"] for e in erp.events] == [1, 1, 2]


@pytest.mark.parametrize(
    ("behaves", "error"),
    [
        (500, "answered 500"),
        (302, "answered 302"),
        (404, "answered 404"),
        (CUT, "the answer was cut off (RemoteProtocolError)"),
        (HANG, "no answer within 1 s"),
    ],
)
async def test_what_is_no_acknowledgement_is_tried_again(
    tmp_path: Path, behaves: int | str, error: str
) -> None:
    hand = Hand()
    with serving(behaves, OK) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, timeout_s=1) as app:
            await publish(app, "a")
            assert (await app.deliver()).failed == 1
            assert await states(app) == [("pending", error, 1)]
            assert (await app.deliver()).failed == 0
            erp.released.set()
            hand.now_s += 2.0
            assert (await app.deliver()).acknowledged == 1
        assert erp.ids == ["evt_1", "evt_1"]
        assert [e["id"] for e in erp.events] == ["evt_1"]


async def test_refused_connection_is_tried_again(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    hand = Hand()
    async with sending(tmp_path, f"http://127.0.0.1:{port}/in", hand) as app:
        await publish(app, "a")
        assert (await app.deliver()).failed == 1
        assert await states(app) == [("pending", "cannot be reached", 1)]


async def test_redirect_is_not_followed(tmp_path: Path) -> None:
    hand = Hand()
    with serving() as other, serving((307, {"Location": other.url})) as erp:
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, "a")
            await app.deliver()
            assert await states(app) == [("pending", "answered 307", 1)]
        assert other.requests == []


async def test_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    hand, certificate = Hand(), tmp_path / "certificate.pem"
    certificate.write_text(SELF_SIGNED, "utf-8")
    with serving(certificate=certificate) as erp:
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, "a")
            assert (await app.deliver()).failed == 1
            assert await states(app) == [("pending", "its certificate is not trusted", 1)]
        assert erp.requests == []


async def test_receiver_without_tls_is_not_spoken_to_in_the_open(tmp_path: Path) -> None:
    hand = Hand()
    with serving() as erp:
        async with sending(tmp_path, erp.url.replace("http:", "https:"), hand) as app:
            await publish(app, "a")
            assert (await app.deliver()).failed == 1
            assert await states(app) == [("pending", "it does not speak TLS as we do", 1)]
        assert erp.requests == []


async def test_endless_answer_is_left_at_its_bound(tmp_path: Path) -> None:
    hand = Hand()
    with serving(HUGE) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, "a")
            assert (await app.deliver()).acknowledged == 1


async def test_answer_that_drips_is_left_when_its_time_is_over(tmp_path: Path) -> None:
    hand = Hand()
    with serving(DRIP) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, timeout_s=1) as app:
            await publish(app, "a")
            assert (await app.deliver()).failed == 1
            assert await states(app) == [("pending", "no answer within 1 s", 1)]


@pytest.mark.parametrize(
    ("said", "waits_s"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "999999"}, 3600.0),
        (
            {"Retry-After": "Thu, 26 Nov 2026 20:01:30 GMT", "Date": "Thu, 26 Nov 2026 20:00:00 GMT"},
            90.0,
        ),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "-5"}, 0.0),
    ],
)
async def test_retry_after_is_obeyed_up_to_an_hour(
    tmp_path: Path, said: dict[str, str], waits_s: float
) -> None:
    hand = Hand()
    with serving((429, said), OK) as erp:
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, "a")
            await app.deliver()
            due_s = await app.ledger.read(lambda tx: tx.outbox.next_due("erp"))
        assert due_s is not None
        assert (due_s == hand.now_s + waits_s) if waits_s else (hand.now_s + 1 <= due_s <= hand.now_s + 2)


async def move(app: App, wanted: WantedMove, person: str = BY) -> int | AndonError:
    checked = check_move(wanted)
    return await app.ledger.write(lambda tx: record_move(tx, app.world, checked, person, app.shared()))


async def test_what_is_given_up_holds_its_aggregate_until_a_person_retries_or_skips(tmp_path: Path) -> None:
    hand = Hand()
    with serving(400, OK) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, events="ship.announced") as app:
            await publish(app, ["a", "a", "a"])
            assert (await app.deliver()).given_up == 1
            hand.now_s += 9999
            assert (await app.deliver()).acknowledged == 0
            (dead,) = await app.ledger.read(lambda tx: tx.events(type="delivery.dead"))
            assert dead.data["error"] == "answered 400"
            assert dead.data["attempts"] == 1
            (alert,) = await app.ledger.read(lambda tx: tx.alerts(open_only=True))
            assert alert.name == "delivery/erp"
            shown = await app.ledger.read(lambda tx: board(tx, app.world, app.settings.secret))
            assert [d["event"] for d in shown["dead"]] == ["evt_1"]
            assert (shown["receivers"][0]["pending"], shown["receivers"][0]["dead"]) == (2, 1)
            assert await move(app, WantedMove("retry", event="evt_1")) == 1
            assert await app.ledger.read(lambda tx: tx.alerts(open_only=True)) == []
            assert (await app.deliver()).acknowledged == 3
            assert await move(app, WantedMove("retry")) == 0
            assert await move(app, WantedMove("skip", event="evt_1", reason="why")) == 0
            assert await violations(app) == []
        assert [e["id"] for e in erp.events] == ["evt_1", "evt_2", "evt_3"]


async def test_skipped_event_lets_its_aggregate_go_on(tmp_path: Path) -> None:
    hand = Hand()
    with serving(500, 500, 500, OK) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, events="ship.announced") as app:
            await publish(app, ["a", "a"])
            for _ in range(3):
                await app.deliver()
                hand.now_s += 60
            assert (await states(app))[0] == ("dead", "answered 500", 3)
            with pytest.raises(UsageError, match="reason"):
                check_move(WantedMove("skip", event="evt_1", reason=" "))
            assert await move(app, WantedMove("skip", event="evt_1", reason="known by phone")) == 1
            await app.deliver()
            (told,) = await app.ledger.read(lambda tx: tx.events(type="delivery.skipped"))
            assert (told.data["by"], told.data["reason"]) == (BY, "known by phone")
            assert await violations(app) == []
        assert [e["id"] for e in erp.events] == ["evt_2"]


async def test_gone_receiver_is_stopped_until_a_person_starts_it(tmp_path: Path) -> None:
    hand = Hand()
    with serving(410, OK) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, events="ship.announced") as app:
            await publish(app, ["a"])
            await app.deliver()
            await publish(app, ["b"], 2)
            hand.now_s += 9999
            await app.deliver()
            assert erp.ids == ["evt_1"]
            (told,) = await app.ledger.read(lambda tx: tx.events(type="delivery.stopped"))
            assert told.data["error"] == "answered 410"
            assert [a.name for a in await app.ledger.read(lambda tx: tx.alerts(open_only=True))] == [
                "delivery/erp"
            ]
            assert await move(app, WantedMove("retry", receiver="erp")) == 1
            await app.deliver()
        assert sorted(e["id"] for e in erp.events) == ["evt_1", "evt_2"]


async def test_only_people_with_a_role_decide_and_names_are_known(tmp_path: Path) -> None:
    hand = Hand()
    with serving() as erp:
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, ["a"])
            await app.deliver()
            refused = await move(app, WantedMove("retry"), "guest")
            assert isinstance(refused, NotAuthorisedError)
            for wanted in (WantedMove("retry", event="evt_none"), WantedMove("resend", "crm", from_seq=1)):
                assert isinstance(await move(app, wanted), NotFoundError)


async def test_without_a_key_nothing_is_sent_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hand = Hand()
    with serving() as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, key=None) as app:
            await publish(app, ["a"])
            await app.deliver()
            shown = await app.ledger.read(lambda tx: board(tx, app.world, app.settings.secret))
            assert (shown["receivers"][0]["key"], shown["receivers"][0]["pending"]) == (False, 1)
        assert erp.requests == []
        assert "ERP_KEY is not set" in caplog.text
        async with sending(tmp_path, erp.url, hand) as app:
            assert (await app.deliver()).acknowledged == 1


async def test_key_stands_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    hand = Hand()
    caplog.set_level(logging.DEBUG)
    with serving(500, 400) as erp:
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, ["a"])
            await app.deliver()
            hand.now_s += 60
            await app.deliver()
            shown = await app.ledger.read(lambda tx: board(tx, app.world, app.settings.secret))
        kept = (tmp_path / "data" / "ledger.db").read_bytes()
        sent = json.dumps([erp.requests, erp.headers])
    assert KEY not in caplog.text + json.dumps(shown) + sent
    assert KEY.encode() not in kept


@dataclass
class Recorder:
    """Post, without a network: ``down`` until told otherwise."""

    down: bool = True
    sent: list[str] = field(default_factory=list)

    async def send(self, letter: Letter) -> Answer:
        if self.down:
            return Answer(None, "cannot be reached")
        self.sent.append(letter.headers["Idempotency-Key"])
        return Answer(200)

    async def aclose(self) -> None:
        """Nothing to let go of."""


async def test_receiver_down_for_hours_gets_everything_in_order(tmp_path: Path) -> None:
    hand, post = Hand(), Recorder()
    async with sending(tmp_path, "http://127.0.0.1:9/in", hand, events="ship.announced", attempts=20) as app:
        for hour in range(6):
            await publish(app, ["a", "b", "a"], 3 * hour + 1)
            for _ in range(60):
                await deliver_due(app, make_post=lambda: post)
                hand.now_s += 60
        assert all(state == "pending" for state, *_ in await states(app))
        post.down = False
        hand.now_s += 3600
        await deliver_due(app, make_post=lambda: post)
        assert {state for state, *_ in await states(app)} == {"sent"}
        assert await violations(app) == []
    numbers = [int(e.removeprefix("evt_")) for e in post.sent]
    assert sorted(numbers) == list(range(1, 19))
    for subject in (0, 1):
        mine = [n for n in numbers if (n % 3 == 2) == bool(subject)]
        assert mine == sorted(mine)


async def test_receiver_that_lost_a_seventh_asks_from_where_on_and_misses_nothing(tmp_path: Path) -> None:
    hand = Hand()
    losing: list[int | str | tuple[int, dict[str, str]]] = [DROP if n % 7 == 3 else OK for n in range(49)]
    with serving(*losing, OK) as erp:
        erp.now_s = hand
        async with sending(tmp_path, erp.url, hand, events="ship.announced") as app:
            await publish(app, [f"s{n % 5}" for n in range(50)])
            assert (await app.deliver()).acknowledged == 50
            assert len(erp.events) == 43
            seen: dict[str, tuple[int, int]] = {}
            before_gaps = []
            for event in sorted(erp.events, key=lambda e: e["sequence"]):
                whole, own = seen.get(event["aggregate"], (1, 0))
                if event["aggregate_sequence"] != own + 1:
                    before_gaps.append(whole)
                seen[event["aggregate"]] = (event["sequence"], event["aggregate_sequence"])
            before = min(before_gaps)
            assert await move(app, WantedMove("resend", "erp", from_seq=before)) == 50 - before + 1
            await app.deliver()
            assert await violations(app) == []
        assert {e["id"] for e in erp.events} == {f"evt_{n}" for n in range(1, 51)}
        again = erp.requests[50:]
        for n in range(5):
            numbers = [e["aggregate_sequence"] for e in again if e["aggregate"] == f"s{n}"]
            assert numbers == sorted(numbers)


async def test_news_of_what_a_receiver_does_not_get_is_not_sent_to_it(tmp_path: Path) -> None:
    hand = Hand()
    with serving(400) as erp:
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, ["a"])
            await app.deliver()
            await app.deliver()
            assert "delivery.dead" in [e.type for e in await app.ledger.read(lambda tx: tx.events())]
        assert [r["type"] for r in erp.requests] == ["ship.announced"]


async def test_floor_without_receivers_reads_and_writes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        await publish(app, ["a"])
        assert (await app.deliver()).acknowledged == 0
        assert await app.ledger.read(lambda tx: tx.outbox.receivers()) == []


async def test_new_receiver_is_spared_what_happened_before_it(tmp_path: Path) -> None:
    hand = Hand()
    with serving() as erp:
        erp.now_s = hand
        place = floor_for(tmp_path / "floor", erp.url)
        config = place / CONFIG
        config.write_text(config.read_text("utf-8").replace(", history: true", ""), "utf-8")
        async with opened(tmp_path / "data") as app:
            await publish(app, ["a", "b"])
        async with sending(tmp_path, erp.url, hand) as app:
            await publish(app, ["a"], 3)
            await app.deliver()
        assert erp.ids == ["evt_3"]
        assert erp.events[0]["aggregate_sequence"] == 1
