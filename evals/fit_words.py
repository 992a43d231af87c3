"""How a misfit of a suite is told: a sentence, and the path of the node below its case."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from evals.field_values import in_field
from protocol.fields import Shape


@dataclass(frozen=True, slots=True)
class Misfit:
    """What a suite says that its floor does not have, and where it says so."""

    said: str
    path: tuple[str | int, ...] = ()


def below(found: Iterable[Misfit], *path: str | int) -> Iterator[Misfit]:
    """Misfits of a node as misfits of what it stands in."""
    for misfit in found:
        yield Misfit(misfit.said, (*path, *misfit.path))


def known(what: str, name: str, names: Collection[str], *path: str | int) -> Iterator[Misfit]:
    """A misfit when ``name`` is none of ``names``."""
    if name not in names:
        near = get_close_matches(name, sorted(names), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        yield Misfit(f"this floor has no {what} {name}{meant}", path)


def shape_problems(
    shape: Shape, values: Mapping[str, Any], *path: str | int, whole: bool = False
) -> Iterator[Misfit]:
    """Values that no field could have. ``whole``: all fields are needed, too."""
    for name, value in values.items():
        if name not in shape:
            yield from known("field", name, shape, *path, name)
        elif found := shape[name].problem(in_field(shape[name], value)):
            yield Misfit(f"{name} {found}", (*path, name))
    for name, field in shape.items():
        if whole and name not in values and field.problem(None) is not None:
            yield Misfit(f"{name} is missing", path)
