"""Instants as a person at the site reads them: local, with the zone."""

from zoneinfo import ZoneInfo

from protocol.times import parse


def local(instant: str, zone: str) -> str:
    """``Mon 2026-03-02 10:00 CET``; with seconds only where there are any."""
    at = parse(instant).astimezone(ZoneInfo(zone))
    clock = "%H:%M:%S" if at.second else "%H:%M"
    return at.strftime(f"%a %Y-%m-%d {clock} %Z")
