"""The nodes of a case: intake, one per agent, gate, escalate, reply. All async, all thin.

Each node reads where the case stands from the ledger, does one thing, and returns known keys only.
"""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from typing import Any, Protocol

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from agents.model_router import Choice, ask_router, choice_of
from agents.router import Router
from agents.speaking import Listener
from agents.turn_runtime import Job, TurnRuntime
from graph.gate import PassResult, check_fence, make_pass, position_of, ready, standing, stop_case
from graph.noting import note
from graph.opening import ROUTER, route_text
from graph.recording import on_strand
from graph.state import SCHEMA_VERSION, CaseState, Context, quiet
from protocol.canonical import legible
from protocol.errors import UsageError
from protocol.failpoints import Point, failpoint
from protocol.ids import derive
from protocol.ports import Ledger, ReadTx, Tx
from protocol.position import Position, Route, Trigger
from protocol.rows import CaseRow
from protocol.stopping import Stop
from protocol.turns import to_json
from protocol.world import World


class Node(Protocol):
    """A node as langgraph calls it."""

    def __call__(self, state: CaseState, *, runtime: Runtime[Context]) -> Coroutine[Any, Any, CaseState]: ...


NODES = INTAKE, GATE, ESCALATE, REPLY = "intake", "gate", "escalate", "reply"
"""The nodes that are there whatever the floor; checkpoints name them."""


def under_lease(runtime: Runtime[Context]) -> Context:
    """What the run carries; UsageError when nobody took the lease of its case."""
    if runtime.context is None:
        raise UsageError(
            "A case is run under its lease, and this run has none.",
            hint="Use `andon resume CASE`.",
            code="no_lease",
        )
    return runtime.context


def agent_node(agent: str) -> str:
    """The node of an agent. Node names are a public interface: stored cases name them."""
    return f"agent.{agent}"


def targets(result: PassResult) -> list[str]:
    """The named outcomes of a pass, total over Route."""
    match result.route:
        case Route.AGENTS:
            return [agent_node(a) for a in result.active]
        case Route.ESCALATE:
            return [ESCALATE]
        case Route.REPLY:
            return [REPLY]


def _state(case: str, result: PassResult) -> CaseState:
    return {
        "schema_version": SCHEMA_VERSION,
        "case": case,
        "round": result.round,
        "next": targets(result),
        "waiting": list(result.waiting),
    }


def make_intake(world: World, ledger: Ledger, router: Router, shared: Callable[[], float]) -> Node:
    """Turns a text into its first round; a case that has one goes on where the ledger says."""

    async def intake(state: CaseState, *, runtime: Runtime[Context]) -> CaseState:
        context = under_lease(runtime)
        case_id, token = state["case"], context.token
        context.go_on()
        case, roles, stored, recent, result = await ledger.read(lambda tx: _opening(tx, world, case_id))
        if case.origin == "text" and not case.position and not case.status.ended:
            try:
                choice = choice_of(stored) if stored else await ask_router(router, case, recent)
            except Exception as error:  # noqa: BLE001 - a failing router is for a person, as a failing agent is
                why = Stop("router_error", legible(f"The router failed: {type(error).__name__}: {error}"))
                stopped = await ledger.write(lambda tx: stop_case(tx, world, case_id, token, why, shared()))
                return _state(case_id, stopped)
            failpoint(Point.REPLIED)
            result = await ledger.write(lambda tx: _route(tx, world, case_id, token, choice, roles))
        return _state(case_id, result)

    return intake


def _route(
    tx: Tx, world: World, case_id: str, token: int, choice: Choice, roles: Sequence[str]
) -> PassResult:
    """The router's choice and the first round it leads to, together; a choice made before stands."""
    check_fence(tx, case_id, token)
    is_new = tx.turn(case_id, 0, ROUTER) is None
    stands = tx.put_turn(case_id, 0, ROUTER, {"agent": ROUTER, **choice.to_json()})["chosen"]
    if is_new and choice.model:
        _note_choice(tx, case_id, choice)
    route_text(tx, world, case_id, stands, roles)
    return standing(tx, case_id)


def _note_choice(tx: Tx, case_id: str, choice: Choice) -> None:
    """What a model was asked for, and whether relevance chose in its place (R13)."""
    kind = "router.fell_back" if choice.why else "router.chose"
    usage = choice.usage
    data = {
        "chosen": choice.chosen,
        "model": choice.model,
        "why": choice.why[:500],
        "repaired": choice.repaired,
        "model_calls": usage.model_calls,
        "tokens": usage.input_tokens + usage.output_tokens,
        "cost_usd": usage.cost_usd,
    }
    note(kind, tx, derive("evt", case_id, ROUTER), choice.chosen or case_id, data, case_id)


def _opening(
    tx: ReadTx, world: World, case_id: str
) -> tuple[CaseRow, list[str], dict[str, Any] | None, str, PassResult]:
    """The case, its person's roles now, the router's stored choice, the session's last partner, and where
    the case stands.
    """
    case = _row(tx, case_id)
    roles = sorted(world.config.roles_of(case.person, tx.now)) if case.person else []
    stored = tx.turn(case_id, 0, ROUTER)
    recent = ""
    if case.session:
        earlier = [c.id for c in tx.session_cases(case.session, 2) if c.id != case_id]
        choice = tx.turn(earlier[-1], 0, ROUTER) if earlier else None
        recent = str(choice["chosen"] or "") if choice else ""
    return case, roles, dict(stored) if stored else None, recent, standing(tx, case_id)


def _row(tx: ReadTx, case_id: str) -> CaseRow:
    row = tx.case(case_id)
    if row is None:
        raise LookupError(f"there is no case {case_id}")
    return row


def make_agent(agent: str, ledger: Ledger, turns: TurnRuntime) -> Node:
    """One turn of one agent. A turn whose row is written is never asked for again."""

    async def on_its_strand(state: CaseState, *, runtime: Runtime[Context]) -> CaseState:
        with on_strand(agent_node(agent)):
            return await take_turn(state, runtime=runtime)

    async def take_turn(state: CaseState, *, runtime: Runtime[Context]) -> CaseState:
        case_id = state["case"]
        # Before anything is awaited: the agents of a round start in one step, so all of them or none go on.
        runtime.context.go_on()
        case, position, done = await ledger.read(lambda tx: _due(tx, case_id, agent))
        triggers: tuple[Trigger, ...] = position.active.get(agent, ())
        if done or not triggers:
            return {}
        runtime.context.progress({"type": "agent.started", "agent": agent, "case": case_id})
        job = Job(case, agent, position.round, triggers, _listener(runtime.context, agent, case_id))
        turn = await turns.take(job)
        row = to_json(turn)
        failpoint(Point.REPLIED)
        await ledger.write(_keep_turn(case_id, position.round, agent, row, runtime.context.token))
        failpoint(Point.TURN_KEPT)
        runtime.context.progress(
            {
                "type": "agent.finished",
                "agent": agent,
                "case": case_id,
                "failure": turn.failure,
                "moves": len(turn.moves),
            }
        )
        return {}

    return on_its_strand


def _listener(context: Context, agent: str, case_id: str) -> Listener | None:
    """Who is told what the agent writes: whoever is told how the case goes. Nobody, where nobody is."""
    if context.progress is quiet:
        return None
    return lambda more: context.progress(
        {"type": "agent.writing", "agent": agent, "case": case_id, **asdict(more)}
    )


def _keep_turn(
    case_id: str, round_no: int, agent: str, row: dict[str, Any], token: int
) -> Callable[[Tx], None]:
    """The turn's row, written before the gate sees it, by whoever still holds the case."""

    def job(tx: Tx) -> None:
        check_fence(tx, case_id, token)
        tx.put_turn(case_id, round_no, agent, row)

    return job


def _due(tx: ReadTx, case_id: str, agent: str) -> tuple[CaseRow, Position, bool]:
    case = _row(tx, case_id)
    position = Position.from_json(case.position)
    return case, position, tx.turn(case_id, position.round, agent) is not None


def make_gate(world: World, ledger: Ledger, shared: Callable[[], float]) -> Node:
    """One transaction: verdicts, commits, events, escalations, audit, next route.

    ``shared``: wall seconds, the clock that processes share. It is read inside the transaction, so that
    later passes have later readings.
    """

    async def gate(state: CaseState, *, runtime: Runtime[Context]) -> CaseState:
        case_id, token = state["case"], runtime.context.token

        def one_pass(tx: Tx) -> PassResult:
            return make_pass(tx, world, case_id, token, shared())

        failpoint(Point.GATE_REACHED)
        result = await ledger.write(one_pass)
        runtime.context.progress({"type": "round.decided", "case": case_id})
        for agent, kind, verdict, resource in result.verdicts:
            runtime.context.progress(
                {"type": "verdict", "agent": agent, "action": kind, "verdict": verdict, "resource": resource}
            )
        for text in result.said:
            runtime.context.progress({"type": "reply.said", "case": case_id, "text": text})
        return _state(case_id, result)

    return gate


def make_escalate(ledger: Ledger) -> Node:
    """Waits for people: one interrupt per pass. The decision row counts; the resume value does not."""

    async def escalate(state: CaseState, *, runtime: Runtime[Context]) -> CaseState:
        case_id = state["case"]
        while True:
            can_go_on, waiting = await ledger.read(lambda tx: _waiting(tx, case_id))
            if can_go_on:
                return {"waiting": waiting}
            interrupt(waiting)

    return escalate


def _waiting(tx: ReadTx, case_id: str) -> tuple[bool, list[str]]:
    """Whether the gate has something to do, and what is open.

    A checkpoint may be older than the ledger, after a kill: agents may be at work again by now.
    """
    position = position_of(tx, _row(tx, case_id))
    can_go_on = bool(position.active) or not position.waiting or ready(tx, position)
    return can_go_on, sorted(position.waiting)


def make_reply(ledger: Ledger) -> Node:
    """The end: the reply stands in the ledger since the gate's last pass; here it is told."""

    async def reply(state: CaseState, *, runtime: Runtime[Context]) -> CaseState:
        case = await ledger.read(lambda tx: _row(tx, state["case"]))
        runtime.context.progress(
            {"type": "reply", "case": case.id, "text": case.reply, "status": str(case.status)}
        )
        return {"next": []}

    return reply


def choose(state: CaseState) -> list[str]:
    """The one conditional edge: it reads the route the gate stored, and cannot fail."""
    return state["next"]
