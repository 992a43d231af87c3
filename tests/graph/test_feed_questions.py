"""What rejected lines become: one report and one question for each cause, asked once, answered for good."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from checkpoints.audit import audit
from graph.app import App
from graph.feed import feed
from graph.feed_questions import FileOption, FileQuestion, open_file_questions
from protocol.rows import CaseStatus, EscalationRow
from tests.graph.feed_floor import log_row, opened, silent_plant, write_log

PLANNER = "l.brandt"


def crossed(hour: int, activity: str = "Turning - Machine 8", resource: str = "Machine 15 - Turning") -> str:
    """A report whose activity names another machine than its resource."""
    start, end = (f"2026/02/20 {hour:02d}:{minute}:00.000" for minute in ("00", "30"))
    return log_row(activity=activity, resource=resource, span="000:30", start=start, end=end)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(silent_plant(tmp_path / "floor")) as app:
        yield app
        found = await app.ledger.read(lambda tx: audit(tx, app.world))  # type: ignore[arg-type]
        assert found["violations"] == []


ROWS = [log_row(), crossed(10), crossed(11), crossed(12, "Lapping - Machine 1", "Quality Check 1")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "log.csv", ROWS)


async def asked(app: App) -> list[EscalationRow]:
    """Open questions, those about more lines first."""
    found = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
    return sorted(found, key=lambda e: e.summary, reverse=True)


async def test_each_cause_is_one_question_of_one_case(app: App, log: Path) -> None:
    shape = await feed(app, log)
    assert (shape["accepted"], len(shape["rejected"]), shape["cases"], shape["waiting"]) == (1, 3, 1, 1)
    two, one = await asked(app)
    assert two.case == one.case
    assert two.summary.startswith("2 lines rejected")
    assert one.summary.startswith("1 line rejected")
    assert [o["title"] for o in two.options] == ["map to M8", "map to M15", "leave rejected"]
    assert [o["title"] for o in one.options] == ["map to M1", "map to QC1", "leave rejected"]
    assert two.role == "production_planner"
    case = await app.ledger.read(lambda tx: tx.case(two.case))
    assert case is not None
    assert (case.origin, case.status, case.runnable) == ("feed", CaseStatus.WAITING, False)


async def test_each_cause_is_reported_once_to_one_role(app: App, log: Path) -> None:
    await feed(app, log)
    await feed(app, log)
    told = [e.data for e in await app.ledger.read(lambda tx: tx.events(type="data.gap_detected"))]
    assert sorted((d["owner"], d["count"]) for d in told) == [
        ("production_planner", 1),
        ("production_planner", 2),
    ]
    assert all("line " in str(d["example"]) for d in told)


async def test_cause_without_an_answer_is_reported_and_not_asked(app: App, tmp_path: Path) -> None:
    rows = [log_row(resource="Machine 77 - Milling", activity="Milling"), log_row(good="many")]
    shape = await feed(app, write_log(tmp_path / "log.csv", rows))
    assert (len(shape["rejected"]), shape["cases"]) == (2, 0)
    assert await asked(app) == []
    told = await app.ledger.read(lambda tx: tx.events(type="data.gap_detected"))
    assert sorted(str(e.data["what"]) for e in told) == [
        "bad_number",
        "unknown_machine: Machine 77 - Milling",
    ]


async def test_second_feed_asks_nothing_and_says_who_waits(app: App, log: Path, tmp_path: Path) -> None:
    await feed(app, log)
    before = await asked(app)
    longer = write_log(tmp_path / "longer.csv", [*ROWS, crossed(13)])
    for file in (log, longer):
        shape = await feed(app, file)
        assert (shape["accepted"], shape["cases"], shape["waiting"]) == (0, 1, 1)
        assert await asked(app) == before


async def test_answer_makes_the_lines_facts_at_the_next_feed(app: App, log: Path) -> None:
    await feed(app, log)
    two, one = await asked(app)
    said = await app.decide(two.id, "answer", person=PLANNER, option=0)
    assert said["status"] == "waiting", "the other question is still open"
    said = await app.decide(one.id, "answer", person=PLANNER, option=1)
    assert said["status"] == "done"
    shape = await feed(app, log)
    assert (shape["accepted"], shape["duplicates"], shape["rejected"], shape["cases"]) == (3, 1, [], 0)
    runs = await app.ledger.read(lambda tx: tx.events(type="run.reported"))
    assert [e.data["machine"] for e in runs] == ["M4", "M8", "M8"]
    assert len(await app.ledger.read(lambda tx: tx.events(type="inspection.recorded"))) == 1


async def test_leave_rejected_is_not_asked_again(app: App, log: Path) -> None:
    await feed(app, log)
    for question in await asked(app):
        last = len(question.options) - 1
        await app.decide(question.id, "answer", person=PLANNER, option=last)
    shape = await feed(app, log)
    assert (shape["accepted"], len(shape["rejected"]), shape["cases"]) == (0, 3, 0)
    assert await asked(app) == []


async def test_question_climbs_its_ladder_and_is_asked_anew_when_nobody_answers(app: App, log: Path) -> None:
    await feed(app, log)
    [first, _] = await asked(app)
    await app.wait(app.world.config.engine.answer_s)
    [second_rung, _] = await asked(app)
    assert (second_rung.id, second_rung.role) == (first.id, "shift_supervisor")
    await app.wait(app.world.config.engine.answer_s * 2)
    assert await asked(app) == []
    ended = await app.ledger.read(lambda tx: tx.case(first.case))
    assert ended is not None
    assert ended.status.ended
    await feed(app, log)
    [again, _] = await asked(app)
    assert again.case != first.case


async def test_alias_in_the_mapping_asks_nobody(app: App, log: Path, tmp_path: Path) -> None:
    text = (app.floor.feeds / "production_log.yaml").read_text(encoding="utf-8")
    pair = '"Turning - Machine 8 / Machine 15 - Turning": M8, "Lapping - Machine 1 / Quality Check 1": QC1'
    mapping = tmp_path / "mine.yaml"
    mapping.write_text(text.replace("aliases: {}", f"aliases: {{{pair}}}"), encoding="utf-8")
    shape = await feed(app, log, mapping)
    assert (shape["accepted"], shape["rejected"]) == (4, [])


def question(number: int) -> FileQuestion:
    options = tuple(FileOption(f"map to {to}", {f"cause {number}": f"{to}{number}"}) for to in "AB")
    return FileQuestion(
        "odd", f"Which {number}?", ("production_planner",), options, 2, "line 3", (f"cause {number}",)
    )


async def ask(app: App, count: int) -> Any:
    questions = [question(n) for n in range(count)]
    return await app.ledger.write(
        lambda tx: open_file_questions(tx, app.world, "feed:x", "file/1", questions)
    )


async def test_no_more_questions_are_open_than_a_case_may_have(app: App) -> None:
    limit = app.world.config.limits.open_escalations
    assert await ask(app, limit + 3) is not None
    rows = await app.ledger.read(lambda tx: tx.escalations(open_only=True))
    assert len(rows) == limit
    [last] = [r for r in rows if "4 more" in str(r.shown["question"])]
    assert last.options[0]["aliases"] == {f"cause {n}": f"A{n}" for n in range(limit - 1, limit + 3)}
    assert len(last.summary) <= 200
    assert await ask(app, limit + 3) is None


async def test_no_question_opens_no_case(app: App) -> None:
    assert await ask(app, 0) is None
    assert await app.ledger.read(lambda tx: tx.cases()) == []
