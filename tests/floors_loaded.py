"""Floors that tests only read, loaded once."""

from functools import cache

from agents.floor_loader import Floor, load_floor
from tests.agents.floor_copies import HARBOUR


@cache
def harbour() -> Floor:
    """The harbour."""
    return load_floor(HARBOUR)
