import re

from protocol.times import is_instant, parse
from telemetry.clock import process_clock, system_now
from telemetry.ids import session_id


def test_system_hour_is_written_as_andon_writes_instants() -> None:
    first, second = system_now(), system_now()
    assert is_instant(first)
    assert parse(first) <= parse(second)


def test_process_clock_never_goes_back() -> None:
    readings = [process_clock() for _ in range(100)]
    assert readings == sorted(readings)


def test_sessions_have_names_of_their_own() -> None:
    names = {session_id() for _ in range(200)}
    assert len(names) == 200
    assert all(re.fullmatch(r"ses_[a-z2-7]{16}", name) for name in names)
