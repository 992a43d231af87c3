"""The types of events that the engine itself publishes; protocol/engine_events.py lists them."""

from protocol.engine_events import ENGINE_EVENTS

__all__ = ["ENGINE_EVENTS"]
