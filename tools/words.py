"""What a text speaks of, as keys of records that exist, and the order among actions of equal rank."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from protocol.records import Ref, Snapshot
from protocol.toolbox import Params

from .stocking import rank

MAX_TOKENS = 400
MAX_MENTIONS = 30

_KEYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (r"M\d+|DEBURR|OVEN|PACK|QC\d+", "machine"),
        (r"R-.+", "run"),
        (r"(O|CASE)-.+", "order"),
        (r"L-?\d.*", "lot"),
        (r"MO-.+", "maintenance_order"),
        (r"D-.+", "downtime"),
        (r"H-.+", "hold"),
        (r"G-?\d+", "gauge"),
        (r"A-.+", "allocation"),
        (r"I-.+", "inspection"),
        (r"NC-.+", "nonconformance"),
        (r"PO-.+", "purchase"),
        (r"REP-.+", "report"),
    )
)
"""The form of a key -> its type. A key of any form may also name an item or an imported machine or lot."""

_SPOKEN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("machine", "machine", ("M{}",)),
    ("run", "run", ("R-{}",)),
    ("order", "order", ("O-{}",)),
    ("case", "order", ("CASE-{}",)),
    ("lot", "lot", ("L{}", "L-{}")),
    ("hold", "hold", ("H-{}",)),
    ("gauge", "gauge", ("G{}", "G-{}")),
    ("downtime", "downtime", ("D-{}",)),
    ("purchase", "purchase", ("PO-{}",)),
)
"""A word before a number -> the type and the keys it may mean: ``Machine 7``, ``lot 18``."""

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_PAIR = re.compile(r"\b([A-Za-z]+)\s+#?(\d{1,9})\b")


def mentions(text: str, snapshot: Snapshot) -> Sequence[Ref]:
    """Records that a text names, each once, in the order first named; what does not exist is not there."""
    found: dict[Ref, int] = {}
    for at, ref, _ in _named(text):
        if ref not in found and snapshot.get(ref.type, ref.key) is not None:
            found[ref] = at
    return sorted(found, key=lambda ref: (found[ref], ref))[:MAX_MENTIONS]


def spoken(text: str, kind: str, *, only_form: bool = False) -> Iterator[tuple[str, ...]]:
    """For each place where a text names something that may be of a type, the keys it may mean there.

    ``only_form``: leave out places whose form does not say the type, such as a bare word in capitals.
    """
    places: dict[int, list[str]] = {}
    formed = set()
    for at, ref, form in _named(text):
        if ref.type == kind:
            places.setdefault(at, []).append(ref.key)
            if form:
                formed.add(at)
    yield from (tuple(places[at]) for at in sorted(places) if at in formed or not only_form)


@lru_cache(maxsize=8)
def _named(text: str) -> Sequence[tuple[int, Ref, bool]]:
    """What :func:`_names` finds: routing a line asks for it again for every role and type."""
    return tuple(_names(text))


def _names(text: str) -> Iterator[tuple[int, Ref, bool]]:
    """(where, what it may be, whether its form says the type) for every possible name in a text."""
    for pair in _PAIR.finditer(text):
        for word, kind, forms in _SPOKEN:
            if pair[1].lower().removesuffix("s") == word:
                yield from ((pair.start(), Ref(kind, form.format(pair[2])), True) for form in forms)
    for number, token in enumerate(_TOKEN.finditer(text)):
        if number == MAX_TOKENS:
            return
        key = token[0].upper().rstrip("-_")
        if not _is_key(token[0], key):
            continue
        yield from ((token.start(), Ref(kind, key), True) for form, kind in _KEYS if form.fullmatch(key))
        yield from ((token.start(), Ref(kind, key), False) for kind in ("stock", "machine", "lot"))


def _is_key(written: str, key: str) -> bool:
    """A key holds a digit or is written in capitals: ``oven`` is a word, OVEN a machine."""
    return 1 < len(key) <= 64 and (any(c.isdigit() for c in key) or written == key)


def order_of(kind: str, params: Params, snapshot: Snapshot) -> tuple[int, str, str]:
    """P6: priority, then due, then key of the order that an action serves; what serves none comes last."""
    key = params.get("to_order") or params.get("order")
    if key is None:
        run = params.get("run") or next((m["run"] for m in params.get("moves") or ()), None)
        record = snapshot.get("run", run) if isinstance(run, str) else None
        key = record["order"] if record else None
    if key is None and isinstance(params.get("allocation"), str):
        allocation = snapshot.get("allocation", params["allocation"])
        key = allocation["order"] if allocation else None
    return rank(snapshot.get("order", key) if isinstance(key, str) else None)
