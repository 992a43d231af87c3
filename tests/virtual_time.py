"""The event loop of tests in which waiting takes no time."""

from telemetry.virtual_time import VirtualLoop, in_virtual_time

__all__ = ["VirtualLoop", "in_virtual_time"]
