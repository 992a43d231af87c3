"""The gate's shell: one transaction reads the rows, lets the rules decide, and writes what they decided."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.opening import opening_case
from protocol.bound import pass_bound
from protocol.canonical import legible
from protocol.copies import changed
from protocol.errors import DependencyDownError
from protocol.failpoints import Point, failpoint
from protocol.passing import Pass
from protocol.ports import ReadTx, Tx
from protocol.position import Position, Route
from protocol.replying import compose, words_of
from protocol.round import Outcome, refusal_code, run
from protocol.rows import CaseRow, CaseStatus, DecisionRow, EscalationRow, EscalationState, PassRow
from protocol.stopping import Stop, stop
from protocol.turns import Turn, from_json
from protocol.world import World

_log = logging.getLogger("andon.gate")


class LeaseLostError(Exception):
    """Another process has taken the case over; nothing may be committed here."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """What the graph needs to go on: the route as data, never recomputed."""

    route: Route
    active: tuple[str, ...]
    waiting: tuple[str, ...]
    round: int
    verdicts: tuple[tuple[str, str, str, str], ...] = ()
    """(agent, action kind, verdict, resource) of this pass, for progress lines."""
    said: tuple[str, ...] = ()
    """What agents told the person in this pass, by agent: it stands now, whatever else is still open."""


def make_pass(tx: Tx, world: World, case_id: str, token: int, clock_s: float = 0.0) -> PassResult:
    """One gate pass. Safe to repeat: without anything new to decide it returns where the case stands.

    ``clock_s``: the pass's one reading of the clock that processes share, in wall seconds.
    Raises LeaseLostError when ``token`` is no longer the newest fencing token of the case. Whatever
    else is raised, by a floor's function or a rule, undoes the pass and stops the case.
    """
    tx.pass_begins(case_id)
    check_fence(tx, case_id, token)
    case = _case(tx, case_id)
    position = position_of(tx, case)
    if case.status.ended:
        return PassResult(Route.REPLY, (), (), position.round)
    turns = _turns(tx, case, position)
    decisions = tx.unspent(case_id)
    nothing_new = turns is None and not ready(tx, position)
    if (position.active and turns is None) or nothing_new:
        return _standing(position)
    if turns is not None and _beyond_bound(tx, world, case):
        text = f"The case made {case.passes} passes, more than its limits allow: no agent is asked again."
        return stop_case(tx, world, case_id, token, Stop("step_bound", text), clock_s)
    p = _pass(tx, world, case, position, clock_s)
    try:
        with tx.mark():
            outcome = run(p, turns, decisions)
            _write(tx, p, outcome)
    except DependencyDownError:
        raise
    except Exception as error:  # noqa: BLE001 - whose code it was does not matter to the case: a person is told
        _log.exception("the gate could not decide in case %s", case_id)
        text = legible(f"The gate could not decide: {type(error).__name__}: {error}")
        return stop_case(tx, world, case_id, token, Stop("gate_error", text), clock_s)
    return _result(p, outcome)


def check_fence(tx: Tx, case_id: str, token: int) -> None:
    """Raise LeaseLostError when another process has taken the case over since ``token`` was given."""
    if not tx.holds(case_id, token):
        raise LeaseLostError(case_id)


def stop_case(tx: Tx, world: World, case_id: str, token: int, why: Stop, clock_s: float = 0.0) -> PassResult:
    """A pass that ends the work of agents and puts the case before a person."""
    check_fence(tx, case_id, token)
    p = begin_pass(tx, world, case_id, clock_s)
    return end_pass(tx, p, stop(p, tx.unspent(case_id), why))


def begin_pass(tx: Tx, world: World, case_id: str, clock_s: float) -> Pass:
    """A pass on where a case stands, to be filled in."""
    case = _case(tx, case_id)
    return _pass(tx, world, case, position_of(tx, case), clock_s)


def end_pass(tx: Tx, p: Pass, outcome: Outcome) -> PassResult:
    """Write what a pass was filled with."""
    _write(tx, p, outcome)
    return _result(p, outcome)


def _beyond_bound(tx: ReadTx, world: World, case: CaseRow) -> bool:
    """Whether a case goes on longer than the rules let it: they are wrong then, and a person is told."""
    limits = world.config.limits
    if case.passes < limits.rounds:
        return False
    return case.passes >= pass_bound(limits, len(tx.escalations(case.id)))


def _pass(tx: Tx, world: World, case: CaseRow, position: Position, clock_s: float) -> Pass:
    return Pass(
        world, tx, case, position, case.passes + 1, tx.meta("lineage") or "", clock_s, tx.clock_step_s
    )


def _result(p: Pass, outcome: Outcome) -> PassResult:
    waiting = () if outcome.route is Route.REPLY else tuple(outcome.position.waiting)
    verdicts = tuple((v.agent, v.kind, str(v.verdict), v.resource) for v in p.verdicts)
    new = ((agent, s) for agent, s in sorted(p.said.items()) if s != p.position.said.get(agent))
    said = tuple(words_of(agent, str(s["text"])) for agent, s in new if s.get("text"))
    return PassResult(
        outcome.route, tuple(outcome.position.active), waiting, outcome.position.round, verdicts, said
    )


def standing(tx: ReadTx, case_id: str) -> PassResult:
    """Where a case stands, read from the ledger: how a graph without a checkpoint goes on."""
    case = _case(tx, case_id)
    position = position_of(tx, case)
    return PassResult(Route.REPLY, (), (), position.round) if case.status.ended else _standing(position)


def _standing(position: Position) -> PassResult:
    route = Route.AGENTS if position.active else Route.ESCALATE if position.waiting else Route.REPLY
    return PassResult(route, tuple(position.active), tuple(position.waiting), position.round)


def ready(tx: ReadTx, position: Position) -> bool:
    """Whether somebody decided, or a deadline ended, an escalation that the case waits for."""
    for identifier in position.waiting:
        row = tx.escalation(identifier)
        if row is not None and row.state is not EscalationState.PENDING:
            return True
    return False


def position_of(tx: ReadTx, case: CaseRow) -> Position:
    """The stored position. Questions about a file are a case that no agent ever had."""
    position = Position.from_json(case.position)
    if case.origin == "feed" and not case.position:
        return changed(position, waiting={e.id: None for e in tx.escalations(case.id)})
    return position


def _case(tx: ReadTx, case_id: str) -> CaseRow:
    case = tx.case(case_id)
    if case is None:
        raise LookupError(f"there is no case {case_id}")
    return case


def _turns(tx: ReadTx, case: CaseRow, position: Position) -> Mapping[str, Turn] | None:
    """The turns of the round when every active agent's row is there, else None."""
    if not position.active:
        return None
    stored = {agent: tx.turn(case.id, position.round, agent) for agent in position.active}
    if any(row is None for row in stored.values()):
        return None
    return {agent: from_json(row) for agent, row in stored.items() if row is not None}


def _write(tx: Tx, p: Pass, outcome: Outcome) -> None:
    ended = outcome.status.ended
    if ended:
        p.note("case.ended", p.case.id, {"status": str(outcome.status), "code": refusal_code(p)})
    _write_people(tx, p.spent, p.changed, p.opened)
    failpoint(Point.ASKED)
    for verdict in p.verdicts:
        tx.put_verdict(verdict)
    for commit in p.commits:
        tx.put_commit(commit)
    for event in p.events:
        tx.put_event(event)
    _write_calls(tx, p)
    for opening in outcome.openings:
        opening_case(tx, p.world, p.case, p.number, opening)
    reads = tx.reads()
    route = str(outcome.route)
    tx.put_pass(PassRow(p.case.id, p.number, p.position.round, p.now, reads, route, p.clock_s))
    tx.save_case(_saved(tx, p, outcome))
    tx.audit(
        {
            "what": "pass",
            "case": p.case.id,
            "pass": p.number,
            "verdicts": [[v.key, v.kind, str(v.verdict), v.code, v.params_hash] for v in p.verdicts],
            "writes": [[str(ref), version] for ref, version in p.writes],
            "decisions": [[d.escalation, d.person, d.decision] for d in p.spent],
            "escalations": [e.id for e in p.opened],
            "route": route,
            "registry": p.world.registry_hash,
        }
    )


def _write_people(
    tx: Tx, spent: Sequence[DecisionRow], changed: Sequence[EscalationRow], opened: Sequence[EscalationRow]
) -> None:
    for decision in spent:
        if not tx.spend(decision):
            raise RuntimeError(f"a decision on {decision.escalation} was applied twice")
    for row in changed:
        if not tx.save_escalation(row, row.version):
            raise RuntimeError(f"{row.id} changed inside its own transaction")
    for row in opened:
        tx.put_escalation(row)


def _write_calls(tx: Tx, p: Pass) -> None:
    for read, now in p.breakers.values():
        if now != read and not tx.save_breaker(now, read.version):
            raise RuntimeError(f"the breaker {now.name} changed inside its own transaction")
    for answer, keep_since in p.answers:
        tx.put_good_answer(answer, keep_since)


def _saved(tx: Tx, p: Pass, outcome: Outcome) -> CaseRow:
    verdicts = tx.verdicts(p.case.id) if p.number > 1 else p.verdicts
    waits = outcome.position.waiting
    waiting = [e for e in tx.escalations(p.case.id, open_only=True) if e.id in waits] if waits else []
    clarify = any(s.get("clarify") for s in p.said.values())
    return changed(
        p.case,
        status=outcome.status,
        position=outcome.position.to_json(),
        passes=p.number,
        rounds=p.position.round,
        runnable=outcome.route is Route.AGENTS,
        reply=compose(p.world, p.said, verdicts, waiting),
        code=refusal_code(p) if outcome.status is not CaseStatus.FAILED else p.errors[0],
        clarify=clarify,
        ended_at=p.now if outcome.status.ended else None,
    )
