"""Plays a role of the plant without an engine: its policy on a real view of a fake plant."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from agents.floor_modules import load_code, read_sources
from agents.floor_tree import read_tree
from agents.parsing import check_answers, parse_moves, to_calls
from agents.provenance import unmarked
from agents.view import build_view
from protocol.fields import check_shape
from protocol.records import Claimed, Record
from protocol.rows import CaseRow
from protocol.turns import Answer, Move, Policy, Proposal, QueryCall, Reply, View

from .plant_world import ROOT, plant
from .snapshot_fake import NOW, FakePlant

MAX_QUERIES = 60


def person(
    text: str, *recent: tuple[str, str], who: str = "m.ito", roles: Sequence[str] = ("shift_supervisor",)
) -> dict[str, Any]:
    """A person's line. ``recent``: earlier (line, reply) pairs of the session, oldest first."""
    return {"type": "person", "text": text, "person": who, "roles": list(roles), "recent": list(recent)}


def event(kind: str, subject: str, /, **data: Any) -> dict[str, Any]:
    """An event that the role hears."""
    return {"type": "event", "id": "evt_1", "event": kind, "subject": subject, "data": data, "occurred": NOW}


def request(name: str, /, *, of: str = "scheduling", carries: Any = None, **params: Any) -> dict[str, Any]:
    """A request of another agent. ``carries``: a mapping with kind, params and holes."""
    asked = {"exchange": "x1", "from": of, "request": name, "params": params, "carries": carries}
    return {"type": "request", **asked, "insist": False, "position": None}


def decide(kind: str, /, *, of: str = "scheduling", **params: Any) -> dict[str, Any]:
    """The built-in request to the owner of what another agent wants to change."""
    return request("decide", of=of, carries={"kind": kind, "params": params, "holes": []})


def reread(kind: str, /, **params: Any) -> dict[str, Any]:
    """A proposal of the role met ground that had changed."""
    told = {"action": "case_1/1/x/0", "kind": kind, "params": params, "reason": "changed", "changed": []}
    return {"type": "reread", **told}


def overruled(kind: str, /, **params: Any) -> dict[str, Any]:
    """A proposal of the role lost against another one of the same round."""
    told = {"action": "case_1/1/x/0", "kind": kind, "params": params, "reason": "taken"}
    return {"type": "overruled", **told, "winner": "case_1/1/y/0"}


@cache
def policy_of(role: str) -> Policy:
    """The policy of a role as the floor's loader gives it; the other roles are not needed."""
    tree = replace(read_tree(ROOT), roles=(role,))
    code = load_code(read_sources(tree), tree)
    assert not code.problems, [problem.message for problem in code.problems]
    return code.policies[role]


def view_of(store: FakePlant, agent: str, *triggers: Mapping[str, Any]) -> View:
    """What the role would see in its first turn."""
    shown = [dict(t) for t in triggers]
    recent = [pair for t in shown for pair in t.pop("recent", ())]
    case = CaseRow("case_1", 1, "text", "test", "1", store.now, session="s1")
    view, *_ = build_view(_Tx(store, recent), plant(), case, agent, shown)  # type: ignore[arg-type]
    return View(**unmarked(view))


def play(policy: Policy, store: FakePlant, agent: str, *triggers: Mapping[str, Any]) -> list[Move]:
    """The moves of one turn, each one that the parser of turns and the manifest let through."""
    view = view_of(store, agent, *triggers)
    moves = list(_played(policy, store, view))
    manifest = plant().manifests[agent]
    assert parse_moves(plant(), agent, [{"name": n, "args": a} for n, a in to_calls(moves)]) == tuple(moves)
    asked = {t["exchange"]: t["request"] for t in view.of_type("request")}
    check_answers(plant(), agent, moves, asked)
    for move in moves:
        match move:
            case Proposal(kind, params):
                assert kind in manifest.capability_scope.can
                assert check_shape(plant().kinds[kind].params, params) == []
            case Reply(text, code) | Answer(text=text, code=code):
                assert code is None or code in manifest.output_schema.errors, code
                assert "None" not in text, text
            case _:
                pass
    return moves


def told(moves: Sequence[Move]) -> str:
    """The words of a turn that consists of one reply."""
    (reply,) = moves
    assert isinstance(reply, Reply), reply
    return reply.text


def _played(policy: Policy, store: FakePlant, view: View) -> Sequence[Move]:
    readable = {q.name for q in plant().queries_of(view.agent)}
    playing = policy.play(view)
    try:
        call: QueryCall = next(playing)
        for _ in range(MAX_QUERIES):
            assert call.name in readable, f"{view.agent} may not read what {call.name} reads"
            call = playing.send(store.ask(call.name, **call.params))
    except StopIteration as done:
        return done.value or []
    raise AssertionError(f"more than {MAX_QUERIES} queries in one turn")


class _Tx:
    """What a view is built from: the records, and the earlier cases of the session."""

    def __init__(self, store: FakePlant, recent: Sequence[tuple[str, str]]) -> None:
        self.now = store.now
        self._store = store
        self._recent = recent

    def get(self, type: str, key: str) -> Record | None:  # noqa: A002
        return self._store.get(type, key)

    def find(self, type: str, **equals: str | int | bool | None) -> Sequence[Record]:  # noqa: A002
        return self._store.find(type, **equals)

    def claims(self, resource: str, start: str, end: str) -> Sequence[Claimed]:
        return self._store.claims(resource, start, end)

    def event(self, event: str) -> None:
        """No event has a row here: what is heard is given."""

    def session_cases(self, session: str, limit: int) -> list[CaseRow]:
        rows = (
            CaseRow(
                f"case_0{n}",
                n,
                "text",
                "test",
                str(n),
                self.now,
                person="m.ito",
                text=text,
                reply=reply,
            )
            for n, (text, reply) in enumerate(self._recent)
        )
        return list(rows)[-limit:]
