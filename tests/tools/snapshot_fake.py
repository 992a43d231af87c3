"""The plant's records in memory: filled by hand, changed only through the protocol's own commit."""

from collections.abc import Mapping, Sequence
from typing import Any

from protocol.authority import Signature
from protocol.canonical import problem as canonical_problem
from protocol.commit import Applied, Blocked, perform
from protocol.effects import Effects, Emit, Refusal
from protocol.fields import check_shape
from protocol.records import Claimed, Record, Ref, Snapshot
from protocol.times import plus
from protocol.toolbox import ActionContext, Attempt, Fact
from tests.protocol.memory_store import MemoryStore

from .plant_world import plant

NOW = "2026-03-02T09:00:00Z"
"""Monday, 10:00 site time."""


def tue(hour: int, minute: int = 0) -> str:
    """Tuesday 3 March at a site hour, which is UTC+1 then."""
    return plus("2026-03-02T23:00:00Z", minutes=hour * 60 + minute)


_DEFAULTS: dict[str, dict[str, Any]] = {
    "machine": {"line": "L4", "abilities": ["laser_marking"], "state": "Up"},
    "order": {"item": "LABEL", "quantity": 200, "priority": 3, "state": "Released", "good": 0, "scrapped": 0},
    "run": {"order": "O-310", "operation": "OP10", "machine": "M7", "setup_min": 30, "quantity": 200},
    "stock": {"unit": "pcs", "safety_stock": 0, "reorder_point": 0, "allocated": 0, "reserved": 0},
    "maintenance_order": {"machine": "M7", "type": "PM", "priority": 3, "state": "Approved", "count": 1},
    "hold": {"kind": "quality", "reason": "looks odd", "release_role": "quality_engineer", "state": "active"},
    "allocation": {"kind": "hard", "issued": 0},
    "inspection": {"accepted": 1, "rejected": 0, "mrb": 0, "verdict": "accepted", "at": NOW},
}
_STEPS = [{"operation": "OP10", "ability": "laser_marking", "setup_min": 30, "run_min": 210}]


class FakePlant(MemoryStore):
    """A store with the plant's defaults, and the short way from a proposal to its commit."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.published: list[Emit] = []
        self.count = 0

    def add(self, type_: str, key: str, /, **body: Any) -> "FakePlant":
        """An opening record at version 0."""
        ref = Ref(type_, key)
        self.records[ref] = Record(ref, 0, {**_DEFAULTS.get(type_, {}), **body})
        return self

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        assert set(equals) <= set(plant().types[type].indexed)
        return super().find(type, **equals)

    def order(self, key: str, **body: Any) -> "FakePlant":
        """An order with a routing of one laser operation."""
        return self.add("order", key, **{"operations": _STEPS, **body})

    def run(self, key: str, start: str, end: str, **body: Any) -> "FakePlant":
        """A run that holds its machine and the setter."""
        made = {"state": "Waiting", "good": 0, "rejected": 0, **body}
        self.add("run", key, start=start, end=end, **made)
        record = self.get("run", key)
        assert record is not None
        if record["at_risk"] is None:
            self.claim(Claimed(f"machine/{record['machine']}", start, end, record.ref))
            set_up = plus(start, minutes=record["setup_min"])
            self.claim(Claimed("setter/SITE", start, set_up, record.ref))
        return self

    def downtime(self, key: str, start: str, end: str, **body: Any) -> "FakePlant":
        """A downtime that shares its time with others."""
        made = {"machine": "M7", "kind": "preventive", "state": "planned", **body}
        self.add("downtime", key, start=start, end=end, **made)
        self.claim(Claimed(f"machine/{made['machine']}", start, end, Ref("downtime", key), shared=True))
        return self

    def would(
        self, kind: str, params: Mapping[str, Any], signed_by: tuple[str, ...] = ()
    ) -> Effects | Refusal:
        """What the action would do; params and events must fit their shapes."""
        action = plant().kinds[kind]
        assert check_shape(action.params, params) == []
        self.count += 1
        approval = "esc_aaaaaaaaaaaaaaaa" if signed_by else None
        context = ActionContext(f"case/1/x/{self.count}", plant().owner_of_kind(kind), signed_by, approval)
        effects = action.decide(params, self, context)
        for emit in effects.events:
            assert check_shape(plant().toolbox.events[emit.type], emit.data) == []
        return effects

    def rule(
        self, kind: str, params: Mapping[str, Any], signature: Signature | None = None
    ) -> Refusal | None:
        """The first refusal of the floor's rules, in the floor's order."""
        effects = self.would(kind, params)
        assert isinstance(effects, Effects), effects
        attempt = Attempt(kind, params, plant().owner_of_kind(kind), effects)
        rules = (r for r in plant().rules if not r.kinds or kind in r.kinds)
        return next((found for r in rules if (found := r.check(attempt, self))), None)

    def commit(
        self, kind: str, params: Mapping[str, Any], signed_by: tuple[str, ...] = ()
    ) -> Applied | Refusal | Blocked:
        """Decide and write, consequences, claims and invariants included; the rules are not asked."""
        effects = self.would(kind, params, signed_by)
        if isinstance(effects, Refusal):
            return effects
        return self._perform(effects, plant().owner_of_kind(kind), plant().kinds[kind].claims)

    def tell(self, type_: str, subject: str, data: Mapping[str, Any], occurred: str = NOW) -> None:
        """Record a fact the way the engine does."""
        kind = plant().facts[type_]
        assert check_shape(kind.data, data) == []
        fact = Fact(type_, "test", f"{type_}/{self.count}", occurred, subject, data)
        effects = kind.apply(fact, self) if kind.apply else Effects()
        own = Emit(type_, subject, data)
        full = Effects(effects.puts, effects.deltas, effects.releases, effects.claims, (own, *effects.events))
        done = self._perform(full, kind.owner)
        assert isinstance(done, Applied), done

    def _perform(
        self, effects: Effects, owner: str, may_claim: tuple[str, ...] | None = None
    ) -> Applied | Refusal | Blocked:
        """``may_claim`` None: a fact."""
        with self.mark() as undo:
            done = perform(
                self, plant(), effects, owner, "test", is_fact=may_claim is None, may_claim=may_claim or ()
            )
            if not isinstance(done, Applied):
                undo()
        if isinstance(done, Applied):
            self.published += [p.emit for p in done.events]
        return done

    def of(self, type_: str, key: str) -> Record:
        """A record that is there."""
        record = self.get(type_, key)
        assert record is not None
        return record

    def ask(self, query: str, **params: Any) -> Any:
        """The answer of a query: canonical JSON, read from nothing but what the query says it reads."""
        found = plant().queries[query]
        assert check_shape(found.params, params) == []
        watched = _Watched(self)
        answer = found.answer(params, watched)
        assert watched.types <= set(found.reads)
        assert canonical_problem(answer) is None
        return answer

    def told(self, type_: str) -> list[Mapping[str, Any]]:
        """The data of every event of a type that was published."""
        return [emit.data for emit in self.published if emit.type == type_]


class _Watched:
    """A snapshot that remembers which types were looked at, whether anything was found or not."""

    def __init__(self, inner: Snapshot) -> None:
        self._inner = inner
        self.now = inner.now
        self.types: set[str] = set()

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002
        self.types.add(type)
        return self._inner.get(type, key)

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        self.types.add(type)
        return self._inner.find(type, **equals)

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        return self._inner.claims(resource, start, end)


def machine_7(approval: str | None = None) -> FakePlant:
    """S1: R-701 on Tuesday 07-11 unapproved, R-702 11-15 approved, MO-71 of 240 minutes."""
    made = FakePlant().add("machine", "M7").order("O-310", due="2026-03-04T11:00:00Z")
    made.order("O-311", due="2026-03-05T11:00:00Z", priority=2)
    made.run("R-701", tue(7), tue(11), approval=approval)
    made.run("R-702", tue(11), tue(15), order="O-311", approval="APR-1", approved_by="l.brandt")
    limits = {"earliest": tue(6), "due": tue(42), "hard_limit": tue(66)}
    return made.add("maintenance_order", "MO-71", est_min=240, **limits)


def two_orders() -> FakePlant:
    """S2: 500 CX in one lot, safety 50; O-201 (priority 2) and O-202 (priority 1) want 400 each."""
    made = (
        FakePlant()
        .add("stock", "CX", on_hand=500, safety_stock=50)
        .add("lot", "L80", item="CX", quantity=500)
    )
    made.order("O-201", priority=2, due="2026-03-05T15:00:00Z")
    return made.order("O-202", priority=1, due="2026-03-06T15:00:00Z")
