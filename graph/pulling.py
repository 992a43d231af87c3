"""The pull service: who stops agents where, and who lets them go on, recorded in one transaction (R10).

Anyone the floor knows may pull, at any hour: stopping is always safe. To release takes a role held at
this hour, since what was stopped then goes on without a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.texts import check_text
from protocol.effects import Effects
from protocol.errors import AndonError, NotAuthorisedError, NotFoundError, UsageError
from protocol.ids import derive
from protocol.ports import ReadTx, Tx
from protocol.position import Item
from protocol.pulled import PULLED
from protocol.pulls import Scope, covers, unknown
from protocol.rows import EventRow, PullRow
from protocol.times import parse
from protocol.toolbox import ActionContext
from protocol.world import SUPERVISOR, World


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of pulling or releasing. ``changed`` False: it was pulled before, and stands."""

    row: PullRow
    changed: bool = True


@dataclass(frozen=True, slots=True)
class WantedPull:
    """A pull, or a release, as a person wants it."""

    scope: str
    reason: str
    person: str


def check_words(scope: str, reason: str) -> tuple[str, str]:
    """Both without surrounding blanks. Raises UsageError when one is malformed, or the reason missing."""
    if not reason.strip():
        raise UsageError(
            "A reason is missing: whoever meets the pull must know why it stands or went.",
            hint="Add --reason TEXT.",
            code="reason_missing",
        )
    return check_text(scope), check_text(reason)


def set_pull(tx: Tx, world: World, wanted: WantedPull) -> Pulled | AndonError:
    """Stop agents on a scope, or return (not raise) why not, so that the attempt stays in the audit log."""
    entry = world.config.person(wanted.person)
    if entry is None:
        return _refused(tx, wanted, "pull_refused", _not_known(world, wanted.person, "pull", tx.now))
    if refusal := unknown(Scope.parse(wanted.scope), world, tx):
        return NotFoundError(
            f"There is no scope {wanted.scope}: {refusal.message}.",
            hint=f"Possible: {refusal.alternative}.",
            code=refusal.code,
        )
    if (standing := _standing(tx, wanted.scope)) is not None:
        return Pulled(standing, changed=False)
    role = (sorted(world.config.roles_of(entry.id, tx.now)) or entry.roles)[0]
    tx.put_pull(PullRow(wanted.scope, entry.id, role, wanted.reason, tx.now))
    row = tx.pulls()[-1]
    _tell(tx, row, {"scope": row.scope, "by": row.by, "role": role, "reason": row.reason})
    return Pulled(row)


def end_pull(tx: Tx, world: World, wanted: WantedPull) -> Pulled | AndonError:
    """Let agents go on there; questions that the pull opened stay open. Returns the error, like pulling."""
    roles = sorted(world.config.roles_of(wanted.person, tx.now))
    if not roles:
        return _refused(tx, wanted, "release_refused", _may_not_release(world, wanted.person, tx.now))
    standing = _standing(tx, wanted.scope)
    if standing is None:
        return not_pulled(wanted.scope, [row.scope for row in tx.pulls(open_only=True)])
    tx.release_pull(wanted.scope, wanted.person, tx.now, wanted.reason)
    row = next(row for row in tx.pulls() if row.seq == standing.seq)
    said = {"scope": row.scope, "by": wanted.person, "role": roles[0], "reason": wanted.reason}
    _tell(tx, row, said | {"stood_s": stood_s(row, tx.now)})
    return Pulled(row)


def not_pulled(scope: str, standing: Sequence[str]) -> NotFoundError:
    """The error of releasing what is not pulled. ``standing``: the scopes that are."""
    return NotFoundError(
        f"{scope} is not pulled.", hint=f"Pulled now: {', '.join(standing) or 'nothing'}.", code="not_pulled"
    )


def _tell(tx: Tx, row: PullRow, data: Mapping[str, Any]) -> None:
    event = EventRow(
        id=derive("evt", "pull", row.seq, "set" if row.stands else "released"),
        type="pull.set" if row.stands else "pull.released",
        source=SUPERVISOR,
        source_id=f"pull/{row.seq}",
        occurred=tx.now,
        recorded=tx.now,
        subject=row.scope,
        data=data,
    )
    tx.put_event(event)
    tx.audit({"what": event.type, "pull": row.seq, **data, "at": tx.now})


def _standing(tx: ReadTx, scope: str) -> PullRow | None:
    return next((row for row in tx.pulls(open_only=True) if row.scope == scope), None)


def _refused(tx: Tx, wanted: WantedPull, what: str, error: NotAuthorisedError) -> NotAuthorisedError:
    tx.audit({"what": what, "scope": wanted.scope, "person": wanted.person, "code": error.error_code})
    return error


def _not_known(world: World, person: str, verb: str, now: str) -> NotAuthorisedError:
    here = [p.id for p in world.config.people if world.config.roles_of(p.id, now)]
    return NotAuthorisedError(
        f"{person} holds no role on this floor and may not {verb}.",
        hint=f"Say who you are with --as PERSON, such as {', '.join(here[:3] or ['one of floor.yaml'])}.",
    )


def _may_not_release(world: World, person: str, now: str) -> NotAuthorisedError:
    if world.config.person(person) is None:
        return _not_known(world, person, "release", now)
    return NotAuthorisedError(
        f"{person} holds no role at this hour and may not release.",
        hint="Somebody who is on shift has to look and let agents go on.",
    )


def stood_s(row: PullRow, now: str) -> int:
    """For how many seconds of the ledger clock a pull has stood, or had when it was released."""
    return int((parse(row.released_at or now) - parse(row.at)).total_seconds())


def pull_shape(tx: ReadTx, world: World, row: PullRow) -> dict[str, Any]:
    """A pull as other programs read it. ``open_cases``: those that wait for a person over it."""
    return {
        "scope": row.scope,
        "by": row.by,
        "role": row.role,
        "at": row.at,
        "reason": row.reason,
        "state": "standing" if row.stands else "released",
        "stood_s": stood_s(row, tx.now),
        "open_cases": open_cases(tx, world, Scope.parse(row.scope)),
    }


def open_cases(tx: ReadTx, world: World, scope: Scope) -> list[str]:
    """Cases in which a person is asked about something that lies in the scope and was pulled, by age."""
    asked = (row for row in tx.escalations(open_only=True) if row.policy == PULLED)
    items = ((row.case, Item.from_json(row.options[0]["item"])) for row in asked)
    return list(dict.fromkeys(case for case, item in items if _lies_in(tx, world, scope, item)))


def _lies_in(tx: ReadTx, world: World, scope: Scope, item: Item) -> bool:
    """As the gate sees it; an action of a floor that has changed since may lie nowhere any more."""
    kind = world.kinds.get(item.kind)
    if kind is None or item.agent not in world.manifests:
        return False
    effects = kind.decide(item.params, tx, ActionContext(item.key, item.agent))
    return covers(scope, world, item, effects if isinstance(effects, Effects) else Effects(), tx)
