"""The harbour plays: its policies, tools and contracts together, over the rules and a store in memory."""

from collections.abc import Mapping
from typing import Any

import pytest

from agents.floor_loader import Floor, load_floor
from protocol.commit import Applied, perform
from protocol.effects import Effects, Emit
from protocol.position import Route, first
from protocol.records import Record, Ref
from protocol.round import Outcome
from protocol.rows import CaseRow, CaseStatus
from protocol.toolbox import Fact
from protocol.turns import QueryCall, Turn, View
from tests.agents.floor_copies import ANNOUNCED, HARBOUR
from tests.protocol.memory_store import MemoryStore
from tests.protocol.yard import Yard

NOW = "2026-05-04T04:00:00Z"
CASE = CaseRow("case_aaaaaaaaaaaaaaaa", 1, "text", "chat", "1", NOW)


class Harbour(Yard):
    """One case of the harbour: facts and lines go in, agents play their policies until the case rests."""

    def __init__(self) -> None:
        self.floor: Floor = load_floor(HARBOUR)
        store = MemoryStore(NOW)
        for ref, body in self.floor.seed:
            store.records[ref] = Record(ref, 0, body)
        store.claimed = list(self.floor.claims)
        super().__init__(self.floor.world, store, CASE)

    def change(self, visit: str, **fields: int) -> None:
        """Another ship than the seed's, at version 0."""
        self.store.seed("visit", visit, **{**self.store.records[Ref("visit", visit)].body, **fields})

    def fact(self, kind: str, data: Mapping[str, Any]) -> list[Outcome]:
        """Record a fact and let everybody who hears it play."""
        fact, own = Fact(kind, "test", "1", NOW, kind, data), Emit(kind, kind, data)
        apply = self.world.facts[kind].apply
        done = apply(fact, self.store) if apply else Effects()
        assert isinstance(
            perform(self.store, self.world, done, self.world.facts[kind].owner, "1", is_fact=True), Applied
        )
        trigger = {
            "type": "event",
            "id": "1",
            "event": kind,
            "subject": own.subject,
            "data": data,
            "occurred": NOW,
        }
        return self._play(dict.fromkeys(self.world.hearers(kind), trigger))

    def says(self, text: str) -> list[Outcome]:
        """A guest's line, to the agent that finds it most relevant."""
        agent = max(sorted(self.floor.policies), key=lambda a: self.floor.policies[a].relevance(text))
        return self._play(
            {agent: {"type": "person", "text": text, "person": "guest", "roles": [], "recent": []}}
        )

    def _play(self, triggers: Mapping[str, Mapping[str, Any]]) -> list[Outcome]:
        self.position = first({agent: (trigger,) for agent, trigger in triggers.items()})
        outcomes = []
        while self.position.active:
            turns = {agent: self._turn(agent) for agent in self.position.active}
            outcomes.append(self.run(turns))
        return outcomes

    def _turn(self, agent: str) -> Turn:
        triggers = self.position.active[agent]
        shown = {ref for t in triggers for ref in self._mentioned(t)}
        resources = {str(ref): dict(record.body) for ref in shown if (record := self.store.records.get(ref))}
        view = View(agent, CASE.id, self.position.round, NOW, self.world.config.zone, triggers, resources)
        play, answer = self.floor.policies[agent].play(view), None
        allowed = {query.name: query for query in self.world.queries_of(agent)}
        while True:
            try:
                call: QueryCall = play.send(answer)
            except StopIteration as end:
                return Turn(agent, tuple(end.value))
            answer = allowed[call.name].answer(call.params, self.store)

    def _mentioned(self, trigger: Mapping[str, Any]) -> list[Ref]:
        mentions = self.world.toolbox.mentions
        return list(mentions(str(trigger.get("text", "")), self.store)) if mentions else []


@pytest.fixture
def harbour() -> Harbour:
    return Harbour()


def test_announced_ship_gets_a_berth_and_a_pilot_from_two_agents_in_one_round(harbour: Harbour) -> None:
    outcomes = harbour.fact("ship.announced", ANNOUNCED)
    assert len(outcomes) == 1
    assert (harbour.verdict("assign_berth"), harbour.verdict("book_pilot")) == (["committed"], ["committed"])
    visit = harbour.store.get("visit", "V-3")
    assert visit is not None
    assert (visit["berth"], visit["start"]) == ("B2", "2026-05-04T15:00:00Z"), "after the sounding of B2"
    (passage,) = harbour.store.find("passage")
    assert passage["pilot"] == "P1"


def test_berthing_promises_the_berths_power(harbour: Harbour) -> None:
    harbour.fact("ship.announced", ANNOUNCED)
    berth = harbour.store.get("berth", "B2")
    assert berth is not None and berth["power_kw"] == 300


def test_due_sounding_is_settled_by_one_answer_that_fills_the_holes(harbour: Harbour) -> None:
    span = {"earliest": "2026-05-04T06:00:00Z", "latest": "2026-05-06T06:00:00Z"}
    outcomes = harbour.fact("sounding.due", {"berth": "B1", "minutes": 240, **span})
    assert len(outcomes) == 2
    assert harbour.verdict("book_sounding") == ["asked", "committed"]
    booked = next(s for s in harbour.store.find("sounding") if s.key != "S-1")
    assert (booked["start"], booked["end"]) == ("2026-05-05T06:00:00Z", "2026-05-05T10:00:00Z")
    berth = harbour.store.get("berth", "B1")
    assert berth is not None and berth["sounded"] == booked["end"], "the consequence of berthing did not run"


def test_sounding_without_a_gap_is_refused_by_the_owner(harbour: Harbour) -> None:
    span = {"earliest": "2026-05-04T06:00:00Z", "latest": "2026-05-04T12:00:00Z"}
    outcomes = harbour.fact("sounding.due", {"berth": "B1", "minutes": 240, **span})
    assert outcomes[-1].route is Route.REPLY
    assert harbour.verdicts[-1].code == "no_gap"
    assert len(harbour.store.find("sounding")) == 1


def test_ship_that_wants_a_closed_berth_is_put_to_the_fairway_and_refused(harbour: Harbour) -> None:
    outcomes = harbour.says("Lay V-2 at B2 from 2026-05-04 14:00")
    assert harbour.verdict("assign_berth") == ["asked", "refused"]
    assert harbour.verdicts[-1].code == "closed"
    assert outcomes[-1].status is CaseStatus.REFUSED
    visit = harbour.store.get("visit", "V-2")
    assert visit is not None and visit["berth"] is None


def test_sounding_under_a_ship_is_offered_the_next_gap_and_takes_it(harbour: Harbour) -> None:
    harbour.says("Sound B1 on 2026-05-04 10:00")
    assert harbour.verdict("book_sounding") == ["asked", "committed"]
    (claim,) = harbour.store.claims("berth/B1", "2026-05-05T06:00:00Z", "2026-05-06T06:00:00Z")
    assert (claim.start, claim.end) == ("2026-05-05T06:00:00Z", "2026-05-05T08:00:00Z")


def test_promised_ship_moves_only_by_a_signature(harbour: Harbour) -> None:
    (outcome,) = harbour.says("Move V-1 to B2 from 2026-05-04 18:00")
    assert (outcome.route, outcome.status) == (Route.ESCALATE, CaseStatus.WAITING)
    (approval,) = harbour.store.escalation_rows.values()
    assert (approval.type, approval.role) == ("approval", "berth_master")
    assert harbour.store.records[harbour.floor.claims[0].holder]["berth"] == "B1"
    decision = harbour.store.decide(approval.id, "approve", "k.maes", "berth_master")
    ended = harbour.run(None, [decision])
    assert ended.status is CaseStatus.DONE
    visit = harbour.store.get("visit", "V-1")
    assert visit is not None and visit["berth"] == "B2"
    powers = {b.key: b["power_kw"] for b in harbour.store.find("berth")}
    assert (powers["B1"], powers["B2"]) == (2300, 500)


def test_rule_keeps_a_deep_ship_off_a_shallow_berth(harbour: Harbour) -> None:
    harbour.change("V-2", draught_dm=81)
    harbour.says("Lay V-2 at B3 from 2026-05-04 12:00")
    assert (harbour.verdict("assign_berth"), harbour.verdicts[-1].code) == (["refused"], "enough_water")


def test_power_of_a_berth_cannot_be_promised_twice(harbour: Harbour) -> None:
    harbour.change("V-2", power_kw=401)
    harbour.says("Lay V-2 at B3 from 2026-05-04 12:00")
    assert (harbour.verdict("assign_berth"), harbour.verdicts[-1].code) == (["refused"], "out_of_bounds")


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("Where is V-1?", "Aurora has B1 until 2026-05-05T06:00:00Z."),
        ("Where is V-2?", "Bolder waits for a berth."),
        ("Move the ship", "Which ship"),
        ("Move V-1", "Which berth, and from when?"),
        ("Sound the bottom", "Which one"),
    ],
)
def test_lines_that_write_nothing_are_answered(line: str, part: str, harbour: Harbour) -> None:
    before = dict(harbour.store.records)
    harbour.says(line)
    (said,) = harbour.position.said.values()
    assert part.lower() in str(said["text"]).lower()
    assert harbour.store.records == before


def test_harbour_shares_no_name_with_the_floor_at_the_root() -> None:
    root = HARBOUR.parents[2]
    if not (root / "floor.yaml").is_file():
        return
    here, there = (_names(load_floor(directory)) for directory in (HARBOUR, root))
    assert not here & there


def _names(floor: Floor) -> set[str]:
    world = floor.world
    requests = {r for m in world.manifests.values() for r in m.input_schema.requests}
    events = {*world.toolbox.events, *world.facts}
    lanes, roles = set(world.config.lanes), set(world.config.roles)
    named = {*world.manifests, *world.types, *world.kinds, *world.queries, *requests, *events}
    return named | lanes | roles | {p.id for p in world.config.people}
