"""A function as it would be with a fault in it: swapped in place, so that every importer gets it."""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType
from typing import Any


@contextmanager
def mutated(function: Callable[..., Any], old: str, new: str) -> Iterator[None]:
    """``function`` with ``old`` replaced by ``new``, which must stand in its source exactly once."""
    assert isinstance(function, FunctionType)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {function.__qualname__}"
    code = _code(source.replace(old, new), function)
    kept = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = kept


def _code(source: str, function: FunctionType) -> CodeType:
    """The code of the changed source, as the function's module would have compiled it."""
    made = compile(source, function.__code__.co_filename, "exec", dont_inherit=True)
    (found,) = [c for c in made.co_consts if isinstance(c, CodeType) and c.co_name == function.__name__]
    assert found.co_freevars == function.__code__.co_freevars
    return found
