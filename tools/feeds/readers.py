"""The readers by the name a mapping gives (``reader:``)."""

from collections.abc import Mapping

from .machine_events import read_machine_events
from .outcomes import Reader
from .production_log import read_production_log

READERS: Mapping[str, Reader] = {
    "production_log": read_production_log,
    "machine_events": read_machine_events,
}
