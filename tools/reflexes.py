"""Reflexes: an event turned into an action by a plain function, through the gate, without a model."""

from typing import Any

from protocol.effects import Emit
from protocol.records import Ref, Snapshot
from protocol.toolbox import Params, Reflex

from .holding import active_holds
from .values import HELD_TYPES


def contain(emit: Emit, snapshot: Snapshot) -> Params | None:
    """What failed its inspection is held at once; a thing without a record, or held already, is left."""
    data: dict[str, Any] = dict(emit.data)
    kind, slash, key = str(data.get("subject", emit.subject)).partition("/")
    if not slash or kind not in HELD_TYPES or snapshot.get(kind, key) is None:
        return None
    if any(h["kind"] == "quality" for h in active_holds(snapshot, [Ref(kind, key)])):
        return None
    about = f" of {data['characteristic']}" if data.get("characteristic") else ""
    counts = f"{data.get('rejected', 0)} rejected, {data.get('mrb', 0)} to MRB"
    reason = f"Failed inspection{about}: {counts}"
    return {
        "subject": f"{kind}/{key}",
        "quantity": None,
        "kind": "quality",
        "reason": reason,
        "release_role": None,
    }


REFLEXES = (Reflex("place_hold", contain),)
