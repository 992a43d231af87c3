"""A fork of a recorded case, in words: what was set, where it parts from the recording, how each ended."""

import json
from collections.abc import Mapping
from typing import Any

from cli.output import Output

MOST_LINES = 8
_MOST_CHARS, _MOST_OF_A_VALUE = 300, 60
_OF_THE_END = ("case", "reply")
"""What differs at the end is told with the ends."""


def tell(out: Output, shape: Mapping[str, Any]) -> None:
    """Print it. ``shape``: ``andon/replay/v1`` with ``fork`` in it."""
    fork = shape["fork"]
    if fork is None:
        out.text(f"{shape['case']} was not forked: it differs from its recording before that")
        out.text(f"  first: {shape['difference']['text']}")
    else:
        _tell_fork(out, shape, fork)
    for note in shape["notes"]:
        out.text(f"  note: {note}")
    if shape["floor_changed"]:
        out.text("  note: the floor is another version than the one that was recorded")


def _tell_fork(out: Output, shape: Mapping[str, Any], fork: Mapping[str, Any]) -> None:
    where = "at its start" if fork["after"] is None else f"after pass {fork['after']}"
    given = ", ".join(
        f"{one['resource']}.{one['field']} {_shown(one['value'])} (was {_shown(one['was'])})"
        for one in fork["set"]
    )
    words = f" with {given}" if given else f" with {shape['model']} in every turn"
    ended = "it went as recorded" if shape["identical"] else "it went another way"
    out.text(f"{shape['case']} forked {where}{words}: {ended}")
    first, others = shape["difference"], shape["differences"][1:]
    if first is not None:
        out.text(f"  first: {first['text']}")
    for other in [one for one in others if one["what"] not in _OF_THE_END][:MOST_LINES]:
        out.text(f"  then: {other['text']}")
    if shape["identical"]:
        _tell_end(out, "both", fork["recorded"])
    else:
        _tell_end(out, "recorded", fork["recorded"])
        _tell_end(out, "forked", fork["forked"])
    asked = ", ".join(
        one["agent"] if one["round"] is None else f"{one['agent']} in round {one['round']}"
        for one in fork["asked_anew"]
    )
    out.text(f"  answered anew by {shape['model']}: {asked or 'nobody'}")


def _tell_end(out: Output, whose: str, end: Mapping[str, Any]) -> None:
    code = f" ({end['code']})" if end["code"] else ""
    out.text(f"  {whose}: {end['status']}{code}")
    if end["reply"]:
        out.text(f"    reply: {_cut(end['reply'])}")
    for verdict in end["verdicts"]:
        why = f" ({verdict['code']})" if verdict["code"] else ""
        of = f" of {verdict['resource']}" if verdict["resource"] else ""
        out.text(f"    decided: {verdict['agent']}/{verdict['action']}{of} {verdict['verdict']}{why}")
    for effect in end["effects"]:
        changed = ", ".join(f"{name} {_shown(value)}" for name, value in sorted(effect["changed"].items()))
        out.text(f"    effect: {effect['resource']} {'made' if effect['made'] else 'changed'}: {changed}")
    for one in end["escalations"]:
        out.text(f"    asked: {one['role']}, {one['state']}: {_cut(one['summary'])}")
    for one in end["decisions"]:
        out.text(f"    person: {one['person']} {one['decision']}")


def _shown(value: Any) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _MOST_OF_A_VALUE)


def _cut(text: str, most: int = _MOST_CHARS) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]}…"
