"""A ledger with a bit of everything in it, made by the real gate on the yard of the rules' tests."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from checkpoints.sqlite_ledger import SqliteLedger
from graph.deciding import Recorded, Wanted, record_decision
from graph.facts import record_fact
from graph.gate import make_pass
from graph.pulling import Pulled, WantedPull, end_pull, set_pull
from graph.registering import note_registry
from protocol.effects import Effects
from protocol.ids import case_id
from protocol.ports import Tx
from protocol.position import first
from protocol.records import Claimed, Ref
from protocol.rows import CaseRow, LeaseHolder
from protocol.toolbox import Fact, FactKind, Invariant, ResourceType, Toolbox
from protocol.turns import Move, Proposal, Turn, to_json
from protocol.world import World
from tests.protocol.yard import T10, T11, T12, T13, world

START = "2026-03-02T09:00:00Z"
ME = LeaseHolder("here", 1, "1")


def _storm(fact: Fact, snapshot: object) -> Effects:
    """A storm takes the slot, whoever has it."""
    return Effects(claims=(Claimed("slot/S1", T10, T11, Ref("crate", "C1")),))


def yard() -> World:
    """The yard, with crates that are found by whether they are frozen, and a fact."""
    made = world(lanes=("a", "a"))
    types = [replace(t, indexed=("frozen",)) if t.name == "crate" else t for t in made.toolbox.resources]
    toolbox: Toolbox = replace(
        made.toolbox,
        resources=types,
        facts=(FactKind("storm.came", "crane", {}, _storm),),
        invariants=(
            Invariant("INV-01", "pile", lambda record, _: "too many" if record["count"] > 600 else None),
        ),
    )
    return replace(made, toolbox=toolbox)


async def build(path: Path) -> World:
    """Fill a ledger: a seed, actions, a signed one, a fact, an open approval, pulls. The world of it."""
    w = yard()
    types: dict[str, ResourceType] = dict(w.types)
    ledger = await SqliteLedger.open(
        path, floor="yard", clock=None, clock_start=START, world_types=types, inline=True
    )
    try:
        await ledger.write(lambda tx: _seed(tx, w))
        moves = [Proposal("take", {"pile": "P1", "quantity": n}) for n in (100, 50)]
        booking = Proposal("reserve", {"booking": "B1", "start": T10, "end": T11})
        await ledger.write(lambda tx: _play(tx, w, "1", [*moves, booking]))
        await ledger.write(lambda tx: _play(tx, w, "2", [Proposal("burn", {"crate": "C1"})]))
        await ledger.write(lambda tx: _approve(tx, w, "2"))
        await ledger.write(
            lambda tx: record_fact(tx, w, Fact("storm.came", "sky", "1", START, "slot/S1", {}))
        )
        later = Proposal("reserve", {"booking": "B2", "start": T12, "end": T13})
        await ledger.write(lambda tx: _play(tx, w, "3", [later, Proposal("burn", {"crate": "C2"})]))
        await ledger.write(lambda tx: _pull(tx, w))
    finally:
        await ledger.close()
    return w


def _seed(tx: Tx, w: World) -> None:
    records: list[tuple[Ref, Mapping[str, Any]]] = [
        (Ref("pile", "P1"), {"count": 500}),
        (Ref("crate", "C1"), {"frozen": False}),
        (Ref("crate", "C2"), {"frozen": True}),
    ]
    tx.put_seed(records, lambda kind: w.owners[kind])
    tx.audit({"what": "seed", "floor": "yard", "records": len(records)})
    note_registry(tx, w)


def _play(tx: Tx, w: World, number: str, moves: Sequence[Move]) -> None:
    """A case of the crane that has said its moves, and its gate pass."""
    seq = tx.accept("line", number, "text", {"person": "guest", "text": "go"})
    assert seq is not None
    case = case_id("yard", "line", number)
    trigger = {"type": "person", "person": "guest", "roles": [], "text": "go"}
    position = first({"crane": (trigger,)}).to_json()
    tx.open_case(
        CaseRow(case, seq, "text", "line", number, tx.now, person="guest", text="go", position=position)
    )
    tx.put_turn(case, 1, "crane", to_json(Turn("crane", tuple(moves))))
    _pass(tx, w, case)


def _pass(tx: Tx, w: World, case: str) -> None:
    token = tx.take_lease(case, ME, 0.0, 15.0, True)
    assert token is not None
    make_pass(tx, w, case, token)
    tx.drop_lease(case, token)


def _pull(tx: Tx, w: World) -> None:
    """One pull that was released, and one that stands."""
    for scope, move in (("crew", set_pull), ("crew", end_pull), ("pile/P1", set_pull)):
        assert isinstance(move(tx, w, WantedPull(scope, "smoke", "f.one")), Pulled)


def _approve(tx: Tx, w: World, number: str) -> None:
    case = case_id("yard", "line", number)
    (row,) = tx.escalations(case, open_only=True)
    wanted = Wanted(row.id, "approve", "f.one")
    assert isinstance(record_decision(tx, w, wanted), Recorded)
    _pass(tx, w, case)
