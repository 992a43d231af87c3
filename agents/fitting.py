"""Fitting what a model is shown to a budget (R16): what goes first, and what is told of what went.

The session's oldest lines go first, then the records named last, then the longest texts lose their ends.
Triggers stay: without them there is nothing to do. An answer to a query is cut to what is left.
"""

from collections.abc import Iterator, MutableMapping, MutableSequence
from typing import Any

from agents.provenance import CUT, UNTRUSTED, mark, quoted
from agents.view import CHARS_PER_TOKEN

LEAST_TEXT = 200
"""Characters that a text keeps, however little room there is."""
_SHOWN = 80


def fit(view: dict[str, Any], room_tokens: int) -> tuple[str, ...]:
    """Cut a marked view to its room; what was left out, in the order in which it went."""
    most, dropped = room_tokens * CHARS_PER_TOKEN, list[str]()
    talks = [t["recent"] for t in view["triggers"] if t.get("recent")]
    while len(quoted(view)) > most:
        talk = next((t for t in talks if t), None)
        if talk is not None:
            dropped.append(f"line: {_text_of(talk.pop(0)['text'])[:_SHOWN]}")
        elif view["resources"]:
            ref, _ = view["resources"].popitem()
            del view["versions"][ref]
            dropped.append(ref)
        elif (cut := _cut_longest(view["triggers"], len(quoted(view)) - most)) is not None:
            dropped.append(cut)
        else:
            break
    return tuple(dropped)


def _text_of(value: Any) -> str:
    return str(value[UNTRUSTED] if isinstance(value, dict) else value)


_Place = tuple[MutableMapping[str, Any] | MutableSequence[Any], Any]


def _cut_longest(triggers: list[Any], excess: int) -> str | None:
    """Take the end off the longest text that can lose one; None when no text is left that can."""
    places = [(len(box[at]), box, at) for box, at in _texts(triggers) if len(box[at]) > LEAST_TEXT + _SHOWN]
    if not places:
        return None
    length, box, at = max(places, key=lambda place: place[0])
    # What is written as an escape takes up to six characters: such a text is cut again in the next step.
    kept = max(LEAST_TEXT, length - excess - _SHOWN)
    left_out = f"{length - kept} characters"
    box[at] = f"{box[at][:kept]} [{left_out} are left out here]"
    return f"text: {left_out} of {box[at][:_SHOWN]}"


def _texts(value: Any) -> Iterator[_Place]:
    """Every text, by the place where it stands."""
    if isinstance(value, dict):
        pairs: Any = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    else:
        return
    for at, item in pairs:
        if isinstance(item, str):
            yield value, at
        else:
            yield from _texts(item)


def fit_answer(name: str, answer: Any, room_tokens: int) -> tuple[str, str | None]:
    """The answer to a query as it is shown, and what was left out of it, or None."""
    who = f"query {name}, with records"
    whole, most = quoted(mark(answer, who)), max(0, room_tokens) * CHARS_PER_TOKEN
    if len(whole) <= most:
        return whole, None
    for shorter, told in _shorter(answer):
        shown = quoted({**mark(shorter, who), CUT: f"{told} are left out: there is no room for more"})
        if len(shown) <= most:
            return shown, f"query {name}: {told}"
    told = f"all {len(whole)} characters"
    return quoted({**mark(None, who), CUT: f"{told} are left out: ask for less"}), f"query {name}: {told}"


def _shorter(answer: Any) -> Iterator[tuple[Any, str]]:
    """Ever shorter forms of an answer: fewer items of its list, or of the longest list in it."""
    if isinstance(answer, list | tuple):
        for kept in _fewer(len(answer)):
            yield list(answer[:kept]), f"{len(answer) - kept} of {len(answer)} items"
    elif isinstance(answer, dict):
        lists = {n: v for n, v in answer.items() if isinstance(v, list | tuple) and v}
        if lists:
            name, longest = max(lists.items(), key=lambda pair: len(quoted(pair[1])))
            for kept in _fewer(len(longest)):
                cut = {**answer, name: list(longest[:kept])}
                yield cut, f"{len(longest) - kept} of {len(longest)} items of {name}"
    elif isinstance(answer, str):
        for kept in _fewer(len(answer)):
            yield answer[:kept], f"{len(answer) - kept} of {len(answer)} characters"


def _fewer(number: int) -> Iterator[int]:
    """Fewer and fewer, down to none."""
    while number > 0:
        number = number * 9 // 10
        yield number
