"""What agents may look up: gaps at the berths, pilots who are free."""

from collections.abc import Iterator
from typing import Any

from protocol.fields import Instant, Integer, KeyOf, Maybe
from protocol.records import Record, Snapshot
from protocol.times import plus
from protocol.toolbox import Params, Query

from .actions import PASSAGE_MIN


def free_gaps(params: Params, snapshot: Snapshot) -> list[dict[str, Any]]:
    """The first gap of so many minutes at each berth that suits the ship, earliest first."""
    visit = snapshot.get("visit", params["visit"]) if params.get("visit") else None
    found = []
    for berth in snapshot.find("berth"):
        if params.get("berth") not in (None, berth.key) or not _suits(berth, visit):
            continue
        start = params["earliest"]
        for claim in snapshot.claims(str(berth.ref), params["earliest"], params["latest"]):
            if plus(start, minutes=params["minutes"]) > claim.start:
                start = max(start, claim.end)
        end = plus(start, minutes=params["minutes"])
        if end <= params["latest"]:
            found.append({"start": start, "end": end, "berth": berth.key})
    return sorted(found, key=lambda gap: (gap["start"], gap["berth"]))


def _suits(berth: Record, visit: Record | None) -> bool:
    if visit is None:
        return True
    needs = (("length_m", "length_m"), ("draught_dm", "depth_dm"), ("power_kw", "power_kw"))
    return all(visit[need] <= berth[has] for need, has in needs)


def free_pilots(params: Params, snapshot: Snapshot) -> list[str]:
    """Pilots who may bring the ship in and have no passage then, by key."""
    return list(_free(params, snapshot))


def _free(params: Params, snapshot: Snapshot) -> Iterator[str]:
    visit, end = snapshot.get("visit", params["visit"]), plus(params["start"], minutes=PASSAGE_MIN)
    for pilot in snapshot.find("pilot"):
        may = visit is not None and visit["length_m"] <= pilot["max_length_m"]
        if may and not snapshot.claims(str(pilot.ref), params["start"], end):
            yield pilot.key


QUERIES = (
    Query(
        name="free_gaps",
        purpose="The first gap of so many minutes at each berth (or one) that suits a ship (or any).",
        params={
            "minutes": Integer(1),
            "earliest": Instant(),
            "latest": Instant(),
            "berth": Maybe(KeyOf("berth")),
            "visit": Maybe(KeyOf("visit")),
        },
        reads=("berth", "visit"),
        answer=free_gaps,
    ),
    Query(
        name="free_pilots",
        purpose="Pilots who may bring a ship in and are free at an instant.",
        params={"visit": KeyOf("visit"), "start": Instant()},
        reads=("visit", "pilot"),
        answer=free_pilots,
    ),
)
