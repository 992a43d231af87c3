"""A difference between a recorded run and the same run now, in plain words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from checkpoints.taping import Statement

_LONGEST = 300
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """``what``: verdict, turn, answer, escalation, record, event, reply, case, route or step. ``where``: in
    words. ``recorded`` and ``now``: the two values, in words. ``round`` or ``pass_no`` where there is one.
    """

    what: str
    where: str
    recorded: str
    now: str
    pass_no: int | None = None
    round: int | None = None
    agent: str | None = None

    @property
    def text(self) -> str:
        """One sentence."""
        return f"{self.where} was {self.recorded}, is now {self.now}"

    def to_json(self) -> dict[str, Any]:
        """The shape in an answer."""
        shape = asdict(self)
        return {"text": self.text, "pass": shape.pop("pass_no"), **shape}


def step_difference(where: str, was: str, now: str) -> Difference:
    """The run does something else than it did, before it comes to a row."""
    return Difference("step", f"what {where} did next", was, now)


def route_difference(was: str | None, now: str | None) -> Difference:
    """The router chose another agent."""
    return Difference("route", "the router's choice", was or "nobody", now or "nobody")


def answer_difference(
    agent: str, round_no: int | None, was: Mapping[str, Any], now: Mapping[str, Any]
) -> Difference | None:
    """A model says something else; None when it calls the same with the same arguments."""
    said, says = _said(was), _said(now)
    if said == says:
        return None
    where = f"round {round_no}: the answer of {agent}" if round_no else f"the answer of {agent}"
    return Difference("answer", where, _words(said), _words(says), round=round_no, agent=agent)


def _said(answer: Mapping[str, Any]) -> list[Any]:
    calls = [[call["name"], call["args"]] for call in answer["calls"]]
    wrong = [[str(call.get("name")), "unreadable arguments"] for call in answer["invalid"]]
    return [*calls, *wrong] or ([answer["content"]] if answer["content"] else [])


def _words(said: Sequence[Any]) -> str:
    parts = [s if isinstance(s, str) else f"{s[0]}({_args(s[1])})" for s in said]
    return cut("; ".join(parts)) if parts else "nothing to do"


def _args(args: Any) -> str:
    if not isinstance(args, dict):
        return str(args)
    return ", ".join(
        f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(args.items())
    )


def cut(text: str) -> str:
    """``text``, no longer than a line can bear."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def job_difference(
    strand: str, pass_no: int, was: Sequence[Statement], now: Sequence[Statement], at: int
) -> Difference | None:
    """What a job did otherwise, by what matters most to people; None when only a prompt's size differs."""
    for look in (verdict_difference, _turns, _escalations, _writes, _cases, _events):
        found = look(pass_no, was, now)
        if found is not None:
            return found
    if _sizes_apart(was, now):
        return None
    return _statement(strand, was, now, at)


def _rows(statements: Sequence[Statement], *names: str) -> list[list[Any]]:
    return [list(values) for name, values, _ in statements if name in names]


def first_apart(was: Mapping[Any, str], now: Mapping[Any, str]) -> tuple[Any, str, str] | None:
    """The first key with another value, in the recorded order; what is only there now comes last."""
    for key in [*was, *(k for k in now if k not in was)]:
        one, other = was.get(key, NOTHING), now.get(key, NOTHING)
        if one != other:
            return key, one, other
    return None


def verdict_difference(pass_no: int, was: Sequence[Statement], now: Sequence[Statement]) -> Difference | None:
    """The first verdict of a pass that is another one."""

    def told(statements: Sequence[Statement]) -> dict[tuple[str, ...], str]:
        found: dict[tuple[str, ...], str] = {}
        for key, _, _, _, agent, kind, _, _, verdict, code, reason, *_ in _rows(statements, "put_verdict"):
            why = f"{verdict} ({code})" if code else verdict
            found[key, agent, kind] = f"{why}: {reason}" if reason else why
        return found

    found = first_apart(told(was), told(now))
    if found is None:
        return None
    (key, agent, kind), one, other = found
    named = (v[7] for v in _rows([*was, *now], "put_verdict") if v[0] == key and v[7])
    where = f"pass {pass_no}: the verdict on {agent}/{kind}"
    if resource := next(named, ""):
        where += f" of {resource}"
    short = [v.partition(":")[0] for v in (one, other)]
    one, other = (one, other) if short[0] == short[1] else short
    return Difference("verdict", where, cut(one), cut(other), pass_no=pass_no, agent=agent)


def _turns(pass_no: int, was: Sequence[Statement], now: Sequence[Statement]) -> Difference | None:
    def told(statements: Sequence[Statement]) -> dict[tuple[int, str], str]:
        return {(r[1], r[2]): turn_words(json.loads(r[3])) for r in _rows(statements, "put_turn")}

    found = first_apart(told(was), told(now)) or _fields_apart(was, now)
    if found is None:
        return None
    (round_no, agent, *field), one, other = found
    of = f"{field[0]} of " if field else ""
    where = f"round {round_no}: {of}the turn of {agent}"
    return Difference("turn", where, cut(one), cut(other), round=round_no, agent=agent)


_OF_PROMPTS = frozenset({"context", "dropped"})
"""Fields of a turn's row that tell how large its prompts were."""


def _fields_apart(was: Sequence[Statement], now: Sequence[Statement]) -> tuple[Any, str, str] | None:
    """The first field in which a turn's row differs, but for the size of its prompts."""

    def told(statements: Sequence[Statement]) -> dict[tuple[int, str, str], str]:
        return {
            (r[1], r[2], name): json.dumps(value, ensure_ascii=False, sort_keys=True)
            for r in _rows(statements, "put_turn")
            for name, value in sorted(json.loads(r[3]).items())
            if name not in _OF_PROMPTS
        }

    return first_apart(told(was), told(now))


def turn_words(body: Mapping[str, Any]) -> str:
    """What an agent said in a turn, from its row."""
    if "chosen" in body:
        return f"{body['chosen']}"
    if body.get("failure"):
        return f"failed ({body['failure']}): {body.get('detail', '')}"
    moves = [
        f"{m.get('move')} {m.get('kind') or m.get('request') or ''}".strip()
        + f"({_args({k: v for k, v in m.items() if k not in ('move', 'kind', 'request')})})"
        for m in body.get("moves", ())
    ]
    return "; ".join(moves) or "nothing to do"


def _escalations(pass_no: int, was: Sequence[Statement], now: Sequence[Statement]) -> Difference | None:
    def told(statements: Sequence[Statement]) -> dict[str, str]:
        found = {}
        for r in _rows(statements, "put_escalation"):
            body = json.loads(r[9])
            found[str(r[0])] = f"{r[2]} for {body.get('role')}, due {r[8]}: {body.get('summary', '')}"
        for state, due, _, identifier, _ in _rows(statements, "save_escalation"):
            found[str(identifier)] = f"{state}, due {due}"
        for r in _rows(statements, "put_decision"):
            found[f"{r[0]} by {r[1]}"] = str(r[5])
        return found

    found = first_apart(told(was), told(now))
    if found is None:
        return None
    key, one, other = found
    return Difference("escalation", f"pass {pass_no}: {key}", cut(one), cut(other), pass_no=pass_no)


def _writes(pass_no: int, was: Sequence[Statement], now: Sequence[Statement]) -> Difference | None:
    def told(statements: Sequence[Statement]) -> dict[str, str]:
        return {f"{r[0]}/{r[1]}@{r[2]}": f"{r[3]} {r[4]}" for r in _rows(statements, "put_write")}

    found = first_apart(told(was), told(now))
    if found is None:
        return None
    key, one, other = found
    return Difference("record", f"pass {pass_no}: {key}", cut(one), cut(other), pass_no=pass_no)


_REPLY, _STATUS, _CODE, _POSITION = 14, 9, 15, 11
"""Where these stand among the values of ``save_case``."""


def _cases(pass_no: int, was: Sequence[Statement], now: Sequence[Statement]) -> Difference | None:
    for what, where, place in (
        ("case", "the status", _STATUS),
        ("case", "the code", _CODE),
        ("reply", "the reply", _REPLY),
        ("case", "where the case stands", _POSITION),
    ):
        one, other = ([str(r[place]) for r in _rows(s, "save_case")] for s in (was, now))
        if one != other:
            then, today = (cut(v[-1]) if v else NOTHING for v in (one, other))
            return Difference(what, f"pass {pass_no}: {where}", then, today, pass_no=pass_no)
    return None


def _events(pass_no: int, was: Sequence[Statement], now: Sequence[Statement]) -> Difference | None:
    def told(statements: Sequence[Statement]) -> dict[str, str]:
        return {str(r[0]): f"{r[1]} {r[6]} {r[7]}" for r in _rows(statements, "put_event")}

    found = first_apart(told(was), told(now))
    if found is None:
        return None
    key, one, other = found
    return Difference("event", f"pass {pass_no}: the event {key}", cut(one), cut(other), pass_no=pass_no)


def _sizes_apart(was: Sequence[Statement], now: Sequence[Statement]) -> bool:
    """Whether nothing differs but how large prompts were, as it does after a change of a prompt."""
    return [_sizeless(s) for s in was] == [_sizeless(s) for s in now]


def _sizeless(statement: Statement) -> Any:
    name, values, _ = statement
    if name != "put_turn":
        return [name, list(values)]
    body = json.loads(values[3])
    return [name, *values[:3], {k: v for k, v in body.items() if k not in _OF_PROMPTS}]


def _statement(strand: str, was: Sequence[Statement], now: Sequence[Statement], at: int) -> Difference:
    one, other = (f"{s[at][0]} {json.dumps(s[at][1])}" if at < len(s) else NOTHING for s in (was, now))
    return Difference("step", f"what {strand} asked of the ledger", *_around(one, other))


def _around(one: str, other: str) -> tuple[str, str]:
    """Both, from a little before where they part."""
    same = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, same - _LONGEST // 4)
    dots = "…" if start else ""
    return cut(dots + one[start:]), cut(dots + other[start:])
