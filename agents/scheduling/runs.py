"""Placing runs: new ones, those that lost their time, and those whose place was taken."""

from collections.abc import Generator, Mapping
from typing import Any

from protocol.times import micros, plus
from protocol.turns import Move, Proposal, QueryCall, View

from ...tools.said import Trying

RECEIVING_MIN = 240
"""Receiving inspection of what arrives, before it can be used."""
FAR_MIN = 14 * 24 * 60


def later(*instants: str | None) -> str:
    """The latest of some instants; absent ones do not count."""
    return max((i for i in instants if i is not None), key=micros)


def slot_for(
    run: Mapping[str, Any], earliest: str, machine: str | None = None
) -> Generator[QueryCall, Any, Mapping[str, Any] | None]:
    """The first place a run could move to; its own time counts as free."""
    want = {"exclude_run": run["run"], "earliest": earliest} | ({"machine": machine} if machine else {})
    slots = yield QueryCall("find_slots", want)
    return slots[0] if slots else None


def released(order: Mapping[str, Any]) -> Trying:
    """Every operation of a released order that has no run yet, one after the other."""
    status = yield QueryCall("order_status", {"order": order["order"]})
    material = yield from material_at(order["order"])
    if not status["known"] or material is None:
        return []
    moves: list[Move] = []
    after: str | None = material or None
    planned = {run["operation"]: run["end"] for run in status["runs"] if run["state"] != "Cancelled"}
    for step in sorted(status["operations"], key=lambda s: int(s["operation"][2:])):
        if step["operation"] in planned:
            after = later(planned[step["operation"]], after)
            continue
        place = yield from _place(order["order"], step["operation"], after)
        if place is None:
            break
        moves.append(_plan(order["order"], step, status["quantity"], place))
        after = place["end"]
    return moves


def material_at(order: str) -> Generator[QueryCall, Any, str | None]:
    """From when an order has its material: an instant, ``""`` for now, None when nobody knows."""
    needs = yield QueryCall("requirement", {"order": order})
    if not needs["known"]:
        return None
    at: str | None = None
    for line in needs["lines"]:
        if line["missing"] <= (line["available"] or 0):
            continue
        if line["next_receipt"] is None:
            return None
        at = later(plus(line["next_receipt"], minutes=RECEIVING_MIN), at)
    return at or ""


def _place(
    order: str, operation: str, earliest: str | None
) -> Generator[QueryCall, Any, Mapping[str, Any] | None]:
    want = {"order": order, "operation": operation}
    slots = yield QueryCall("find_slots", {**want, "earliest": earliest or EPOCH})
    return slots[0] if slots else None


EPOCH = "1970-01-01T00:00:00Z"
"""Before any time a slot can have: the query itself begins at now."""


def _plan(order: str, step: Mapping[str, Any], quantity: int, place: Mapping[str, Any]) -> Proposal:
    return Proposal(
        "plan_run",
        {
            "order": order,
            "operation": step["operation"],
            "machine": place["machine"],
            "start": place["start"],
            "quantity": quantity,
            "setup_min": step["setup_min"],
            "run_min": step["run_min"],
        },
    )


def laid_over(machine: str, until: str) -> Trying:
    """Runs that a downtime took the time of: new places after it; approved ones are a person's to change."""
    return (yield from _replaced(machine, until))


def freed(machine: str) -> Trying:
    """Machine time came back: runs still at risk there may have theirs again."""
    return (yield from _replaced(machine, None))


def _replaced(machine: str, until: str | None) -> Trying:
    schedule = yield QueryCall("get_schedule", {"machine": machine})
    lost = [run for run in schedule["runs"] if run["at_risk"] and not run["started"]]
    return (yield from moved_away(lost, until, f"machine time of {machine} changed"))


def moved_away(runs: list[Mapping[str, Any]], until: str | None, reason: str) -> Trying:
    """A new place for each, none before ``until`` nor before it was planned; a place is given once."""
    moves: list[Move] = []
    changes: list[dict[str, Any]] = []
    taken: dict[str, str] = {}
    for run in runs:
        place = yield from slot_for(run, later(run["start"], until, taken.get(run["machine"])))
        if place is None:
            continue
        taken[place["machine"]] = place["end"]
        move = {"run": run["run"], "to": place["machine"], "start": place["start"]}
        if run["approved"]:
            changes.append(move)
        else:
            moves.append(Proposal("move_run", move))
    if changes:
        moves.append(Proposal("change_approved_runs", {"moves": changes, "gain_min": None, "reason": reason}))
    return moves


def again(view: View, trigger: Mapping[str, Any]) -> Trying:
    """A place was taken, or the ground changed: the next place for the same want."""
    wanted = trigger["params"]
    if trigger["kind"] == "plan_run":
        place = yield from _place(wanted["order"], wanted["operation"], wanted["start"])
        return [Proposal("plan_run", {**wanted, **_at(place)})] if place else []
    if trigger["kind"] == "move_run":
        place = yield from slot_for(wanted, wanted["start"])
        return (
            [Proposal("move_run", {**wanted, "to": place["machine"], "start": place["start"]})]
            if place
            else []
        )
    return []


def _at(place: Mapping[str, Any]) -> dict[str, Any]:
    return {"machine": place["machine"], "start": place["start"]}
