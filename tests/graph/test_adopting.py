"""A case that began under another version, taken over in one process: what is looked at, and what is told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph.app import App
from graph.nodes import NODES
from graph.opening import route_text
from graph.versions import CURRENT, ENGINE
from protocol.rows import EscalationState
from tests.agents.floor_copies import ACTIONS, BERTHING, Edit, copy_harbour
from tests.architecture.sources import ROOT
from tests.graph.harbour_app import LAY, SHIFT, dump, events, opened, propose, violations, waiting

LOWERED = Edit(BERTHING, "level: 3", "level: 2")
BRIEF = Edit("agents/berthing/prompt.md", "", "Be brief.\n")
_PLACE = '_PLACE: Shape = {"visit": KeyOf("visit"), "berth": KeyOf("berth"), "start": Instant()}'
NARROW = (
    Edit(ACTIONS, _PLACE, _PLACE.replace('KeyOf("berth")', 'Choice(("B1",))')),
    Edit(ACTIONS, "import Instant, KeyOf", "import Choice, Instant, KeyOf"),
)


async def adopted(app: App, case: str) -> list[list[str]]:
    """What the events tell has changed."""
    found = await app.ledger.read(lambda tx: tx.events(case))
    return [list(e.data["changed"]) for e in found if e.type == "case.adopted"]


async def fingerprints(app: App) -> set[str]:
    """Of all cases."""
    return {c.fingerprint for c in await app.ledger.read(lambda tx: tx.cases())}


async def test_case_that_only_waits_is_looked_at_by_the_first_command_that_drives_cases(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "data") as app:
        case, _ = await waiting(app)
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", LOWERED)) as app:
        await app.resume()
        assert await adopted(app, case) == [["agent berthing: authority.level 3 -> 2"]]
        assert await fingerprints(app) == {app.world.fingerprint}
        rows = await app.ledger.read(lambda tx: tx.escalations(case))
        assert sorted(str(r.state) for r in rows) == ["pending", "superseded"]
        (old,) = [r for r in rows if r.state is EscalationState.SUPERSEDED]
        assert old.superseded_by in [r.id for r in rows]
        await app.resume()
        assert len(await adopted(app, case)) == 1
        assert await violations(app) == []


async def test_taking_over_stands_in_the_audit_log_though_no_pass_follows(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        case, _ = await waiting(app)
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", BRIEF)) as app:
        await app.resume()
        passes = await app.ledger.read(lambda tx: tx.passes(case))
        logged = await app.ledger.read(lambda tx: list(tx.rows("SELECT body FROM audit ORDER BY seq")))  # type: ignore[attr-defined]
        (entry,) = [e for (body,) in logged if (e := json.loads(body))["what"] == "case.adopted"]
        assert len(passes) == 1
        assert (entry["case"], entry["changed"]) == (case, ["prompt of berthing changed"])
        assert set(entry["rows"]) == {"cases", "events"}
        assert await violations(app) == []


async def test_level_that_was_lowered_counts_for_what_waits(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        case, _ = await waiting(app)
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", LOWERED)) as app:
        await app.resume()
        (row,) = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        assert row.level == 2
        await app.decide(row.id, "approve", person="k.maes")
        (commit,) = await app.ledger.read(lambda tx: tx.commits(case))
        assert commit.level == 2


async def test_half_signed_approval_starts_again(tmp_path: Path) -> None:
    """Whoever signed under the earlier policy signed something else."""
    two = Edit("floor.yaml", "  shift_visit:\n", "  shift_visit:\n    quorum: 2\n")
    people = Edit(
        "floor.yaml",
        "people:\n",
        "people:\n  - {id: t.bos, name: Tim Bos, roles: [berth_master]}\n",
    )
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "one", two, people)) as app:
        case, escalation = await waiting(app)
        await app.decide(escalation, "approve", person="k.maes")
    floor = copy_harbour(tmp_path / "two", two, people, LOWERED)
    async with opened(tmp_path / "data", floor) as app:
        await app.resume()
        (row,) = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        assert await app.ledger.read(lambda tx: tx.decisions(row.id)) == []
        assert await app.ledger.read(lambda tx: tx.unspent(case)) == []
        await app.decide(row.id, "approve", person="k.maes")
        shape = await app.decide(row.id, "approve", person="t.bos")
        assert shape["status"] == "done"
        assert await violations(app) == []


async def test_rejection_stands_whatever_changed(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        case, escalation = await waiting(app)

        async def not_yet(*_: Any) -> None:
            """As if the process had died when the decision was written."""

        object.__setattr__(app.driver, "drive", not_yet)
        await app.decide(escalation, "reject", person="k.maes", reason="not today")
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", LOWERED)) as app:
        await app.resume()
        assert (await app.outcome(case))["code"] == "rejected"


async def test_turn_that_this_floor_cannot_judge_stops_its_case(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        case = await _said(
            app, propose("assign_berth", visit="V-2", berth="B3", start="2026-05-04T12:00:00Z")
        )
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", *NARROW)) as app:
        await app.resume()
        rows = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        assert [row.reason for row in rows] == ["floor_changed"]
        assert "takes other fields: berth must be one of B1" in rows[0].summary


async def _said(app: App, move: dict[str, Any]) -> str:
    """A case whose one turn is written, and the gate has not seen it."""
    case: str = (await app.enqueue(LAY, person="guest"))["case"]
    turn: dict[str, Any] = {
        "agent": "berthing",
        "moves": [move],
        "reads": {},
        "failure": None,
        "detail": "",
        "attempts": 1,
    }
    turn |= {
        "usage": {"model_calls": 1, "input_tokens": 1, "output_tokens": 1, "cost_usd": "0"},
        "dropped": [],
    }
    await app.ledger.write(lambda tx: route_text(tx, app.world, case, "berthing", []))
    await app.ledger.write(lambda tx: tx.put_turn(case, 1, "berthing", turn))
    return case


async def test_position_of_another_manifest_is_refused_in_the_commit(tmp_path: Path) -> None:
    """The last line: the case was taken over, and the question was not seen then."""
    async with opened(tmp_path / "data") as app:
        await app.pull("berthing", person="a.vos", reason="fog")
        shape = await app.ask(LAY, person="guest")
        (asked,) = shape["escalations"]
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", LOWERED)) as app:

        def taken_over(tx: Any) -> None:
            tx.save_case(replace(tx.case(shape["case"]), fingerprint=app.world.fingerprint))

        await app.ledger.write(taken_over)
        became = await app.decide(asked, "answer", person="k.maes", option=0)
        assert [v["code"] for v in became["verdicts"]][-1] == "manifest_changed"
        assert (await app.outcome(shape["case"]))["status"] == "refused"


async def test_error_in_the_new_code_stops_the_case_before_a_person(tmp_path: Path) -> None:
    broken = Edit(
        ACTIONS,
        'if visit is None or visit["berth"] is None:',
        'if {}["nothing"] or visit is None or visit["berth"] is None:',
    )
    async with opened(tmp_path / "data") as app:
        case, _ = await waiting(app)
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", broken)) as app:
        await app.resume()
        rows = await app.ledger.read(lambda tx: tx.escalations(case, open_only=True))
        (row,) = [r for r in rows if r.type == "question"]
        assert (row.reason, "KeyError" in row.summary) == ("floor_changed", True)


async def test_version_that_is_not_the_last_takes_over_no_case_that_only_waits(tmp_path: Path) -> None:
    """Otherwise two versions side by side would take it from each other for ever."""
    floor = copy_harbour(tmp_path / "floor", BRIEF)
    async with opened(tmp_path / "data") as app:
        case, _ = await waiting(app)
        async with opened(tmp_path / "data", floor) as newer:
            await newer.resume()
        await app.resume()
        assert await adopted(app, case) == [["prompt of berthing changed"]]
        assert await app.ledger.read(lambda tx: tx.meta(CURRENT)) == newer.world.fingerprint


async def test_change_that_concerns_no_case_changes_none(tmp_path: Path) -> None:
    async with opened(tmp_path / "data") as app:
        await waiting(app)
        before = await dump(app)
    async with opened(tmp_path / "data", copy_harbour(tmp_path / "floor", BRIEF)) as app:
        await app.resume()
        after = await dump(app)
        assert await events(app)
    assert {n: rows for n, rows in after.items() if n != "events"} == {
        n: rows for n, rows in before.items() if n != "events"
    }
    assert [e[1] for e in after["events"] if e not in before["events"]] == ["case.adopted"]


async def test_case_of_a_version_that_left_nothing_behind_is_taken_over(tmp_path: Path) -> None:
    """As ledgers have it that were made before versions were kept."""
    async with opened(tmp_path) as app:
        case, escalation = await waiting(app)
        row = await app.ledger.read(lambda tx: tx.case(case))
        assert row is not None
        old = replace(row, fingerprint="sha256:old")
        await app.ledger.write(lambda tx: tx.save_case(old))
        shape = await app.decide(escalation, "approve", person="k.maes")
        assert shape["status"] == "done"
        assert await adopted(app, case) == [["a version of which nothing is stored"]]


@pytest.mark.parametrize(("line", "verdict"), [(LAY, "committed"), (SHIFT, "escalated")])
async def test_graph_that_ends_nowhere_is_gone_on_with_from_the_ledger(
    line: str, verdict: str, tmp_path: Path
) -> None:
    """langgraph returns without an error when what a checkpoint names next is no node."""
    async with opened(tmp_path) as app:
        graphs = app.driver._graphs

        async def nowhere(*_: Any, **__: Any) -> dict[str, Any]:
            return {"schema_version": 1, "next": ["agent.gone"]}

        object.__setattr__(graphs.cached, "ainvoke", nowhere)
        shape = await app.ask(line, person="guest")
        assert [v["verdict"] for v in shape["verdicts"]] == [verdict]


def test_engine_has_the_version_of_its_package() -> None:
    assert f'version = "{ENGINE}"' in (ROOT / "pyproject.toml").read_text("utf-8")


async def test_nodes_of_the_graph_are_those_its_version_names(tmp_path: Path) -> None:
    async with opened(tmp_path) as app:
        built = {n for n in app.driver._graphs.cached.nodes if not n.startswith(("__", "agent."))}
        assert built == set(NODES)
