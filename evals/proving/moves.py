"""What can happen in a state, and what it leads to: turns, decisions, deadlines, changes from outside."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any, TypeAlias

from evals.proving.abstract_floor import KEY, PLACES, SIGNED_PLACE, SLOT
from evals.proving.adversary import Choice, Spoken, choices, turn_of
from evals.proving.budgets import AGAIN, Budget, usable
from evals.proving.matters import Question
from evals.proving.model_ledger import ModelLedger, as_tx
from evals.proving.scenes import Scene
from evals.proving.state import State, has_positions, open_rows, reads_of
from graph.deciding import Wanted, record_decision
from graph.gate import make_pass, ready
from graph.sweeping import sweep
from protocol.deciding import ANSWER, APPROVE, REJECT
from protocol.errors import AndonError
from protocol.position import Position
from protocol.records import Claimed, Record, Ref
from protocol.rows import CaseRow, EscalationRow
from protocol.world import World


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides. ``number``: the place of the escalation among the open ones."""

    number: int
    person: str
    decision: str
    option: int | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate passes: with the turns of a round, with what people decided, or with both.

    ``between``: what happened after the turns were taken and the decisions given, before the gate
    saw them: a change from outside (``touch``, ``block``), a person's ``override``, or ``late``: what
    was signed expired.
    """

    case: str
    turns: tuple[Choice, ...] = ()
    decisions: tuple[Decision, ...] = ()
    between: str | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes to the next deadline of an escalation."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something outside: ``touch`` or ``block`` the contested record, or a person's ``override`` of it."""

    how: str


Move: TypeAlias = Gate | Wait | Change
EDITS = ("touch", "block")
OVERRIDE = "override"
LATE = "late"


class Model:
    """One question's moves in one scene."""

    def __init__(self, world: World, question: Question, scene: Scene) -> None:
        self.world = world
        self.question = question
        self.scene = scene
        act = question.acts.get(question.matter.asker) or next(iter(question.acts.values()), None)
        self.contested = None if act is None else Ref(world.kinds[act].writes[0], KEY)
        owner = world.manifests[question.matter.owner]
        known = [*owner.output_schema.errors, *world.config.approvals]
        self.known_code = known[0] if known else None

    def moves(self, state: State) -> Iterator[Move]:
        """Everything that can happen next."""
        ledger = state.ledger
        rows = open_rows(ledger)
        alive = False
        for case in ledger.cases.values():
            if case.status.ended:
                continue
            alive = True
            mine = [(n, r) for n, r in enumerate(rows) if r.case == case.id]
            if case.position["active"]:
                yield from self._rounds(state, case, mine)
            elif ready(as_tx(ledger), Position.from_json(case.position)):
                yield Gate(case.id)
            else:
                yield from self._settled(state, case, mine)
        if rows:
            yield Wait()
        if alive and self._can_act(state):
            yield from (Change(how) for how in self._changes(state))

    def _can_act(self, state: State) -> bool:
        """Whether a change can matter: an agent is at work, or a decision can lead to an action."""
        going = (c for c in state.ledger.cases.values() if not c.status.ended)
        return any(c.position["active"] for c in going) or any(map(has_positions, open_rows(state.ledger)))

    def _changes(self, state: State) -> tuple[str, ...]:
        return (*EDITS, OVERRIDE) if state.changes > 0 and self.contested is not None else ()

    def _rounds(
        self, state: State, case: CaseRow, rows: Sequence[tuple[int, EscalationRow]]
    ) -> Iterator[Gate]:
        exchanges = case.position["exchanges"]
        lists = []
        for agent, triggers in case.position["active"].items():
            known = dict.fromkeys(str(t["exchange"]) for t in triggers if t.get("exchange"))
            spoken = [_spoken(i, exchanges[i], agent) for i in known if _speaker(exchanges[i]) == agent]
            left = state.starts[self.question.agents.index(agent)]
            if not (
                self.scene.late or case.position["round"] == 1 or any(t["type"] in AGAIN for t in triggers)
            ):
                left = 0
            lists.append(list(choices(self.question, agent, spoken, left, self.scene)))
        decided = [d for n, r in rows if has_positions(r) for d in self._decisions(state.ledger, n, r)]
        for turns in product(*lists):
            yield Gate(case.id, turns)
            if decided and _meets(turns):
                yield from (Gate(case.id, turns, (d,)) for d in decided)
            if _acts(turns):
                yield from (Gate(case.id, turns, (), how) for how in self._changes(state))

    def _settled(
        self, state: State, case: CaseRow, rows: Sequence[tuple[int, EscalationRow]]
    ) -> Iterator[Gate]:
        """Nobody is at work: people decide. What leaves nothing to choose is answered last."""
        real = [(n, r) for n, r in rows if has_positions(r)]
        first = sorted(rows, key=lambda row: _order(row[1]))[:1]
        lists = [list(self._decisions(state.ledger, n, r)) for n, r in real or first]
        for decisions in lists:
            for decision in decisions:
                yield Gate(case.id, (), (decision,))
                if real:
                    yield from (Gate(case.id, (), (decision,), how) for how in (*self._changes(state), LATE))
        for one, two in permutations(lists, 2) if self.scene.pairs else ():
            yield from (Gate(case.id, (), pair) for pair in product(one, two))

    def _decisions(self, ledger: ModelLedger, number: int, row: EscalationRow) -> Iterator[Decision]:
        config = self.world.config
        signed = {d.person for d in ledger.decisions(row.id)}
        roles = {str(r["role"]) for r in row.ladder[: row.rung + 1]}
        held = (p.id for p in config.people if config.roles_of(p.id, ledger.now) & roles)
        for person in [p for p in held if p not in signed][:1]:
            if row.type == "approval":
                yield Decision(number, person, APPROVE)
                yield Decision(number, person, REJECT)
            else:
                yield from (Decision(number, person, ANSWER, n) for n in range(len(row.options)))

    def apply(self, state: State, move: Move) -> tuple[State, ModelLedger]:
        """The state after a move, and the rows as the gate found them."""
        after, entry = self.rows_after(state.ledger, move)
        starts, changes = self.left(state.starts, state.changes, move)
        return State(after, starts, changes), entry

    def rows_after(self, before: ModelLedger, move: Move) -> tuple[ModelLedger, ModelLedger]:
        """The rows after a move, and as the gate found them. ``told`` of the first says what the step wrote.

        They depend on the rows before and on the move alone: scenes differ in which moves there are.
        """
        ledger = before.copy()
        match move:
            case Gate():
                self._prepare(ledger, move)
                entry = ledger.copy() if move.decisions or move.between else before
                self._pass(ledger, move.case)
            case Wait():
                entry = self._wait(ledger)
            case Change(how):
                self._change(ledger, how)
                entry = ledger
        return ledger, entry

    def usable(self, ledger: ModelLedger, left: Budget) -> Budget:
        """What of a budget these rows let be used."""
        return usable(ledger, self.question.agents, left, self.scene)

    def left(self, starts: tuple[int, ...], changes: int, move: Move) -> Budget:
        """The starts and the changes that are left after a move."""
        match move:
            case Change():
                return starts, changes - 1
            case Gate(_, turns, _, between):
                begun = [choice.agent for choice in turns if choice.starts is not None]
                if begun:
                    agents = self.question.agents
                    starts = tuple(n - (a in begun) for a, n in zip(agents, starts, strict=True))
                return starts, changes - (between is not None and between != LATE)
            case Wait():
                return starts, changes

    def _wait(self, ledger: ModelLedger) -> ModelLedger:
        ledger.now = max(ledger.now, min(r.due_at for r in open_rows(ledger)))
        freed = sweep(as_tx(ledger))
        entry = ledger.copy()
        for case in freed:
            if not ledger.cases[case].position["active"]:
                self._pass(ledger, case)
        return entry

    def _prepare(self, ledger: ModelLedger, move: Gate) -> None:
        """Everything that happens before the gate: turns are taken, decisions given, something changes."""
        reads = tuple(sorted(reads_of(ledger).items()))
        round_no = ledger.cases[move.case].position["round"]
        for choice in move.turns:
            code = self.known_code if choice.agent == self.question.matter.owner else None
            ledger.turn_rows[move.case, round_no, choice.agent] = turn_of(self.question, choice, reads, code)
        rows = open_rows(ledger)
        for decision in move.decisions:
            self._decide(ledger, rows[decision.number], decision)
        if move.between == LATE:
            ledger.now = max(rows[d.number].expires_at for d in move.decisions)
            sweep(as_tx(ledger))
        elif move.between is not None:
            self._change(ledger, move.between)

    def _pass(self, ledger: ModelLedger, case: str) -> None:
        make_pass(as_tx(ledger), self.world, case, ledger.token)
        ledger.turn_rows = {}
        if not self.scene.follows:
            for aside in [c for c in ledger.cases if c != case]:
                del ledger.cases[aside]

    def _decide(self, ledger: ModelLedger, row: EscalationRow, decision: Decision) -> None:
        wanted = Wanted(row.id, decision.decision, decision.person, "proof", decision.option)
        match record_decision(as_tx(ledger), self.world, wanted):
            case AndonError() as error:
                raise RuntimeError(f"{decision.person} may decide {row.id} and was refused: {error}")
            case _:
                pass

    def _change(self, ledger: ModelLedger, how: str) -> None:
        if how == OVERRIDE:
            self._override(ledger, self._contested())
        else:
            self._edit(ledger, self._contested(), how)

    def _contested(self) -> Ref:
        assert self.contested is not None, "there is nothing to change where nobody can act"
        return self.contested

    def _edit(self, ledger: ModelLedger, ref: Ref, how: str) -> None:
        record = ledger.records[ref]
        blocked = record["blocked"] or how == "block"
        ledger.records[ref] = Record(record.ref, record.version + 1, {**record.body, "blocked": blocked})

    def _override(self, ledger: ModelLedger, ref: Ref) -> None:
        record = ledger.records[ref]
        start, end = PLACES[SIGNED_PLACE]
        body: dict[str, Any] = {**record.body, "human": True}
        if not any(c.holder != record.ref for c in ledger.claims(SLOT, start, end)):
            ledger.release(record.ref, None)
            ledger.claim(Claimed(SLOT, start, end, record.ref))
            body["at"] = SIGNED_PLACE
        ledger.records[ref] = Record(record.ref, record.version + 1, body)


def _order(row: EscalationRow) -> tuple[str, ...]:
    """By what states are told apart by: in which order the rows came is not in their key."""
    return (row.due_at, row.agent, row.policy, row.type)


def _speaker(exchange: dict[str, Any]) -> str | None:
    match exchange["state"]:
        case "asked" | "insisted":
            return str(exchange["owner"])
        case "offered":
            return str(exchange["asker"])
        case _:
            return None


def _spoken(identifier: str, exchange: Mapping[str, Any], agent: str) -> Spoken:
    carries = exchange["carries"]
    stated = carries is None or "at" in {**carries["params"], **(exchange["position"] or {})}
    return Spoken(identifier, exchange["owner"] == agent, stated)


def _acts(turns: Sequence[Choice]) -> bool:
    """Whether an action comes before the gate: otherwise it makes no difference what changed before it."""
    return any(c.starts is not None or any(said == "agree" for _, said, _ in c.answers) for c in turns)


def _meets(turns: Sequence[Choice]) -> bool:
    """Whether what people decide in the same pass can meet an action of these turns, or no word at all."""
    return _acts(turns) or not any(c.answers or c.failure for c in turns)
